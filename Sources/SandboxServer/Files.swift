import Core
import Glibc

/// The sandbox's own files: folders 0700, files 0600.
package enum Files {
  package static func makeFolder(_ path: String) throws(SyncError) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      if access(made, F_OK) != 0, mkdir(made, 0o700) != 0, errno != EEXIST {
        throw .file("make the folder \(path)", errno)
      }
    }
  }

  package static func read(_ path: String) throws(SyncError) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .file("read \(path)", errno) }
    defer { close(file) }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(file, &piece, piece.count)
      guard count >= 0 else { throw .file("read \(path)", errno) }
      if count == 0 { return String(decoding: text, as: UTF8.self) }
      text += piece[..<count]
    }
  }

  /// Whole or not at all: under another name first, then renamed.
  package static func write(_ text: String, to path: String) throws(SyncError) {
    let temporary = path + ".tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw .file("write \(path)", errno) }
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Glibc.write(file, $0.baseAddress, $0.count)
      }
      guard count > 0 else { break }
      written += count
    }
    let number = errno
    close(file)
    guard written == bytes.count else { throw .file("write \(path)", number) }
    guard rename(temporary, path) == 0 else { throw .file("write \(path)", errno) }
  }

  /// Removes a folder with all that is in it; nothing where it is not there.
  package static func removeTree(_ path: String) {
    if remove(path) == 0 || errno == ENOENT { return }
    guard let folder = opendir(path) else { return }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    closedir(folder)
    for name in names { removeTree(path + "/" + name) }
    remove(path)
  }
}

extension SyncError {
  fileprivate static func file(_ action: String, _ number: Int32) -> SyncError {
    SyncError(
      .storage, action, "the system refused it", code: "errno \(number)",
      next: "look at the folder's rights and the disk's space")
  }
}
