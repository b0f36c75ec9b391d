import CSSH2
import Core

/// Requests about files, by their path on the server.
extension SSHConnection {
  struct Attributes {
    var size: UInt64
    var modified: Int64
    var isFile: Bool

    init(_ raw: LIBSSH2_SFTP_ATTRIBUTES) {
      size = UInt64(raw.filesize)
      modified = Int64(raw.mtime)
      let type = raw.permissions & UInt(LIBSSH2_SFTP_S_IFMT)
      isFile =
        raw.flags & UInt(LIBSSH2_SFTP_ATTR_PERMISSIONS) == 0
        || type == UInt(LIBSSH2_SFTP_S_IFREG)
    }
  }

  /// Nil where there is nothing of that name.
  func stat(_ path: String) throws(SyncError) -> Attributes? {
    var raw = LIBSSH2_SFTP_ATTRIBUTES()
    let code = answer {
      libssh2_sftp_stat_ex(sftp, path, UInt32(path.utf8.count), LIBSSH2_SFTP_STAT, &raw)
    }
    if code == 0 { return Attributes(raw) }
    let fault = fault()
    if fault.isMissing { return nil }
    throw .sftp(fault, "look at \(path)")
  }

  func remove(_ path: String) throws(SyncError) {
    guard unlink(path) != 0 else { return }
    let fault = fault()
    if !fault.isMissing { throw .sftp(fault, "remove \(path)") }
  }

  func unlink(_ path: String) -> Int32 {
    answer { libssh2_sftp_unlink_ex(sftp, path, UInt32(path.utf8.count)) }
  }

  /// Makes a folder and those above it; what is there stays.
  ///
  /// Tries before it looks: mostly one folder is missing, and each question is a round trip.
  func makeFolders(_ path: String) throws(SyncError) {
    var fault = makeFolder(path)
    if fault?.isMissing == true, let above = RemoteName.folder(of: path), !above.isEmpty {
      try makeFolders(above)
      fault = makeFolder(path)
    }
    guard let fault else { return }
    // It may have been there before, or another session made it in this moment.
    if case .status = fault, try stat(path) != nil { return }
    throw .sftp(fault, "make the folder \(path)")
  }

  /// - Returns: nil where it was made.
  private func makeFolder(_ path: String) -> SSHFault? {
    let code = answer { libssh2_sftp_mkdir_ex(sftp, path, UInt32(path.utf8.count), 0o750) }
    return code == 0 ? nil : fault()
  }

  /// Gives a file another name, over an older file of that name if there is one.
  ///
  /// - Errors: `SyncError.isRenameUnanswered` when it may have happened.
  func rename(_ path: String, to final: String) throws(SyncError) {
    let action = "rename \(path) to \(final)"
    do throws(SyncError) {
      if !lacksPosixRename, try replace(path, final, action) { return }
      try renamePlainly(path, final, action)
    } catch {
      guard isBroken, !error.isStop else { throw error }
      var unanswered = error
      unanswered.code = SyncError.renameUnansweredCode
      throw unanswered
    }
  }

  /// In one step, by OpenSSH's extension; false where the server does not have it.
  private func replace(_ path: String, _ final: String, _ action: String) throws(SyncError)
    -> Bool
  {
    let code = answer {
      libssh2_sftp_posix_rename_ex(sftp, path, path.utf8.count, final, final.utf8.count)
    }
    if code == 0 { return true }
    if code != Int32(LIBSSH2_FX_OP_UNSUPPORTED) {
      let fault = fault()
      guard fault == .unsupported else { throw .sftp(fault, action) }
    }
    lacksPosixRename = true
    return false
  }

  /// In two steps: protocol 3 has no rename over an existing file.
  private func renamePlainly(_ path: String, _ final: String, _ action: String)
    throws(SyncError)
  {
    if try stat(final) != nil { try remove(final) }
    let code = answer {
      libssh2_sftp_rename_ex(
        sftp, path, UInt32(path.utf8.count), final, UInt32(final.utf8.count), 0)
    }
    if code != 0 { throw failure(action) }
  }

  /// Closes a file or a listing.
  @discardableResult
  func closeHandle(_ handle: OpaquePointer) -> Int32 {
    answer { libssh2_sftp_close_handle(handle) }
  }

  func read(_ path: String, offset: UInt64, count: Int) throws(SyncError) -> [UInt8] {
    let action = "read \(path)"
    guard
      let file = handle({
        libssh2_sftp_open_ex(
          sftp, path, UInt32(path.utf8.count), UInt(LIBSSH2_FXF_READ), 0, LIBSSH2_SFTP_OPENFILE)
      })
    else { throw failure(action) }
    defer { closeHandle(file) }
    libssh2_sftp_seek64(file, offset)
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
      buffer.withMemoryRebound(to: CChar.self) { characters in
        while filled < count, let start = characters.baseAddress {
          let got = answer { libssh2_sftp_read(file, start + filled, count - filled) }
          if got <= 0 {
            failed = got < 0
            break
          }
          filled += got
        }
      }
    }
    if failed { throw failure(action) }
    return bytes
  }

  /// The plain files of a folder that fit a pattern, by name; none where there is no such folder.
  func list(_ folder: String, _ pattern: String) throws(SyncError) -> [(String, Attributes)] {
    let action = "list \(folder)"
    guard
      let handle = handle({
        libssh2_sftp_open_ex(sftp, folder, UInt32(folder.utf8.count), 0, 0, LIBSSH2_SFTP_OPENDIR)
      })
    else {
      let fault = fault()
      if fault.isMissing { return [] }
      throw .sftp(fault, action)
    }
    defer { closeHandle(handle) }
    var files: [(String, Attributes)] = []
    var name = [CChar](repeating: 0, count: 4096)
    while true {
      var raw = LIBSSH2_SFTP_ATTRIBUTES()
      let count = answer {
        libssh2_sftp_readdir_ex(handle, &name, name.count, nil, 0, &raw)
      }
      if count == 0 { break }
      guard count > 0 else { throw failure(action) }
      let bytes = name.prefix(Int(count)).map { UInt8(bitPattern: $0) }
      let attributes = Attributes(raw)
      guard attributes.isFile, let text = String(validating: bytes, as: UTF8.self),
        RemoteName.fits(text, pattern)
      else { continue }
      files.append((text, attributes))
    }
    return files.sorted { $0.0 < $1.0 }
  }
}
