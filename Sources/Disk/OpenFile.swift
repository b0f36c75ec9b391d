import Core
import Glibc

/// One open file, closed with its owner; every failure is in words.
struct OpenFile: ~Copyable {
  let descriptor: Int32
  let path: String

  private init(_ descriptor: Int32, _ path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { close(descriptor) }

  /// Opens for reading and writing; nil where there is no such file.
  static func open(_ path: String, _ flags: Int32 = O_RDWR) throws(SyncError) -> OpenFile? {
    let descriptor = Glibc.open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .disk("open \(path)")
    }
    return OpenFile(descriptor, path)
  }

  /// Creates a file that its owner alone may read, whatever the umask.
  static func create(_ path: String, _ flags: Int32 = O_EXCL) throws(SyncError) -> OpenFile {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | flags, 0o600)
    guard descriptor >= 0 else { throw .disk("create \(path)") }
    let file = OpenFile(descriptor, path)
    guard fchmod(descriptor, 0o600) == 0 else { throw .disk("set the mode of \(path)") }
    return file
  }

  static func openOrCreate(_ path: String) throws(SyncError) -> OpenFile {
    if let file = try open(path) { return file }
    return try create(path, 0)
  }

  func size() throws(SyncError) -> UInt64 {
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw .disk("look at \(path)") }
    return UInt64(information.st_size)
  }

  func cut(to size: UInt64) throws(SyncError) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw .disk("cut back \(path)") }
  }

  func write(_ bytes: [UInt8], at offset: UInt64) throws(SyncError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        pwrite(
          descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
          off_t(offset) + off_t(done))
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .disk("write \(path)") }
      done += count
    }
  }

  /// Fills the buffer from the offset; less than its size at the end of the file only.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SyncError) -> Int
  {
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done,
        off_t(offset) + off_t(done))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .disk("read \(path)") }
      if count == 0 { break }
      done += count
    }
    return done
  }

  func read(from offset: UInt64, count: Int) throws(SyncError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let done = try bytes.withUnsafeMutableBufferPointer { buffer throws(SyncError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    bytes.removeLast(count - done)
    return bytes
  }

  /// Makes what was written survive a crash.
  func flush() throws(SyncError) {
    guard fsync(descriptor) == 0 else { throw .disk("flush \(path)") }
  }
}
