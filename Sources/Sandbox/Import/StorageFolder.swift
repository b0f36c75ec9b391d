import Core
import Glibc

/// The SFTP account's storage as Campaign's own activities see it: local files below one folder.
///
/// - Promise: nothing above the folder is reached; a written file appears whole.
struct StorageFolder: Sendable {
  let root: String

  /// Files of one folder that match a pattern with `*` and `?` in its last component, sorted.
  func list(_ pattern: String) throws(SyncError) -> [String] {
    let path = try inside(pattern)
    let cut = path.lastIndex(of: "/") ?? path.startIndex
    let (folder, name) = (String(path[..<cut]), Array(path[cut...].utf8.dropFirst()))
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let found = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !found.hasPrefix("."), StorageFolder.matches(Array(found.utf8)[...], name[...]) {
        names.append(found)
      }
    }
    let prefix = pattern.lastIndex(of: "/").map { String(pattern[...$0]) } ?? ""
    return names.sorted().map { prefix + $0 }
  }

  /// `*` stands for any characters, `?` for one.
  static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    let rest = pattern.dropFirst()
    if first == 0x2A {
      return (name.startIndex...name.endIndex).contains { matches(name[$0...], rest) }
    }
    guard let byte = name.first, byte == first || first == 0x3F else { return false }
    return matches(name.dropFirst(), rest)
  }

  func open(_ name: String) throws(SyncError) -> StorageFile {
    let path = try inside(name)
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .storage("read \(name)") }
    return StorageFile(file, name)
  }

  /// Writes a whole file, its folders too where they are not there.
  func write(_ bytes: [UInt8], as name: String) throws(SyncError) {
    let path = try inside(name)
    for (index, character) in zip(path.indices, path)
    where character == "/" && index > path.startIndex {
      mkdir(String(path[..<index]), 0o770)
    }
    let temporary = path + ".tmp"
    let file = Glibc.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o660)
    guard file >= 0 else { throw .storage("write \(name)") }
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(file, $0.baseAddress.map { $0 + written }, bytes.count - written)
      }
      guard count > 0 else { break }
      written += count
    }
    close(file)
    guard written == bytes.count, rename(temporary, path) == 0 else {
      unlink(temporary)
      throw .storage("write \(name)")
    }
  }

  func remove(_ name: String) throws(SyncError) {
    guard unlink(try inside(name)) == 0 else { throw .storage("remove \(name)") }
  }

  private func inside(_ name: String) throws(SyncError) -> String {
    guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
      throw SyncError(
        .configuration, "find \(name)", "the path leads out of the storage",
        next: "give a path below the login directory")
    }
    return root + "/" + name
  }
}

/// A file being read from its beginning.
final class StorageFile {
  private let file: Int32
  private let name: String

  init(_ file: Int32, _ name: String) {
    self.file = file
    self.name = name
  }

  deinit { close(file) }

  /// At most `count` bytes; empty at the end.
  func read(_ count: Int) throws(SyncError) -> [UInt8] {
    var result = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      result = Glibc.read(file, buffer.baseAddress, count)
      filled = max(0, result)
    }
    guard result >= 0 else { throw .storage("read \(name)") }
    return bytes
  }
}

extension SyncError {
  fileprivate static func storage(_ action: String) -> SyncError {
    SyncError(
      .storage, action, "the storage refused it", code: "errno \(errno)",
      next: "look at the folder's rights and space")
  }
}
