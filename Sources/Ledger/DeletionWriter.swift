import Core

/// What `LedgerWriter` records of deletions, within its transaction.
final class DeletionWriter {
  private let forgetSeen, see, wait, waitAnyway, drop, isSeen, departReleased: Statement
  private let doubt, release, forgetOld, insertDeleted: Statement

  init(_ database: Database) throws(SyncError) {
    forgetSeen = try database.prepare("DELETE FROM deletions WHERE state = 0")
    see = try database.prepare("INSERT OR REPLACE INTO deletions VALUES (?, 0)")
    wait = try database.prepare("INSERT OR IGNORE INTO deletions VALUES (?, 1)")
    waitAnyway = try database.prepare(
      "INSERT INTO deletions VALUES (?, 1) ON CONFLICT DO UPDATE SET state = 1 WHERE state = 0")
    drop = try database.prepare("DELETE FROM deletions WHERE key = ? AND state > 0")
    isSeen = try database.prepare("SELECT 1 FROM deletions WHERE key = ? AND state = 0")
    departReleased = try database.prepare(
      "INSERT INTO departed (key) SELECT key FROM deletions WHERE key = ? AND state > 1")
    doubt = try database.prepare(
      """
      UPDATE known SET state = 0, digest = NULL
      WHERE key IN (SELECT key FROM deletions WHERE state = 1)
      """)
    release = try database.prepare("UPDATE deletions SET state = ? WHERE state = 1")
    forgetOld = try database.prepare("DELETE FROM deleted WHERE at < ?")
    insertDeleted = try database.prepare("INSERT OR REPLACE INTO deleted VALUES (?, ?, ?)")
  }

  func beginChain() throws(SyncError) { try forgetSeen.run() }

  /// A deletion that was released may have been carried out, and what is deleted and written again
  /// has lost its children: they are told, as nobody will record the deletion any more.
  func see(_ keys: [RowKey]) throws(SyncError) {
    try run(departReleased, keys)
    try run(see, keys)
  }

  func drop(_ keys: [RowKey]) throws(SyncError) {
    try run(departReleased, keys)
    try run(drop, keys)
  }

  func fail(_ key: RowKey) throws(SyncError) { try run(drop, [key]) }

  func waitThoughSeen(_ keys: [RowKey]) throws(SyncError) { try run(waitAnyway, keys) }

  /// - Returns: false where the chain in hand has the row.
  func wait(_ key: RowKey) throws(SyncError) -> Bool {
    try run(wait, [key])
    isSeen.bind(1, key.rank.high, key.rank.low)
    defer { isSeen.reset() }
    return try !isSeen.step()
  }

  /// A record about to be deleted may be gone before the ledger hears of it: it is doubted first.
  func release(approved: Bool, at now: Instant) throws(SyncError) {
    try doubt.run()
    release.bind(1, approved ? 3 : 2)
    try release.run()
    forgetOld.bind(1, (now + (.zero - DeleteGuard.window)).milliseconds)
    try forgetOld.run()
  }

  func finish(_ key: RowKey, approved: Bool, at now: Instant) throws(SyncError) {
    try run(drop, [key])
    insertDeleted.bind(1, key.rank.high, key.rank.low)
    insertDeleted.bind(2, now.milliseconds)
    insertDeleted.bind(3, approved ? 1 : 0)
    try insertDeleted.run()
  }

  private func run(_ statement: Statement, _ keys: [RowKey]) throws(SyncError) {
    for key in keys {
      statement.bind(1, key.rank.high, key.rank.low)
      try statement.run()
    }
  }
}
