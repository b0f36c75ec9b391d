import CSSH2
import Core

/// What an upload sends.
enum UploadSource: Sendable {
  case file(String)
  case bytes([UInt8])
}

/// A whole file, or none, under its final name.
extension SSHConnection {
  /// Uploads under the temporary name, flushes, proves the size, renames.
  ///
  /// - Parameter name: for the words of an error.
  func upload(_ source: UploadSource, to final: String, named name: String) throws(SyncError) {
    let action = "publish \(name)"
    let temporary = RemoteName.temporary(for: final)
    do throws(SyncError) {
      let sent = try send(source, to: temporary, action)
      let size = try stat(temporary)?.size
      guard size == sent else {
        throw SyncError(
          .unavailable, action,
          "sent \(sent) bytes, but the server has \(size.map { "\($0)" } ?? "no such file")",
          next: "run the same command again; the file was not given its final name")
      }
      try rename(temporary, to: final)
    } catch {
      if !isBroken {
        _ = unlink(temporary)
      }
      if error.isStop || error.kind == .storage { throw error }
      var named = error
      named.action = action
      throw named
    }
  }

  /// Writes everything, flushes where the server can, and closes.
  private func send(_ source: UploadSource, to path: String, _ action: String) throws(SyncError)
    -> UInt64
  {
    switch source {
    case .bytes(let bytes):
      let file = try create(path, action)
      var failure: SyncError?
      bytes.withUnsafeBytes { buffer in
        var sent = 0
        do throws(SyncError) {
          while sent < buffer.count {
            let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
            sent += try write(rest, to: file, action, after: UInt64(sent))
          }
        } catch { failure = error }
      }
      try finish(file, failure, action)
      return UInt64(bytes.count)
    case .file(let local):
      let reader = try LocalFile(local)
      let file = try create(path, action)
      var sent: UInt64 = 0
      do throws(SyncError) {
        sent = try copy(reader, to: file, action)
        guard sent == reader.size else {
          throw SyncError(.storage, action, "the local file changed while it was sent")
        }
      } catch {
        try finish(file, error, action)
      }
      try finish(file, nil, action)
      return sent
    }
  }

  /// Opens an empty file for writing; makes the folders it is in when they are missing.
  private func create(_ path: String, _ action: String) throws(SyncError) -> OpaquePointer {
    if let file = open(path) { return file }
    let fault = fault()
    guard fault.isMissing, let folder = RemoteName.folder(of: path) else {
      throw .sftp(fault, action)
    }
    try makeFolders(folder)
    guard let file = open(path) else { throw failure(action) }
    return file
  }

  private func open(_ path: String) -> OpaquePointer? {
    let flags = LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC
    return handle {
      libssh2_sftp_open_ex(
        sftp, path, UInt32(path.utf8.count), UInt(flags), 0o640, LIBSSH2_SFTP_OPENFILE)
    }
  }

  /// Stopped, it sends the blocks to their end that libssh2 has begun: the server takes what follows a
  /// half block for the rest of it, and answers nothing any more.
  private func copy(_ reader: borrowing LocalFile, to file: OpaquePointer, _ action: String)
    throws(SyncError) -> UInt64
  {
    var window = UploadWindow(uploadMemory())
    var sent: UInt64 = 0
    while true {
      let isStopped = isStopped
      if !isStopped { try window.fill(from: reader) }
      let bytes = isStopped ? window.underWay : window.unconfirmed
      if bytes.isEmpty, isStopped { throw .stopped }
      if bytes.isEmpty { return sent }
      let count = try write(bytes, to: file, action, after: sent)
      window.confirm(count, of: bytes.count)
      sent += UInt64(count)
    }
  }

  /// - Returns: how many of the bytes the server has confirmed; the others are to come again.
  private func write(
    _ bytes: UnsafeRawBufferPointer, to file: OpaquePointer, _ action: String, after: UInt64
  ) throws(SyncError) -> Int {
    guard let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) else { return 0 }
    let count = answer { libssh2_sftp_write(file, start, bytes.count) }
    guard count >= 0 else {
      var error = failure(action, isWrite: true)
      if error.isStop { throw error }
      error.reason += ", after \(after) bytes"
      throw error
    }
    return count
  }

  /// Flushes and closes; where sending failed, closes and throws that failure.
  private func finish(_ file: OpaquePointer, _ failed: SyncError?, _ action: String)
    throws(SyncError)
  {
    if let failed {
      if failed.isStop {
        closeHandle(file)
      } else {
        giveUp()  // perhaps within a block
      }
      throw failed
    }
    var error: SyncError?
    if !lacksFsync, answer({ libssh2_sftp_fsync(file) }) != 0 {
      let fault = fault()
      if fault == .unsupported || fault == .denied {  // some switch it off
        lacksFsync = true
      } else {
        error = .sftp(fault, action, isWrite: true)
      }
    }
    if closeHandle(file) != 0, error == nil {
      error = failure(action, isWrite: true)
    }
    if let error { throw error }
  }
}
