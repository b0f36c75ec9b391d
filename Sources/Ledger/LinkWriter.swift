import Core

/// What `LedgerWriter` records of parents and children, within its transaction.
final class LinkWriter {
  private let select, insert, delete, depart, stage, clearStaged: Statement

  private var kept: [RowKey: [RowKey]] = [:]

  init(_ database: Database) throws(SyncError) {
    select = try database.prepare("SELECT parent FROM links WHERE key = ?")
    insert = try database.prepare("INSERT OR IGNORE INTO links VALUES (?, ?)")
    delete = try database.prepare("DELETE FROM links WHERE key = ?")
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
  func flush() throws(SyncError) {
    if kept.isEmpty { return }
    let sorted = kept.sorted { one, other in
      (one.value.first?.rank ?? (0, 0)) < (other.value.first?.rank ?? (0, 0))
    }
    kept.removeAll(keepingCapacity: true)
    for (key, parents) in sorted { try put(key, parents) }
  }

  /// The row names nobody any more.
  func forget(_ key: RowKey) throws(SyncError) {
    kept[key] = nil
    try put(key, [])
  }

  /// Most rows keep their parents: then nothing is written.
  private func put(_ key: RowKey, _ parents: [RowKey]) throws(SyncError) {
    var before: Set<RowKey> = []
    select.bind(1, key.rank.high, key.rank.low)
    while try select.step() {
      if let words = select.words(0) { before.insert(RowKey(rank: words)) }
    }
    guard before != Set(parents) else { return }
    if !before.isEmpty {
      delete.bind(1, key.rank.high, key.rank.low)
      try delete.run()
    }
    for parent in parents {
      insert.bind(1, key.rank.high, key.rank.low)
      insert.bind(2, parent.rank.high, parent.rank.low)
      try insert.run()
    }
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
