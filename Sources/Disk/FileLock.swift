import Glibc

/// Locks of an open file: two of one process exclude each other too, looking who holds one does not
/// take it, and the system takes them back when the process dies.
enum FileLock {
  // Not imported: they are behind a feature macro.
  static let set: Int32 = 37  // F_OFD_SETLK
  static let get: Int32 = 36  // F_OFD_GETLK

  /// - Parameter bytes: nil: all of them.
  static func lock(_ type: Int32, _ bytes: Range<off_t>? = nil) -> flock {
    flock(
      l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: bytes?.lowerBound ?? 0,
      l_len: bytes.map { off_t($0.count) } ?? 0, l_pid: 0)
  }

  /// Gives all locks of an open file back; closing it is not enough.
  ///
  /// A child that another thread is just starting has the same file open until it becomes its
  /// program, and the locks would stand as long.
  static func release(all descriptor: Int32) {
    var whole = lock(F_UNLCK)
    while fcntl(descriptor, set, &whole) != 0 && errno == EINTR {}
  }
}
