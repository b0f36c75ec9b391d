import Core
import TestSupport
import Testing

@testable import Ledger

@Suite struct EventWriterTests {
  private let folder = TemporaryFolder()

  private func ids(_ day: Int, _ count: Int) -> [RowKey] {
    (0..<count).map { RowKey(high: UInt64(day), low: UInt64($0)) }
  }

  private func time(_ day: Int) -> Instant { Instant(seconds: Int64(day) * 86_400 + 3_600) }

  /// Days 1 to 4 with two events each, then as many as the limit says.
  @Test(arguments: [(100, 8), (8, 8), (7, 6), (3, 2), (1, 2), (0, 2)])
  func theOldestDaysGoWhereThereAreTooManyAndTheNewestStays(most: Int, kept: Int) throws {
    let database = try Database(at: folder.path + "/a\(most).sqlite", canCreate: true)
    try Schema.migrate(database, from: 0, by: Schema.steps)
    let writer = try EventWriter(database, most: most)
    for day in 1...4 { try writer.put(ids(day, 2), at: time(day)) }
    try writer.forget(before: time(0), [])
    let left = try database.value("SELECT count(*) FROM arrived") { $0.integer(0) }
    #expect(left == Int64(kept))
    let newest = try database.value("SELECT max(day) FROM arrived") { $0.integer(0) }
    #expect(newest == 4)
  }

  @Test func whatIsTooOldGoes() throws {
    let database = try Database(at: folder.path + "/b.sqlite", canCreate: true)
    try Schema.migrate(database, from: 0, by: Schema.steps)
    let writer = try EventWriter(database)
    for day in 1...4 { try writer.put(ids(day, 2), at: time(day)) }
    try writer.put(ids(1, 1), at: time(4))
    try writer.forget(before: time(3), [])
    let left = try database.value("SELECT count(*) FROM arrived") { $0.integer(0) }
    #expect(left == 5, "seen again is new again")
    try writer.forget(before: time(9), [])
    #expect(try database.value("SELECT count(*) FROM arrived") { $0.integer(0) } == 0)
  }
}
