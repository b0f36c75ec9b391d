import Core
import Glibc

/// Makes a folder, and those above it, readable by its owner alone; one that is there stays as it is.
package func makeFolder(_ path: String) throws(SyncError) {
  let code = mkdir(path, 0o700) == 0 ? 0 : errno
  switch code {
  case 0:
    guard chmod(path, 0o700) == 0 else { throw .disk("set the mode of \(path)") }  // the umask
    try flushFolder(folder(of: path))
  case EEXIST:
    var information = stat()
    guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFDIR else {
      throw .disk("make the folder \(path)", ENOTDIR)
    }
  case ENOENT where folder(of: path) != path:
    try makeFolder(folder(of: path))
    try makeFolder(path)
  default:
    throw .disk("make the folder \(path)", code)
  }
}

/// Makes new, renamed and removed names of a folder survive a crash.
func flushFolder(_ path: String) throws(SyncError) {
  guard let file = try OpenFile.open(path, O_RDONLY | O_DIRECTORY) else {
    throw .disk("open \(path)", ENOENT)
  }
  try file.flush()
}

/// The folder that a path is in.
func folder(of path: String) -> String {
  guard let slash = path.lastIndex(of: "/") else { return "." }
  return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The names in a folder; none where there is no such folder.
func names(in folder: String) throws(SyncError) -> [String] {
  guard let stream = opendir(folder) else {
    if errno == ENOENT { return [] }
    throw .disk("list \(folder)")
  }
  defer { closedir(stream) }
  var names: [String] = []
  while let entry = readdir(stream) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if name != "." && name != ".." { names.append(name) }
  }
  return names
}

/// Removes a folder with the files in it; ours have no folders inside.
func removeFolder(_ path: String) throws(SyncError) {
  for name in try names(in: path) {
    let file = path + "/" + name
    guard unlink(file) == 0 || errno == ENOENT else { throw .disk("remove \(file)") }
  }
  guard rmdir(path) == 0 else {
    if errno == ENOENT { return }
    throw .disk("remove \(path)")
  }
  try flushFolder(folder(of: path))
}
