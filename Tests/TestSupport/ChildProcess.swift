import Glibc

/// A program of this machine, started without a shell; its output goes to a file, or nowhere.
package struct ChildProcess: Sendable {
  package let id: pid_t

  package struct Failed: Error, CustomStringConvertible {
    package let description: String
  }

  package init(_ arguments: [String], output: String = "/dev/null") throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    Inheritance.end(&actions)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    defer { words.forEach { free($0) } }
    var id = pid_t()
    let code = posix_spawnp(&id, arguments[0], &actions, nil, words, environ)
    guard code == 0 else {
      throw Failed(description: "cannot start \(arguments[0]): errno \(code)")
    }
    self.id = id
  }

  /// Runs a program to its end, which has to be a good one.
  package static func run(_ arguments: [String]) throws {
    let status = try ChildProcess(arguments).wait()
    guard status == 0 else {
      throw Failed(description: "\(arguments.joined(separator: " ")): wait status \(status)")
    }
  }

  @discardableResult
  package func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
    return status
  }

  /// True once it has ended; it is reaped then.
  package func hasEnded() -> Bool {
    var status: Int32 = 0
    return waitpid(id, &status, WNOHANG) != 0
  }

  /// Children, their children and so on, nearest first.
  package func descendants() -> [pid_t] {
    var children: [pid_t: [pid_t]] = [:]
    for process in Self.processes() { children[process.parent, default: []].append(process.id) }
    var found: [pid_t] = []
    var next = children[id] ?? []
    while !next.isEmpty {
      found += next
      next = next.flatMap { children[$0] ?? [] }
    }
    return found
  }

  private static func processes() -> [(id: pid_t, parent: pid_t)] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var found: [(pid_t, pid_t)] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let id = pid_t(name), let parent = parent(of: id) else { continue }
      found.append((id, parent))
    }
    return found
  }

  /// The fourth field of `/proc/ID/stat`, after the name in parentheses; nil for a zombie.
  private static func parent(of id: pid_t) -> pid_t? {
    let file = open("/proc/\(id)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = read(file, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    guard let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 1, fields[0] != "Z" else { return nil }
    return pid_t(fields[1])
  }
}
