import Core

/// Rows that were sent by file, many in one statement: a load records nothing else, and a statement
/// costs more than its row.
final class SentWriter {
  private static let batch = 50

  private let database: Database
  private let insert, update: Statement

  init(_ database: Database) throws(SyncError) {
    self.database = database
    let keys = (2..<2 + Self.batch).map { "?\($0)" }
    insert = try database.prepare(
      "INSERT OR IGNORE INTO known VALUES "
        + keys.map { "(\($0), 0, NULL, ?1)" }.joined(separator: ", "))
    update = try database.prepare(
      "UPDATE known SET state = 0, digest = NULL, scan = ?1 WHERE key IN "
        + "(\(keys.joined(separator: ", ")))")
  }

  /// Records as many of the keys as fill whole statements.
  ///
  /// - Returns: how many keys of the beginning are recorded, and how many of them are new.
  func put(_ keys: [RowKey], scan: Int) throws(SyncError) -> (count: Int, new: Int) {
    var count = 0
    var new = 0
    while keys.count - count >= Self.batch {
      let part = keys[count..<count + Self.batch]
      let inserted = try run(insert, part, scan)
      if inserted < Self.batch { _ = try run(update, part, scan) }
      count += Self.batch
      new += inserted
    }
    return (count, new)
  }

  /// - Returns: rows that were inserted or changed.
  private func run(
    _ statement: Statement, _ keys: ArraySlice<RowKey>, _ scan: Int
  ) throws(SyncError) -> Int {
    statement.bind(1, scan)
    var index: Int32 = 2
    for key in keys {
      statement.bind(index, key.rank.high, key.rank.low)
      index += 1
    }
    try statement.run()
    return database.changes
  }
}
