import Core

/// What `LedgerReader` tells of a scan of keys.
final class ListReader {
  private let count, next, unread: Statement

  init(_ database: Database) throws(SyncError) {
    count = try database.prepare("SELECT count(*) FROM listed")
    next = try database.prepare(
      "SELECT key FROM listed WHERE key > ? ORDER BY key LIMIT 1 OFFSET ?")
    // Both tables in the order of their keys: one walk, side by side.
    unread = try database.prepare(
      """
      SELECT key FROM listed WHERE key >= ?1 AND key < ?2 AND NOT EXISTS (
        SELECT 1 FROM known WHERE known.key = listed.key
        AND scan = (SELECT value FROM meta WHERE name = 'scan')) ORDER BY key LIMIT ?3
      """)
  }

  func listedCount() throws(SyncError) -> Int {
    defer { count.reset() }
    return try count.step() ? Int(count.integer(0)) : 0
  }

  func boundaries(of pieces: Int) throws(SyncError) -> [RowKey] {
    let size = try listedCount() / max(pieces, 1)
    guard size > 0 else { return [] }
    var boundaries: [RowKey] = []
    for _ in 1..<pieces {
      next.bind(1, after: boundaries.last)
      // The first piece begins with the first row, the others with the boundary before them.
      next.bind(2, boundaries.isEmpty ? size : size - 1)
      guard try next.step(), let words = next.words(0) else { break }
      boundaries.append(RowKey(rank: words))
      next.reset()
    }
    return boundaries
  }

  func unread(in range: KeyRange, limit: Int) throws(SyncError) -> [RowKey] {
    if let low = range.low {
      unread.bind(1, low.rank.high, low.rank.low)
    } else {
      unread.bind(1, "")  // every blob comes after every text
    }
    if let high = range.high {
      unread.bind(2, high.rank.high, high.rank.low)
    } else {
      unread.bind(2, [UInt8](repeating: 0xFF, count: 17))  // longer than any key
    }
    unread.bind(3, limit)
    var keys: [RowKey] = []
    while try unread.step() {
      if let words = unread.words(0) { keys.append(RowKey(rank: words)) }
    }
    return keys
  }
}
