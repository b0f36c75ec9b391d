import Core
import TestSupport
import Testing

@testable import Ledger

@Suite struct SentWriterTests {
  private let folder = TemporaryFolder()

  private func keys(_ range: Range<Int>) -> [RowKey] {
    range.map { RowKey(high: UInt64($0), low: 7) }
  }

  private func database() throws -> Database {
    let database = try Database(at: folder.path + "/sent.sqlite", canCreate: true)
    try Schema.migrate(database, from: 0, by: Schema.steps)
    return database
  }

  @Test func wholeStatementsAreRecordedAndTheNewOnesCounted() throws {
    let database = try database()
    let writer = try SentWriter(database)
    #expect(try writer.put(keys(0..<49), scan: 1) == (0, 0))
    #expect(try writer.put(keys(0..<120), scan: 1) == (100, 100))
    #expect(try writer.put(keys(80..<180), scan: 2) == (100, 80))
    let scans = try database.value("SELECT sum(scan = 1), sum(scan = 2) FROM known") {
      [$0.integer(0), $0.integer(1)]
    }
    #expect(scans == [80, 100])
  }

  @Test func aProvenRowIsProvenNoMore() throws {
    let database = try database()
    try database.run("INSERT INTO known SELECT x'00', 1, x'01', 0")
    let writer = try SentWriter(database)
    _ = try writer.put(keys(0..<50), scan: 1)
    try database.run("UPDATE known SET state = 1, digest = x'02' WHERE scan = 1")
    #expect(try writer.put(keys(0..<50), scan: 3) == (50, 0))
    let left = try database.value("SELECT count(*) FROM known WHERE state = 1") { $0.integer(0) }
    #expect(left == 1, "only the row that was not sent")
  }

  /// By single statements and by whole ones: the ledger is the same.
  @Test func theLedgerCountsEachRowOnce() async throws {
    let identity = JobIdentity(
      organization: "o", dynamicsHost: "h", campaign: "c", table: "t", resource: "r", key: "k")
    let ledger = try SQLiteLedger.create(in: folder.path, identity: identity)
    let now = Instant(seconds: 0)
    try ledger.record([.proven(keys(3..<4)[0], digest: RowDigest(high: 1, low: 2))], at: now)
    try ledger.record([.sentAll(keys(0..<130)), .sentAll(keys(100..<101))], at: now)
    try ledger.record([.sentAll(keys(0..<130) + keys(0..<60))], at: now)
    #expect(try await ledger.knownCount() == 130)
    #expect(try await ledger.known(keys(0..<200)).count == 130)
    #expect(try await ledger.known(keys(3..<4)) == [keys(3..<4)[0]: .sent])
  }
}
