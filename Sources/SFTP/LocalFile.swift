import Core
import Glibc

/// A file of this machine, open for reading; closed when released.
struct LocalFile: ~Copyable {
  private let descriptor: Int32
  private let path: String
  let size: UInt64
  /// Permission bits.
  let mode: UInt32

  init(_ path: String) throws(SyncError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .localFile(path, errno) }
    var status = Glibc.stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw .localFile(path, code)
    }
    size = UInt64(max(0, status.st_size))
    mode = status.st_mode & 0o777
  }

  deinit { close(descriptor) }

  /// Fills the buffer as far as the file goes; 0 is the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(SyncError) -> Int {
    var filled = 0
    while filled < buffer.count {
      guard let start = buffer.baseAddress else { return filled }
      let count = Glibc.read(descriptor, start + filled, buffer.count - filled)
      if count == 0 { break }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .localFile(path, errno) }
      filled += count
    }
    return filled
  }

  /// Everything, for small files.
  func contents(atMost limit: Int) throws(SyncError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: min(Int(size) + 1, limit + 1))
    var count = 0
    var failure: SyncError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(SyncError) { count = try read(into: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    guard count <= limit else {
      throw SyncError(.configuration, "read \(path)", "it is larger than \(limit) bytes")
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}

extension SyncError {
  static func localFile(_ path: String, _ code: Int32) -> SyncError {
    let reason =
      switch code {
      case ENOENT: "there is no such file"
      case EACCES: "this user may not read it"
      default: "the system refused"
      }
    return SyncError(
      .storage, "read \(path)", reason,
      code: code == ENOENT ? SyncError.fileMissingCode : "errno \(code)")
  }
}
