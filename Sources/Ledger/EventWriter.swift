import Core

/// The part of the ledger that remembers events and the files they came in.
final class EventWriter {
  private let insert, deleteOlder, count, oldest, selectFiles, deleteFile: Statement

  /// More than these are not remembered, but for those of the newest day.
  private let most: Int

  init(_ database: Database, most: Int = 5_000_000) throws(SyncError) {
    self.most = most
    insert = try database.prepare("INSERT OR REPLACE INTO arrived VALUES (?, ?)")
    deleteOlder = try database.prepare("DELETE FROM arrived WHERE day < ?")
    count = try database.prepare("SELECT count(*) FROM arrived")
    oldest = try database.prepare("SELECT min(day), max(day) FROM arrived")
    selectFiles = try database.prepare("SELECT name FROM files WHERE recorded < ?")
    deleteFile = try database.prepare("DELETE FROM files WHERE name = ?")
  }

  private func day(_ moment: Instant) -> Int64 { moment.seconds / 86_400 }

  func put(_ ids: [RowKey], at now: Instant) throws(SyncError) {
    insert.bind(2, day(now))
    for id in ids {
      insert.bind(1, id.rank.high, id.rank.low)
      try insert.run()
    }
  }

  func forget(before moment: Instant, _ listed: [String]) throws(SyncError) {
    var first = day(moment)
    while true {
      deleteOlder.bind(1, first)
      try deleteOlder.run()
      let (days, ids) = try standing()
      if ids <= most || days.0 >= days.1 { break }
      first = days.0 + 1
    }
    try forgetFiles(before: moment, Set(listed))
  }

  private func standing() throws(SyncError) -> (days: (Int64, Int64), ids: Int) {
    defer {
      oldest.reset()
      count.reset()
    }
    let days = try oldest.step() ? (oldest.integer(0), oldest.integer(1)) : (0, 0)
    return (days, try count.step() ? Int(count.integer(0)) : 0)
  }

  private func forgetFiles(before moment: Instant, _ listed: Set<String>) throws(SyncError) {
    selectFiles.bind(1, moment.milliseconds)
    var names: [String] = []
    while try selectFiles.step() { names.append(selectFiles.text(0) ?? "") }
    for name in names where !listed.contains(name) {
      deleteFile.bind(1, name)
      try deleteFile.run()
    }
  }
}
