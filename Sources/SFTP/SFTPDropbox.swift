import Core
import Glibc

/// The shared folder by SFTP, over as many sessions at once as the settings allow.
package struct SFTPDropbox: Dropbox {
  private let settings: SFTPSettings
  private let pool: SessionPool

  package init(_ settings: SFTPSettings) {
    self.settings = settings
    pool = SessionPool(settings)
  }

  package func publish(_ localPath: String, as name: String) async throws(SyncError) {
    try await publish(.file(localPath), as: name)
  }

  package func publish(bytes: [UInt8], as name: String) async throws(SyncError) {
    try await publish(.bytes(bytes), as: name)
  }

  private func publish(_ source: UploadSource, as name: String) async throws(SyncError) {
    let path = try path(name)
    do throws(SyncError) {
      try await pool.with { connection throws(SyncError) in
        try connection.upload(source, to: path, named: name)
      }
    } catch {
      // That session may have ended within a block; where the server still answers, another one tidies.
      if error.isRemoteAnswer || error.kind == .storage {
        try? await remove(RemoteName.temporary(for: name))
      }
      throw error
    }
  }

  package func list(_ pattern: String) async throws(SyncError) -> [RemoteFile] {
    let full = try path(pattern)
    let folder = RemoteName.folder(of: pattern)
    let last = folder.map { String(pattern.dropFirst($0.count + 1)) } ?? pattern
    return try await pool.with { connection throws(SyncError) in
      try connection.list(RemoteName.folder(of: full) ?? ".", last).map { name, attributes in
        RemoteFile(
          name: folder.map { "\($0)/\(name)" } ?? name, size: attributes.size,
          modified: attributes.modified)
      }
    }
  }

  package func stat(_ name: String) async throws(SyncError) -> RemoteFile? {
    let path = try path(name)
    return try await pool.with { connection throws(SyncError) in
      try connection.stat(path).map {
        RemoteFile(name: name, size: $0.size, modified: $0.modified)
      }
    }
  }

  package func read(_ name: String, offset: UInt64, count: Int) async throws(SyncError)
    -> [UInt8]
  {
    let path = try path(name)
    return try await pool.with { connection throws(SyncError) in
      try connection.read(path, offset: offset, count: count)
    }
  }

  package func rename(_ name: String, to other: String) async throws(SyncError) {
    let (path, final) = (try path(name), try path(other))
    try await pool.with { connection throws(SyncError) in try connection.rename(path, to: final) }
  }

  package func remove(_ name: String) async throws(SyncError) {
    let path = try path(name)
    try await pool.with { connection throws(SyncError) in try connection.remove(path) }
  }

  package func makeFolder(_ name: String) async throws(SyncError) {
    let path = try path(name)
    try await pool.with { connection throws(SyncError) in try connection.makeFolders(path) }
  }

  /// A name as the server knows it, below the login directory.
  private func path(_ name: String) throws(SyncError) -> String {
    try RemoteName.check(name)
    let directory = settings.directory
    if directory.isEmpty || directory == "." || directory == "./" { return name }
    let folder = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
    try RemoteName.check(folder)
    return "\(folder)/\(name)"
  }
}

/// For `check`: one fault, one sentence.
extension SFTPDropbox {
  /// Connects, checks the server's key and logs in.
  package func proveLogin() async throws(SyncError) {
    try await pool.with { _ throws(SyncError) in }
  }

  /// Writes a small file, gives it another name, and removes it.
  ///
  /// - Returns: whether the server can rename over an existing file in one step.
  package func proveWriting() async throws(SyncError) -> Bool {
    let name = "campaign-sync-check-\(getpid())"
    try await publish(bytes: Array("campaign-sync check\n".utf8), as: "\(name).txt")
    try await rename("\(name).txt", to: "\(name).done")
    try await remove("\(name).done")
    return try await pool.with { connection throws(SyncError) in !connection.lacksPosixRename }
  }
}
