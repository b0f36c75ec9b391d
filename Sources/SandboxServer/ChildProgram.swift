import Core
import Glibc

/// A program with a line to its standard input that only this process holds.
///
/// - Shape: in a session of its own, so that a terminal's Ctrl-C does not reach it; its output and its
///   errors go to one file. The end of its input tells it that this process is gone, however it went.
package struct ChildProgram: Sendable {
  package let id: pid_t
  private let input: Int32
  /// POSIX_SPAWN_SETSID, which this platform's overlay does not show.
  private static let newSession: Int16 = 0x80

  package init(
    _ arguments: [String], environment: [String: String] = [:], log: String
  ) throws(SyncError) {
    // Not a pipe: only sockets are born closed for other children, without a gap.
    var ends: [Int32] = [0, 0]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .start(arguments[0], errno) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    // A thread of the runtime blocks signals, and this program ignores some: a child must not.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var usual = sigset_t()
    sigemptyset(&usual)
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD] { sigaddset(&usual, number) }
    posix_spawnattr_setsigdefault(&attributes, &usual)
    let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Self.newSession
    posix_spawnattr_setflags(&attributes, flags)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
      close(ends[0])
    }
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var variables = Self.variables(with: environment) + [nil]
    defer { (words + variables).forEach { free($0) } }
    var id = pid_t()
    let code = posix_spawnp(&id, arguments[0], &actions, &attributes, &words, &variables)
    guard code == 0 else {
      close(ends[1])
      throw .start(arguments[0], code)
    }
    (self.id, input) = (id, ends[1])
  }

  private static func variables(
    with more: [String: String]
  ) -> [UnsafeMutablePointer<CChar>?] {
    var variables: [UnsafeMutablePointer<CChar>?] = []
    var next = environ
    while let entry = next.pointee {
      let name = String(cString: entry).prefix { $0 != "=" }
      if more[String(name)] == nil { variables.append(strdup(entry)) }
      next += 1
    }
    return variables + more.map { strdup("\($0.key)=\($0.value)") }
  }

  /// Ends the program's input, and waits for its end.
  func endInput() {
    close(input)
    _ = wait()
  }

  /// The status, as `wait` gives it.
  private func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
    return status
  }

  /// True once it has ended; it is reaped then.
  package func hasEnded() -> Bool { waitpid(id, nil, WNOHANG) != 0 }

  /// False for processes that ended, also while nobody has asked for their status.
  package static func isRunning(_ id: Int) -> Bool {
    var byte: CChar = 0
    return readlink("/proc/\(id)/exe", &byte, 1) >= 0
  }

  /// Runs a program to its end.
  ///
  /// - Errors: `storage` where it cannot be started or does not exit with 0.
  static func run(_ arguments: [String], log: String) throws(SyncError) {
    let program = try ChildProgram(arguments, log: log)
    close(program.input)
    let status = program.wait()
    guard status == 0 else {
      throw SyncError(
        .storage, "run \(arguments[0])", "it failed; \(log) holds what it said",
        code: "wait status \(status)")
    }
  }
}

extension SyncError {
  fileprivate static func start(_ program: String, _ number: Int32) -> SyncError {
    SyncError(
      .configuration, "start \(program)", "the system refused it", code: "errno \(number)",
      next: "install openssh-server and openssh-client; `make setup` does")
  }
}
