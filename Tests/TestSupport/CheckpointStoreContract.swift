import Core
import Testing

/// What every `CheckpointStore` promises.
package enum CheckpointStoreContract: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case nilAtFirst, givesBackWhatWasWritten, theLastOneCounts

  /// A state with what states are made of.
  package struct State: Codable, Sendable, Equatable {
    package var part: PartMark
    package var last: RowKey?
    package var link: String?
  }

  package var testDescription: String { rawValue }

  package func check(_ store: any CheckpointStore<State>) throws {
    switch self {
    case .nilAtFirst: #expect(try store.load() == nil)
    case .givesBackWhatWasWritten:
      try store.replace(with: Self.sample)
      let read = try #require(try store.load())
      #expect(read.format == Checkpoint<State>.currentFormat)
      #expect(read.identity == Self.sample.identity)
      #expect(read.content == Self.sample.content)
      #expect(read.state == Self.sample.state)
    case .theLastOneCounts:
      var next = Self.sample
      try store.replace(with: next)
      next.state.part.number = 2
      next.state.last = nil
      try store.replace(with: next)
      #expect(try store.load()?.state == next.state)
    }
  }

  package static var sample: Checkpoint<State> {
    Checkpoint(
      identity: JobIdentity(
        organization: "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d", dynamicsHost: "contoso.example",
        campaign: "acme", table: "contact", resource: "profile", key: "externalId"),
      content: "c0ffee",
      state: State(
        part: PartMark(number: 1, size: 1 << 40, rows: 5, crc: .max, length: .max >> 1),
        last: RowKey(high: 1, low: .max), link: "https://contoso.example/x?$skiptoken=%3c\"ü/"))
  }
}
