import Core
import Glibc
import Synchronization

/// A program that ran to its end, and what it said.
package struct ProgramResult: Sendable {
  /// The exit status; -9 where SIGKILL ended it.
  package var status: Int32
  /// Standard output.
  package var output: String
  /// Standard error.
  package var errors: String

  /// Standard output as JSON; null where it is none.
  package var json: JSONValue { (try? FixtureJSON.parse(Array(output.utf8))) ?? .null }
}

/// A program of this package as a user runs it: the built file, a folder, arguments, an environment.
package final class Program: Sendable {
  package struct Failed: Error, CustomStringConvertible {
    package let description: String
  }

  package let id: pid_t
  /// Where its output and errors are kept until its end.
  private let outputFile: String
  private let errorFile: String
  /// The writing end of its standard input; -1 where it has none.
  private let input: Int32
  /// Its end was waited for.
  private let isTaken = Atomic<Bool>(false)

  /// - Parameter name: `campaign-sync`, `campaign-sync-sandbox`, looked for beside the test program; a
  ///   path is taken as it is. `TOOL` names another `campaign-sync`: the one that is installed.
  /// - Parameter environment: beside PATH; nothing else of the test's own is passed on.
  /// - Parameter hasInput: its standard input stays open until `endInput`, or until the test's end.
  package init(
    _ name: String, _ arguments: [String], in folder: String, environment: [String: String] = [:],
    hasInput: Bool = false
  ) throws {
    let other = name == "campaign-sync" ? getenv("TOOL").map { String(cString: $0) } : nil
    let path = other ?? (name.contains("/") ? name : Program.folder + "/" + name)
    guard access(path, X_OK) == 0 else {
      throw Failed(description: "\(path) is not built: run `swift build`")
    }
    let stem = "\(folder)/.program-\(UInt64.random(in: 0...UInt64.max))"
    (outputFile, errorFile) = (stem + ".out", stem + ".err")

    var ends: [Int32] = [-1, -1]
    if hasInput {
      // Born closed for other children, unlike a pipe.
      socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
    }
    input = ends[1]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if hasInput {
      posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 1, outputFile, flags, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errorFile, flags, 0o600)
    Inheritance.end(&actions)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Test threads block and ignore signals that a user's shell does not.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigemptyset(&all)
    for number in [SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD] { sigaddset(&all, number) }
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    var variables = environment
    variables["PATH"] = variables["PATH"] ?? getenv("PATH").map { String(cString: $0) }
    // `env` goes to the folder and becomes the program, which keeps the process id.
    let command = ["/usr/bin/env", "-C", folder, path] + arguments
    var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
    var pairs: [UnsafeMutablePointer<CChar>?] =
      variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (words + pairs).forEach { free($0) } }
    var id = pid_t()
    let code = posix_spawn(&id, command[0], &actions, &attributes, &words, &pairs)
    if hasInput { close(ends[0]) }
    guard code == 0 else { throw Failed(description: "cannot start \(path): errno \(code)") }
    self.id = id
  }

  /// Nobody waited for it: its end is taken here, since exit tests of this process stand still as
  /// long as any child is a zombie.
  deinit {
    if input >= 0 { close(input) }
    guard !isTaken.load(ordering: .relaxed) else { return }
    startThread { [id] in
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0 && errno == EINTR {}
    }
  }

  /// The folder of the built programs: that of the test program itself.
  package static var folder: String {
    var path = [CChar](repeating: 0, count: 4096)
    let count = max(0, readlink("/proc/self/exe", &path, path.count))
    let text = String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.lastIndex(of: "/").map { String(text[..<$0]) } ?? "."
  }

  package func kill(_ signal: Int32 = SIGKILL) { Glibc.kill(id, signal) }

  /// Tells a program that reads its input that there is no more.
  package func endInput() { if input >= 0 { shutdown(input, Int32(SHUT_WR)) } }

  /// True while it runs; its status can still be asked for then.
  package var isRunning: Bool {
    var info = siginfo_t()
    info.si_signo = 0
    let code = waitid(P_PID, id_t(id), &info, WEXITED | WNOHANG | WNOWAIT)
    return code == 0 && info.si_signo == 0
  }

  /// What it has written to standard output so far.
  package var outputSoFar: String { Program.text(outputFile) }

  /// Waits for its end, on a thread of its own.
  package func end() async -> ProgramResult {
    isTaken.store(true, ordering: .relaxed)
    let status = await onOwnThread { [id] in
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0 && errno == EINTR {}
      return status
    }
    let signal = status & 0x7F
    return ProgramResult(
      status: signal == 0 ? (status >> 8) & 0xFF : -signal, output: Program.text(outputFile),
      errors: Program.text(errorFile))
  }

  /// Runs a program to its end.
  package static func run(
    _ name: String, _ arguments: [String], in folder: String, environment: [String: String] = [:]
  ) async throws -> ProgramResult {
    try await Program(name, arguments, in: folder, environment: environment).end()
  }

  package static func text(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece[..<count]
    }
  }
}
