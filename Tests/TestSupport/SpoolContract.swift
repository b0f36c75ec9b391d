import Core
import Gzip
import Testing

/// What every `Spool` promises; each case is checked on a run of its own.
package enum SpoolContract: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case beginsWithTheHeader, countsRowsAndBytes, continuedEqualsCalm, cutsBackToTheMark
  case sealsTwiceTheSame, sealedIsTakenBack, emptyPartHoldsTheHeader, lostBytesAreAnError
  case partsAreIndependent, closedIsOpenedAgain, manifestIsWritten, removedIsGone

  package static let header = Array("externalId;firstName\n".utf8)
  package static let run = RunName(job: "contacts", run: 12)

  /// The spool under test, and what lies on its disk.
  package struct Fixture: Sendable {
    /// A spool over the same disk, as a new process would open it.
    package var open: @Sendable () -> any Spool
    package var files: @Sendable () -> [String: [UInt8]]
    package var compression: CSVSettings.Compression

    package init(
      _ compression: CSVSettings.Compression, open: @escaping @Sendable () -> any Spool,
      files: @escaping @Sendable () -> [String: [UInt8]]
    ) {
      self.open = open
      self.files = files
      self.compression = compression
    }

    var part: String { "contacts-000012-0001" + (compression == .gzip ? ".csv.gz" : ".csv") }

    func content(of name: String) throws -> [UInt8] {
      let bytes = try #require(files()[name], "\(name) is missing")
      if compression == .none { return bytes }
      return try Inflater.gunzip(bytes, of: name, limit: 1 << 20)
    }
  }

  package var testDescription: String { rawValue }

  package func check(_ disk: Fixture) async throws {
    switch self {
    case .beginsWithTheHeader: try await beginsWithTheHeader(disk)
    case .countsRowsAndBytes: try await countsRowsAndBytes(disk)
    case .continuedEqualsCalm: try await continuedEqualsCalm(disk)
    case .cutsBackToTheMark: try await cutsBackToTheMark(disk)
    case .sealsTwiceTheSame: try await sealsTwiceTheSame(disk)
    case .sealedIsTakenBack: try await sealedIsTakenBack(disk)
    case .emptyPartHoldsTheHeader: try await emptyPartHoldsTheHeader(disk)
    case .lostBytesAreAnError: try await lostBytesAreAnError(disk)
    case .partsAreIndependent: try await partsAreIndependent(disk)
    case .closedIsOpenedAgain: try await closedIsOpenedAgain(disk)
    case .manifestIsWritten:
      let spool = disk.open()
      try spool.write(manifest: [1], as: "contacts-000012.manifest.json")
      try spool.write(manifest: [2, 3], as: "contacts-000012.manifest.json")
      #expect(disk.files() == ["contacts-000012.manifest.json": [2, 3]])
    case .removedIsGone: try await removedIsGone(disk)
    }
  }

  private var a: [UInt8] { Array("1;Zoë\n2;Ada\n".utf8) }
  private var b: [UInt8] { Array("3;\"x;y\"\n".utf8) }
  private var start: PartMark { PartMark(number: 1) }

  private func beginsWithTheHeader(_ disk: Fixture) async throws {
    let spool = disk.open()
    let mark = try await spool.append(a, rowCount: 2, to: start)
    #expect(Set(disk.files().keys) == ["contacts-000012-0001.part"])
    _ = try await spool.seal(mark)
    #expect(Set(disk.files().keys) == [disk.part])
    #expect(try disk.content(of: disk.part) == Self.header + a)
  }

  private func countsRowsAndBytes(_ disk: Fixture) async throws {
    let spool = disk.open()
    var mark = try await spool.append(a, rowCount: 2, to: start)
    mark = try await spool.append(b, rowCount: 1, to: mark)
    try spool.sync([1, 1, 99])
    #expect(mark.rows == 3)
    #expect(mark.length == UInt64(Self.header.count + a.count + b.count))
    #expect(mark.size == UInt64(disk.files()["contacts-000012-0001.part"]?.count ?? 0))
    let sealed = try await spool.seal(mark)
    #expect(sealed.name == disk.part && sealed.rows == 3)
    #expect(sealed.bytes == UInt64(disk.files()[disk.part]?.count ?? 0))
  }

  private func continuedEqualsCalm(_ disk: Fixture) async throws {
    let calm = disk.open()
    var mark = try await calm.append(a, rowCount: 2, to: start)
    mark = try await calm.append(b, rowCount: 1, to: mark)
    let sealed = try await calm.seal(mark)
    try calm.remove()

    mark = try await disk.open().append(a, rowCount: 2, to: start)
    _ = try await disk.open().append(b + b + b, rowCount: 3, to: mark)  // its commit never came
    mark = try await disk.open().append(b, rowCount: 1, to: mark)
    #expect(try await disk.open().seal(mark) == sealed)
  }

  private func cutsBackToTheMark(_ disk: Fixture) async throws {
    let spool = disk.open()
    let mark = try await spool.append(a, rowCount: 2, to: start)
    _ = try await spool.append(b, rowCount: 1, to: mark)
    let other = try await spool.append(a, rowCount: 2, to: mark)
    _ = try await spool.seal(other)
    #expect(try disk.content(of: disk.part) == Self.header + a + a)
  }

  private func sealsTwiceTheSame(_ disk: Fixture) async throws {
    let spool = disk.open()
    let mark = try await spool.append(a, rowCount: 2, to: start)
    let sealed = try await spool.seal(mark)
    #expect(try await spool.seal(mark) == sealed)
    #expect(try await disk.open().seal(mark) == sealed)
    #expect(Set(disk.files().keys) == [disk.part])
  }

  private func sealedIsTakenBack(_ disk: Fixture) async throws {
    let spool = disk.open()
    let early = try await spool.append(a, rowCount: 2, to: start)
    let late = try await spool.append(b, rowCount: 1, to: early)
    let sealed = try await spool.seal(late)
    // The commit of `late` and of the seal were lost.
    let again = try await disk.open().append(b, rowCount: 1, to: early)
    #expect(Set(disk.files().keys) == ["contacts-000012-0001.part"])
    #expect(again == late)
    #expect(try await disk.open().seal(again) == sealed)
    #expect(try await disk.open().seal(early).rows == 2)
    #expect(try disk.content(of: disk.part) == Self.header + a)
  }

  private func emptyPartHoldsTheHeader(_ disk: Fixture) async throws {
    let sealed = try await disk.open().seal(start)
    #expect(sealed.rows == 0)
    #expect(try await disk.open().seal(start) == sealed)
    #expect(try disk.content(of: disk.part) == Self.header)
  }

  private func lostBytesAreAnError(_ disk: Fixture) async throws {
    let spool = disk.open()
    var mark = try await spool.append(a, rowCount: 2, to: start)
    mark.size += 1
    await #expect(throws: SyncError.self) { try await spool.append(b, rowCount: 1, to: mark) }
    await #expect(throws: SyncError.self) { try await spool.seal(mark) }
    mark.number = 2
    await #expect(throws: SyncError.self) { try await spool.append(b, rowCount: 1, to: mark) }
  }

  private func partsAreIndependent(_ disk: Fixture) async throws {
    let spool = disk.open()
    let marks = try await withThrowingTaskGroup(of: PartMark.self) { group in
      for number in 1...4 {
        group.addTask {
          var mark = PartMark(number: number)
          for _ in 1...20 {
            mark = try await spool.append(a, rowCount: 2, to: mark)
            try spool.sync([number])
          }
          return mark
        }
      }
      return try await group.reduce(into: [PartMark]()) { $0.append($1) }
    }
    var digests: Set<String> = []
    for mark in marks { digests.insert(try await spool.seal(mark).sha256) }
    #expect(digests.count == 1 && disk.files().count == 4)
  }

  private func closedIsOpenedAgain(_ disk: Fixture) async throws {
    let calm = disk.open()
    var mark = try await calm.append(a, rowCount: 2, to: start)
    mark = try await calm.append(b, rowCount: 1, to: mark)
    let sealed = try await calm.seal(mark)
    try calm.remove()

    let spool = disk.open()
    mark = try await spool.append(a, rowCount: 2, to: start)
    _ = try await spool.append(b + b, rowCount: 2, to: mark)  // its commit never came
    try spool.sync([1])
    try await spool.close(1)
    try await spool.close(1)
    try await spool.close(99)
    try spool.sync([1])
    mark = try await spool.append(b, rowCount: 1, to: mark)
    try spool.sync([1])
    try await spool.close(1)
    #expect(try await spool.seal(mark) == sealed)
    try await spool.close(1)
    #expect(try await disk.open().seal(mark) == sealed)
  }

  private func removedIsGone(_ disk: Fixture) async throws {
    let spool = disk.open()
    _ = try await spool.seal(await spool.append(a, rowCount: 2, to: start))
    _ = try await spool.append(a, rowCount: 2, to: PartMark(number: 2))
    try spool.remove()
    try spool.remove()
    #expect(disk.files().isEmpty)
    _ = try await spool.append(a, rowCount: 2, to: start)
    #expect(disk.files().count == 1)
  }
}
