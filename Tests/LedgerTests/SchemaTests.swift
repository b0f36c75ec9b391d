import Core
import TestSupport
import Testing

@testable import Ledger

@Suite struct SchemaTests {
  let folder = TemporaryFolder()

  @Test func anOlderLedgerIsBroughtToTodayOnce() throws {
    let database = try Database(at: folder.path + "/a.sqlite", canCreate: true)
    let steps = ["CREATE TABLE meta (name TEXT PRIMARY KEY, value)", "CREATE TABLE events (id)"]
    try Schema.migrate(database, from: 0, by: [steps[0]])
    #expect(try Schema.format(of: database) == 1)
    try Schema.migrate(database, from: 1, by: steps)
    #expect(try Schema.format(of: database) == 2)
    try database.run("SELECT id FROM events")
  }

  @Test func aFailedMigrationLeavesTheOldFormat() throws {
    let database = try Database(at: folder.path + "/a.sqlite", canCreate: true)
    try Schema.migrate(database, from: 0, by: Schema.steps)
    #expect(throws: SyncError.self) {
      try Schema.migrate(
        database, from: Schema.current, by: Schema.steps + ["CREATE TABLE x (y); nonsense"])
    }
    #expect(try Schema.format(of: database) == Schema.current)
    try database.run("CREATE TABLE x (y)")
  }

  @Test func keysAreStoredInTheOrderOfDynamicsPages() throws {
    // From the smallest to the largest, as SQL Server orders them.
    let keys = try [
      "ff000000-0000-0000-0000-000000000000", "000000ff-0000-0000-0000-000000000000",
      "00000000-ff00-0000-0000-000000000000", "00000000-00ff-0000-0000-000000000000",
      "00000000-0000-00ff-0000-000000000000", "00000000-0000-0000-00ff-000000000000",
      "00000000-0000-0000-ff00-000000000000", "00000000-0000-0000-0000-0000000000ff",
      "00000000-0000-0000-0000-ff0000000000",
    ].map { try #require(RowKey($0)) }
    for (one, other) in zip(keys, keys.dropFirst()) {
      #expect(one.stored < other.stored, "\(one) \(other)")
    }
    for key in keys { #expect(RowKey(stored: key.stored) == key) }
  }
}
