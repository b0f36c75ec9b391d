import Core

/// What `LedgerWriter` records of a scan of keys, within its transaction.
final class ListWriter {
  private let insertMany: KeyBatch
  private let insert, delete, deleteAll: Statement

  init(_ database: Database) throws(SyncError) {
    insertMany = try KeyBatch(database) { places in
      "INSERT OR IGNORE INTO listed VALUES "
        + places.map { "(\($0))" }.joined(separator: ", ")
    }
    insert = try database.prepare("INSERT OR IGNORE INTO listed VALUES (?)")
    delete = try database.prepare("DELETE FROM listed WHERE key = ?")
    deleteAll = try database.prepare("DELETE FROM listed")
  }

  func add(_ keys: [RowKey]) throws(SyncError) {
    try run(insert, try keys.batches { (keys) throws(SyncError) in _ = try insertMany.run(keys) })
  }

  func crossOff(_ keys: [RowKey]) throws(SyncError) { try run(delete, keys[...]) }
  func clear() throws(SyncError) { try deleteAll.run() }

  private func run(_ statement: Statement, _ keys: ArraySlice<RowKey>) throws(SyncError) {
    for key in keys {
      statement.bind(1, key.rank.high, key.rank.low)
      try statement.run()
    }
  }
}
