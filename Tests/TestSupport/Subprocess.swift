import Glibc
import Synchronization

/// A program of the system, for tests; killed with the value if it still runs.
package final class Subprocess: Sendable {
  private let pid: pid_t
  /// The reading end of its standard output.
  private let output: Int32
  private let isOver = Mutex(false)

  /// Nil where it cannot be started.
  ///
  /// It is looked for in PATH; its standard error is dropped.
  package convenience init?(_ arguments: [String]) {
    self.init(Self.spawn(arguments))
  }

  private init?(_ child: (pid: pid_t, output: Int32)?) {
    guard let child else { return nil }
    (pid, output) = child
  }

  private static func spawn(_ arguments: [String]) -> (pid: pid_t, output: Int32)? {
    var ends: [Int32] = [-1, -1]
    // Born closed for other children, unlike a pipe.
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    Inheritance.end(&actions)

    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    argv.append(nil)
    defer { argv.forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawnp(&pid, arguments[0], &actions, nil, argv, environ)
    close(ends[1])
    guard code == 0 else {
      close(ends[0])
      return nil
    }
    return (pid, ends[0])
  }

  deinit {
    if !isOver.withLock({ $0 }) {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(output)
  }

  /// The next line of its output, without the line end; nil at the end.
  package func line() -> String? {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1 {
      if byte == 0x0A { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// Reads its output to the end; true where it exited with 0.
  package static func run(_ arguments: [String]) -> Bool {
    guard let process = Subprocess(arguments) else { return false }
    while process.line() != nil {}
    var status: Int32 = 0
    waitpid(process.pid, &status, 0)
    process.isOver.withLock { $0 = true }
    return status == 0
  }
}
