import Glibc

/// What a program that a test starts inherits beside its three standard streams: nothing.
///
/// A connection or a pipe of another test would else stay open as long as that program lives.
enum Inheritance {
  private typealias CloseFrom =
    @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

  /// Glibc has it since 2.34; its header does not show it to Swift.
  private static let closeFrom = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map {
    unsafeBitCast($0, to: CloseFrom.self)
  }

  /// The last of the actions.
  static func end(_ actions: inout posix_spawn_file_actions_t) { _ = closeFrom?(&actions, 3) }
}

/// A child that another thread is just starting: it has this file open.
///
/// A real one has all files of this process open, but only until it becomes its program.
package final class UnbornChild: Sendable {
  private let copies: [Int32]

  /// - Parameter path: a file that this process has open.
  package init(having path: String) {
    var file = stat()
    precondition(stat(path, &file) == 0, "it is not there")
    copies = Self.openDescriptors().compactMap { descriptor in
      var other = stat()
      guard fstat(descriptor, &other) == 0, other.st_dev == file.st_dev,
        other.st_ino == file.st_ino
      else { return nil }
      return fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    }
    precondition(!copies.isEmpty, "nobody has it open")
  }

  /// Few, where the numbers they may have are a thousand million.
  private static func openDescriptors() -> [Int32] {
    guard let folder = opendir("/proc/self/fd") else { return [] }
    defer { closedir(folder) }
    var found: [Int32] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let descriptor = Int32(name) { found.append(descriptor) }
    }
    return found
  }

  deinit { copies.forEach { close($0) } }
}
