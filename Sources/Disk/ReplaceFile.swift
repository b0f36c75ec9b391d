import Core
import Glibc

/// Replaces a file so that a reader, or a crash, sees the old bytes or the new and nothing between.
///
/// - Shape: mode 0600, whatever the umask; the folder exists.
/// - Parameter flushing: false where a crash may take the file.
package func replaceFile(
  at path: String, with bytes: [UInt8], flushing: Bool = true
) throws(SyncError) {
  let temporary = path + ".tmp"  // same folder: rename must not cross file systems
  let file = try OpenFile.create(temporary, O_TRUNC)
  try file.write(bytes, at: 0)
  if flushing { try file.flush() }  // the bytes,
  try renameFile(temporary, to: path)  // the name,
  if flushing { try flushFolder(folder(of: path)) }  // the folder.
}

/// The bytes of a small file; nil where there is none.
///
/// - Parameter limit: a larger file is none of ours.
package func readFile(at path: String, limit: Int = 64 << 20) throws(SyncError) -> [UInt8]? {
  guard let file = try OpenFile.open(path, O_RDONLY) else { return nil }
  let size = try file.size()
  guard size <= limit else {
    throw SyncError(.storage, "read \(path)", "it has \(size) bytes; at most \(limit) are expected")
  }
  return try file.read(from: 0, count: Int(size))
}

/// Removes a file for good; one that is not there is removed.
package func removeFile(at path: String) throws(SyncError) {
  guard unlink(path) == 0 else {
    if errno == ENOENT { return }
    throw .disk("remove \(path)")
  }
  try flushFolder(folder(of: path))
}

func renameFile(_ path: String, to other: String) throws(SyncError) {
  guard rename(path, other) == 0 else { throw .disk("rename \(path) to \(other)") }
}

func fileExists(_ path: String) -> Bool {
  access(path, F_OK) == 0
}
