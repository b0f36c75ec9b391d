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
