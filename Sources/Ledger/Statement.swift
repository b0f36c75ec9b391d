import CSQLite
import Core

/// A prepared statement; used again and again.
final class Statement {
  private let handle: OpaquePointer
  private let database: Database
  /// What bound keys and digests point to; SQLite copies nothing.
  private let words: UnsafeMutableRawPointer

  init(_ handle: OpaquePointer, of database: Database) {
    self.handle = handle
    self.database = database
    let parameters = Int(sqlite3_bind_parameter_count(handle))
    words = .allocate(byteCount: 16 * parameters, alignment: 8)
  }

  deinit {
    sqlite3_finalize(handle)
    words.deallocate()
  }

  /// Runs a statement that gives no rows.
  func run() throws(SyncError) {
    let code = sqlite3_step(handle)
    sqlite3_reset(handle)
    try database.check(code, "use")
  }

  /// Goes to the next row; false after the last, and then it can be used again.
  func step() throws(SyncError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    sqlite3_reset(handle)
    try database.check(code, "use")
    return false
  }

  func reset() { sqlite3_reset(handle) }

  // A wrong index is a bug that the first test meets; memory is all that could fail else.

  func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }
  func bind(_ index: Int32, _ value: Int) { bind(index, Int64(value)) }

  /// A number, or null.
  func bind(_ index: Int32, _ value: Int64?) {
    if let value {
      sqlite3_bind_int64(handle, index, value)
    } else {
      sqlite3_bind_null(handle, index)
    }
  }

  func bind(_ index: Int32, _ text: String?) {
    guard let text else {
      sqlite3_bind_null(handle, index)
      return
    }
    sqlite3_bind_text(handle, index, text, -1, Self.copied)
  }

  func bind(_ index: Int32, _ bytes: [UInt8]) {
    sqlite3_bind_blob(handle, index, bytes, Int32(bytes.count), Self.copied)
  }

  /// Sixteen bytes.
  func bind(_ index: Int32, _ high: UInt64, _ low: UInt64) {
    let place = words + Int(index - 1) * 16
    place.storeBytes(of: high.bigEndian, as: UInt64.self)
    place.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    sqlite3_bind_blob(handle, index, place, 16, nil)
  }

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  /// Nil where the column is null.
  func number(_ column: Int32) -> Int64? {
    sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : integer(column)
  }

  func text(_ column: Int32) -> String? {
    sqlite3_column_text(handle, column).map { String(cString: $0) }
  }

  func bytes(_ column: Int32) -> [UInt8] {
    guard let start = sqlite3_column_blob(handle, column) else { return [] }
    let count = Int(sqlite3_column_bytes(handle, column))
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Sixteen bytes; nil where the column holds anything else.
  func words(_ column: Int32) -> (high: UInt64, low: UInt64)? {
    guard let start = sqlite3_column_blob(handle, column),
      sqlite3_column_bytes(handle, column) == 16
    else { return nil }
    return (
      UInt64(bigEndian: start.loadUnaligned(as: UInt64.self)),
      UInt64(bigEndian: start.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    )
  }

  /// SQLITE_TRANSIENT, a cast that Swift does not import: SQLite copies the value.
  private static var copied: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }
}
