import Core
import Glibc
import Gzip

/// An export as bytes.
extension EventLog {
  func bytes(of file: ExportedFile) throws(SyncError) -> [UInt8] {
    guard !file.isBlank else { return [] }
    let dialect = file.dialect
    let columns = file.kind.columns
    var bytes: [UInt8] = dialect.hasMark ? [0xEF, 0xBB, 0xBF] : []
    bytes.reserveCapacity(file.rows.count * 200)
    func line(_ field: (EventColumn) -> String, isHeader: Bool) {
      for (place, column) in columns.enumerated() {
        if place > 0 { bytes.append(dialect.separator) }
        dialect.append(field(column), isNumber: column.isNumber && !isHeader, to: &bytes)
      }
      bytes += dialect.lineEnd
    }
    line({ $0.rawValue }, isHeader: true)
    for row in file.rows {
      line({ records.text($0, row, file.kind, dialect) }, isHeader: false)
    }
    return dialect.isPacked ? try Deflater.gzip(bytes) : bytes
  }
}

/// Uploads that can be seen while they go on.
extension StorageFolder {
  /// Writes the beginning of a file under its own name.
  func begin(_ bytes: [UInt8], as name: String) throws(SyncError) {
    try write([], as: name)
    try extend(name, by: bytes)
  }

  func extend(_ name: String, by bytes: [UInt8]) throws(SyncError) {
    let file = Glibc.open(root + "/" + name, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard file >= 0 else { throw .events("\(name) is not there any more") }
    defer { close(file) }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress.map { $0 + written }, bytes.count - written)
      }
      guard count > 0 else { throw .events("the storage took only a part of \(name)") }
      written += count
    }
  }

  /// Makes a file look as if it had been written so many seconds ago.
  func setAge(_ seconds: Int, of name: String) throws(SyncError) {
    guard seconds > 0 else { return }
    var times = [timespec(), timespec()]
    clock_gettime(CLOCK_REALTIME, &times[0])
    times[0].tv_sec -= seconds
    times[1] = times[0]
    guard utimensat(AT_FDCWD, root + "/" + name, times, 0) == 0 else {
      throw .events("the time of \(name) cannot be set")
    }
  }
}
