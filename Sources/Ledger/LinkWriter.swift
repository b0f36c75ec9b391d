import Core

/// What `LedgerWriter` records of parents and children, within its transaction.
final class LinkWriter {
  private let select, insert, delete, depart, stage, clearStaged: Statement
  private let insertFormer, deleteFormer, forgetOld: Statement

  private var kept: [RowKey: [RowKey]] = [:]

  init(_ database: Database) throws(SyncError) {
    select = try database.prepare("SELECT parent FROM links WHERE key = ?")
    insert = try database.prepare("INSERT OR IGNORE INTO links VALUES (?, ?)")
    delete = try database.prepare("DELETE FROM links WHERE key = ?")
    insertFormer = try database.prepare("INSERT OR REPLACE INTO formerly VALUES (?, ?, ?)")
    deleteFormer = try database.prepare("DELETE FROM formerly WHERE key = ?")
    forgetOld = try database.prepare("DELETE FROM formerly WHERE at < ?")
    stage = try database.prepare("INSERT OR IGNORE INTO staged VALUES (?)")
    clearStaged = try database.prepare("DELETE FROM staged")
    depart = try database.prepare("INSERT INTO departed (key) VALUES (?)")
  }

  /// Of a transaction that failed.
  func discard() { kept.removeAll(keepingCapacity: true) }

  /// What is written with `flush`.
  ///
  /// - Parameter parents: in place of those kept for the row before.
  func keep(_ key: RowKey, _ parents: [RowKey]) { kept[key] = parents }

  /// Writes what was kept, in the order of parents: so a load touches each page of their index once
  /// a commit, wherever its rows come from.
  func flush(at now: Instant) throws(SyncError) {
    if kept.isEmpty { return }
    let sorted = kept.sorted { one, other in
      (one.value.first?.rank ?? (0, 0)) < (other.value.first?.rank ?? (0, 0))
    }
    kept.removeAll(keepingCapacity: true)
    var hasMoved = false
    for (key, parents) in sorted {
      let former = try put(key, parents)
      for parent in former {
        insertFormer.bind(1, key.rank.high, key.rank.low)
        insertFormer.bind(2, parent.rank.high, parent.rank.low)
        insertFormer.bind(3, now.milliseconds)
        try insertFormer.run()
      }
      hasMoved = hasMoved || !former.isEmpty
    }
    guard hasMoved else { return }
    forgetOld.bind(1, (now + (.zero - LedgerEntry.formerFor)).milliseconds)
    try forgetOld.run()
  }

  /// The row names nobody any more, and did not before.
  func forget(_ key: RowKey) throws(SyncError) {
    kept[key] = nil
    _ = try put(key, [])
    deleteFormer.bind(1, key.rank.high, key.rank.low)
    try deleteFormer.run()
  }

  /// Most rows keep their parents: then nothing is written.
  ///
  /// - Returns: the parents that the row no longer names.
  private func put(_ key: RowKey, _ parents: [RowKey]) throws(SyncError) -> Set<RowKey> {
    var before: Set<RowKey> = []
    select.bind(1, key.rank.high, key.rank.low)
    while try select.step() {
      if let words = select.words(0) { before.insert(RowKey(rank: words)) }
    }
    guard before != Set(parents) else { return [] }
    if !before.isEmpty {
      delete.bind(1, key.rank.high, key.rank.low)
      try delete.run()
    }
    for parent in parents {
      insert.bind(1, key.rank.high, key.rank.low)
      insert.bind(2, parent.rank.high, parent.rank.low)
      try insert.run()
    }
    return before.subtracting(parents)
  }

  func stage(_ keys: [RowKey]) throws(SyncError) {
    for key in keys {
      stage.bind(1, key.rank.high, key.rank.low)
      try stage.run()
    }
  }

  func arrive() throws(SyncError) { try clearStaged.run() }

  func depart(_ key: RowKey) throws(SyncError) {
    depart.bind(1, key.rank.high, key.rank.low)
    try depart.run()
  }
}
