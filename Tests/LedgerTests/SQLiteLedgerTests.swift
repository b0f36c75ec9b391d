import Core
import Glibc
import TestSupport
import Testing

@testable import Ledger

@Suite struct SQLiteLedgerTests {
  let folder = TemporaryFolder()
  private let identity = CheckpointStoreContract.sample.identity
  private var path: String { folder.path + "/ledger.sqlite" }

  private func create() throws -> SQLiteLedger {
    try SQLiteLedger.create(in: folder.path, identity: identity)
  }

  @Test(arguments: LedgerContract.allCases)
  func keepsItsPromises(_ promise: LedgerContract) async throws {
    try await promise.check(create())
  }

  @Test(arguments: LedgerContract.allCases)
  func theMemoryLedgerKeepsThemToo(_ promise: LedgerContract) async throws {
    try await promise.check(MemoryLedger())
  }

  @Test func everythingSurvivesReopening() async throws {
    let digest = RowDigest(high: 1, low: 2)
    var ledger = try create()
    let key = ledger.digestKey
    try ledger.record([.proven(RowKey(high: 3, low: 4), digest: digest)], at: Instant(seconds: 9))
    ledger = try SQLiteLedger.open(in: folder.path, identity: identity)
    #expect(try await ledger.known([RowKey(high: 3, low: 4)]).values.first == .proven(digest))
    #expect(try await ledger.knownCount() == 1)
    #expect(ledger.digestKey == key && key.count == 32)
    #expect(ledger.identity == identity)
  }

  @Test func everyLedgerHasASecretOfItsOwn() throws {
    let other = TemporaryFolder()
    let ledger = try SQLiteLedger.create(in: other.path, identity: identity)
    #expect(try create().digestKey != ledger.digestKey)
  }

  @Test func filesAreTheOwnersAloneUnderAnyUmask() async throws {
    await #expect(processExitsWith: .success) { try Self.checkModes(under: 0o777) }
    await #expect(processExitsWith: .success) { try Self.checkModes(under: 0) }
  }

  private static func checkModes(under mask: mode_t) throws {
    umask(mask)
    let test = SQLiteLedgerTests()
    let ledger = try test.create()
    try ledger.record([.sent(RowKey(high: 1, low: 1))], at: Instant(seconds: 1))
    for suffix in ["", "-wal", "-shm"] {
      var information = stat()
      try #require(stat(test.path + suffix, &information) == 0, "\(suffix)")
      try #require(information.st_mode & 0o777 == 0o600, "\(suffix)")
    }
  }

  @Test func createdOnceOpenedOften() throws {
    #expect(!SQLiteLedger.exists(in: folder.path))
    let missing = #expect(throws: SyncError.self) { try SQLiteLedger.open(in: folder.path) }
    #expect(missing?.kind == .storage && missing?.reason == "it is missing")
    #expect(!SQLiteLedger.exists(in: folder.path))
    _ = try create()
    #expect(SQLiteLedger.exists(in: folder.path))
    #expect(throws: SyncError.self) { try create() }
  }

  @Test func whatACrashLeftOfACreationIsWrittenOver() throws {
    let half = open(path + ".new", O_CREAT | O_WRONLY, 0o600)
    #expect(write(half, "half", 4) == 4)
    close(half)
    #expect(!SQLiteLedger.exists(in: folder.path))
    _ = try create()
  }

  @Test func removedWithAllItsFiles() async throws {
    let old = try create()
    try old.record([.sent(RowKey(high: 1, low: 1))], at: Instant(seconds: 1))
    try SQLiteLedger.remove(in: folder.path)
    try SQLiteLedger.remove(in: folder.path)
    #expect(!SQLiteLedger.exists(in: folder.path))
    #expect(try await create().knownCount() == 0)
  }

  @Test func theLogOfALostLedgerIsNotReadIntoANewOne() async throws {
    let old = try create()
    try old.record([.sent(RowKey(high: 1, low: 1))], at: Instant(seconds: 1))
    try #require(unlink(path) == 0)
    #expect(try await create().knownCount() == 0)
  }

