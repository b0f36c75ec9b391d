import CSQLite
import Core

/// One connection to a database file.
///
/// Not for two threads: its owner is an actor or a lock.
final class Database {
  private let handle: OpaquePointer
  private let path: String

  /// - Parameter canCreate: whether a missing file becomes an empty database.
  init(at path: String, canCreate: Bool = false) throws(SyncError) {
    self.path = path
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (canCreate ? SQLITE_OPEN_CREATE : 0)
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    guard let handle, code == SQLITE_OK else {
      sqlite3_close_v2(handle)
      throw .sqlite(code, "open \(path)", path)
    }
    self.handle = handle
    sqlite3_extended_result_codes(handle, 1)
    sqlite3_busy_timeout(handle, 10_000)
  }

  deinit { sqlite3_close_v2(handle) }  // after the last statement, in whatever order they end

  /// Rows that the last statement inserted, changed or removed.
  var changes: Int { Int(sqlite3_changes(handle)) }

  /// Runs statements that give no rows.
  func run(_ sql: String) throws(SyncError) {
    try check(sqlite3_exec(handle, sql, nil, nil, nil), "use")
  }

  func prepare(_ sql: String) throws(SyncError) -> Statement {
    var statement: OpaquePointer?
    let options = UInt32(SQLITE_PREPARE_PERSISTENT)
    try check(sqlite3_prepare_v3(handle, sql, -1, options, &statement, nil), "use")
    guard let statement else { throw SyncError(.bug, "use \(path)", "a statement is empty") }
    return Statement(statement, of: self)
  }

  /// The one row of a query with one column; nil where there is none.
  func value<Value>(
    _ sql: String, _ read: (Statement) -> Value
  ) throws(SyncError) -> Value? {
    let statement = try prepare(sql)
    return try statement.step() ? read(statement) : nil
  }

  /// All of it is recorded, or nothing.
  func transaction(_ work: () throws(SyncError) -> Void) throws(SyncError) {
    try run("BEGIN IMMEDIATE")
    do throws(SyncError) {
      try work()
      try run("COMMIT")
    } catch {
      sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  func check(_ code: Int32, _ action: String) throws(SyncError) {
    guard code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE else {
      throw .sqlite(code, "\(action) \(path)", path)
    }
  }
}

extension SyncError {
  /// What SQLite answered, in words; its own text may quote values and stays out.
  static func sqlite(_ code: Int32, _ action: String, _ path: String) -> SyncError {
    var kind = Kind.storage
    var reason = "the database refused it"
    var next = "look into the system's log for the disk, then run the same command again"
    switch code & 0xFF {
    case SQLITE_FULL:
      reason = "the disk is full"
      next = "free some space, then run the same command again"
    case SQLITE_IOERR:
      reason = "the disk did not take it"
      next =
        "check the space left, the limit of this user (ulimit -f) and the system's log for the"
        + " disk, then run the same command again"
    case SQLITE_CORRUPT, SQLITE_NOTADB:
      reason = "the file is damaged"
      next = wayOut(path)
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY:
      reason = "this user may not, or there is no such file"
      next = "check the owner and the mode of the folder"
    case SQLITE_BUSY, SQLITE_LOCKED:
      kind = .unavailable
      reason = "another program has been using it for ten seconds"
      next = "close that program, then run the same command again"
    case SQLITE_MISUSE, SQLITE_ERROR, SQLITE_RANGE, SQLITE_MISMATCH, SQLITE_CONSTRAINT:
      kind = .bug
    default: break
    }
    return SyncError(kind, action, reason, code: "sqlite \(code)", next: next)
  }

  /// What to do with a ledger that cannot be used; the job's name is that of its folder.
  static func wayOut(_ path: String) -> String {
    let job = path.split(separator: "/").dropLast().last ?? "JOB"
    return "put it back from a backup together with checkpoint.json, or remove it and go on with a "
      + "new one: campaign-sync checkpoint adopt \(job)"
  }
}
