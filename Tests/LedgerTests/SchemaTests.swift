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
}
