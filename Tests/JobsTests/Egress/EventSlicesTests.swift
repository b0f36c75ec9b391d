import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct EventSlicesTests {
  private let name = "exports/tracking_1.csv"

  private func slices(
    _ bytes: [UInt8], from offset: UInt64? = nil, _ change: (inout ExportReader.Sizes) -> Void
  ) async throws -> [EventSlice] {
    let box = MemoryDropbox()
    box.files[name] = bytes
    let clock = FakeClock()
    var export = ExportReader(
      Clicks.settings.files, dropbox: box, ledger: MemoryLedger(), digest: { _ in "" },
      patience: Patience(clock: clock))
    change(&export.sizes)
    let file = RemoteFile(name: name, size: UInt64(bytes.count), modified: 1)
    let header = try #require(try await export.header(of: file))
    let plan = try EventPlan(Clicks.settings, header: header, file: name)
    let slices = try ExportSlices<EventSlice>(file, export, from: offset ?? header.end) {
      $1.take($0, plan)
    }
    var all: [EventSlice] = []
    while let slice = try await slices.next() { all.append(slice) }
    return all
  }

  @Test(arguments: [(1, 40, 33), (3, 70, 1), (9, 700, 90), (4_000, 1 << 20, 1 << 16)])
  func anySizesGiveTheSameEvents(slice: Int, block: Int, piece: Int) async throws {
    let bytes = Clicks.file(0..<120)
    let slices = try await slices(bytes) { ($0.slice, $0.block, $0.piece) = (slice, block, piece) }
    let ids = slices.flatMap { $0.rows.map(\.id) }
    let expected = (0..<120).filter { Clicks.fate($0) != .none }.map { String(55_000 + $0) }
    #expect(ids == expected)
    #expect(slices.reduce(0) { $0 + $1.others } == 120 - expected.count)
    #expect(slices.last?.end == UInt64(bytes.count))
    #expect(zip(slices, slices.dropFirst()).allSatisfy { $0.end < $1.end })
  }

  @Test func everyEndOfASliceIsAPlaceToGoOnFrom() async throws {
    let bytes = Clicks.file(0..<60)
    let all = try await slices(bytes) { ($0.slice, $0.block, $0.piece) = (3, 70, 20) }
    for (index, slice) in all.enumerated() {
      let rest = try await slices(bytes, from: slice.end) {
        ($0.slice, $0.block, $0.piece) = (5, 900, 80)
      }
      #expect(
        rest.flatMap { $0.rows.map(\.id) } == all[(index + 1)...].flatMap { $0.rows.map(\.id) })
    }
  }

  @Test func rowsWithoutEventsEndASliceToo() async throws {
    let bytes = Clicks.file((0..<400).filter { Clicks.type($0) == 2 })
    let slices = try await slices(bytes) {
      ($0.slice, $0.block, $0.piece, $0.passed) = (1_000, 500, 50, 1_000)
    }
    #expect(slices.count > 3)
    #expect(slices.allSatisfy { $0.rows.isEmpty && $0.others > 0 })
  }
}