  @Test func anotherJobsLedgerIsRefused() throws {
    _ = try create()
    var other = identity
    other.table = "account"
    let error = #expect(throws: SyncError.self) {
      try SQLiteLedger.open(in: folder.path, identity: other)
    }
    #expect(error?.kind == .storage)
  }

  @Test func lookingChangesNothingAndRefusesAnOlderFormat() async throws {
    let key = RowKey(high: 1, low: 1)
    try create().record([.sent(key)], at: Instant(seconds: 1))
    let ledger = try SQLiteLedger.look(in: folder.path)
    #expect(try await ledger.known([key]) == [key: .sent])
    #expect(throws: SyncError.self) {
      try ledger.record([.forgotten(key)], at: Instant(seconds: 2))
    }
    #expect(try await ledger.known([key]) == [key: .sent])
    let database = try Database(at: path)
    try database.run("UPDATE meta SET value = 1 WHERE name = 'format'")
    let error = #expect(throws: SyncError.self) { try SQLiteLedger.look(in: folder.path) }
    #expect(error?.kind == .storage && error?.reason.contains("it has format 1") == true)
    #expect(error?.next?.contains("campaign-sync run") == true)
    #expect(try Schema.format(of: database) == 1, "it was not brought to today")
  }

  @Test func anAdoptedLedgerBelongsToOthersAndProvesNothing() async throws {
    let (one, two) = (RowKey(high: 1, low: 1), RowKey(high: 2, low: 2))
    let digest = RowDigest(high: 1, low: 2)
    try create().record([.proven(one, digest: digest), .sent(two)], at: Instant(seconds: 1))
    var other = identity
    other.organization = "another"
    for _ in 1...2 { try SQLiteLedger.adopt(in: folder.path, for: other) }
    #expect(throws: SyncError.self) {
      try SQLiteLedger.open(in: folder.path, identity: identity)
    }
    let ledger = try SQLiteLedger.open(in: folder.path, identity: other)
    #expect(try await ledger.known([one, two]) == [one: .sent, two: .sent])
    try SQLiteLedger.remove(in: folder.path)
    let missing = #expect(throws: SyncError.self) {
      try SQLiteLedger.adopt(in: folder.path, for: other)
    }
    #expect(missing?.kind == .storage)
  }

  @Test func aNewerFormatIsRefused() throws {
    _ = try create()
    let database = try Database(at: path)
    try database.run("UPDATE meta SET value = 99 WHERE name = 'format'")
    let error = #expect(throws: SyncError.self) { try SQLiteLedger.open(in: folder.path) }
    #expect(error?.kind == .storage)
    #expect(error?.reason == "it has format 99; this version knows up to \(Schema.current)")
  }

  @Test(arguments: ["", "this is no database, but long enough to be looked at as one"])
  func aDamagedFileIsRefusedWithTheWayOut(_ text: String) throws {
    let file = open(path, O_CREAT | O_WRONLY, 0o600)
    #expect(write(file, text, text.utf8.count) == text.utf8.count)
    close(file)
    let error = #expect(throws: SyncError.self) { try SQLiteLedger.open(in: folder.path) }
    #expect(error?.kind == .storage)
    #expect(error?.next?.contains("campaign-sync checkpoint adopt") == true)
  }

  @Test func aFailedRecordLeavesNothing() async throws {
    let ledger = try create()
    try ledger.record([.sent(RowKey(high: 1, low: 1))], at: Instant(seconds: 1))
    let database = try Database(at: path)
    try database.run(
      "CREATE TRIGGER full BEFORE INSERT ON files BEGIN SELECT RAISE(ABORT, 'full'); END")
    let mark = FileMark(name: "a", size: 1, modified: 1, offset: 0, isDone: false)
    #expect(throws: SyncError.self) {
      try ledger.record([.sent(RowKey(high: 2, low: 2)), .file(mark)], at: Instant(seconds: 2))
    }
    #expect(try await ledger.knownCount() == 1)
    #expect(try await ledger.known([RowKey(high: 2, low: 2)]).isEmpty)
    try ledger.record([.sent(RowKey(high: 3, low: 3))], at: Instant(seconds: 3))
    #expect(try await ledger.knownCount() == 2)
  }

  @Test func readsGoOnWhileOthersRecord() async throws {
    let ledger = try create()
    let keys = (0..<2000).map { RowKey(high: UInt64($0), low: 1) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for start in stride(from: 0, to: keys.count, by: 100) {
          try ledger.record(
            keys[start..<start + 100].map(LedgerEntry.sent), at: Instant(seconds: 1))
        }
      }
      group.addTask {
        for _ in 0..<50 {
          let count = try await ledger.known(Array(keys.suffix(100))).count
          #expect(count == 0 || count == 100)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await ledger.knownCount() == 2000)
  }
}
