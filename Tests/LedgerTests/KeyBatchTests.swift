import Core
import TestSupport
import Testing

@testable import Ledger

@Suite struct KeyBatchTests {
  private let folder = TemporaryFolder()

  private func keys(_ range: Range<Int>) -> [RowKey] {
    range.map { RowKey(high: UInt64($0), low: 7) }
  }

  @Test(arguments: [0, 1, 49, 50, 51, 100, 149])
  func everyKeyIsInABatchOrLeft(_ count: Int) throws {
    var taken: [RowKey] = []
    let rest = try keys(0..<count).batches { (batch) throws(SyncError) in
      #expect(batch.count == KeyBatch.size)
      taken += batch
    }
    #expect(rest.count < KeyBatch.size)
    #expect(taken + rest == keys(0..<count))
  }

  @Test func itSaysHowManyRowsItChanged() throws {
    let database = try Database(at: folder.path + "/keys.sqlite", canCreate: true)
    try database.run("CREATE TABLE t (key BLOB PRIMARY KEY, number) WITHOUT ROWID")
    let batch = try KeyBatch(database) { places in
      "INSERT OR IGNORE INTO t VALUES " + places.map { "(\($0), ?1)" }.joined(separator: ", ")
    }
    #expect(try batch.run(keys(0..<50)[...], 4) == 50)
    #expect(try batch.run(keys(20..<70)[...], 5) == 20)
    let sum = try database.value("SELECT sum(number) FROM t") { $0.integer(0) }
    #expect(sum == 300, "fifty rows of 4, twenty of 5")
  }

  /// By single statements and by whole ones: the ledger is the same.
  @Test func theLedgerCountsEachRowOnceAndTrustsNoneThatWasSentAgain() async throws {
    let identity = JobIdentity(
      organization: "o", dynamicsHost: "h", campaign: "c", table: "t", resource: "r", key: "k")
    let ledger = try SQLiteLedger.create(in: folder.path, identity: identity)
    let now = Instant(seconds: 0)
    let digest = RowDigest(high: 1, low: 2)
    let proven = keys(3..<4) + keys(120..<121) + keys(500..<501)
    try ledger.record(proven.map { .proven($0, digest: digest) }, at: now)
    try ledger.record([.scanBegan(6), .sentAll(keys(0..<130)), .sentAll(keys(100..<101))], at: now)
    try ledger.record([.sentAll(keys(0..<130) + keys(0..<60))], at: now)
    #expect(try await ledger.knownCount() == 131)
    let known = try await ledger.known(keys(0..<501))
    #expect(known.count == 131)
    #expect(known.values.filter { $0 == .sent }.count == 130)
    #expect(try await ledger.absent(after: nil, limit: 9) == keys(500..<501), "not of this scan")
  }
}
