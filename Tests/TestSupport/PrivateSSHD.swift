import Core
import Glibc

/// A real OpenSSH server for one test: current user, loopback, a free port, keys of its own.
///
/// - Shape: logins start in `files`. It ends with the value, its sessions too.
package final class PrivateSSHD: Sendable {
  package enum KeyType: String, Sendable, CaseIterable { case rsa, ed25519, ecdsa }

  package let port: Int
  /// The login directory.
  package let files: String
  private let folder: TemporaryFolder
  private let process: ChildProcess

  /// - Parameter hostKeys: the types of host key it has.
  /// - Parameter deniedRequests: SFTP requests it does not know, `posix-rename` for example.
  /// - Parameter settings: lines for its configuration.
  package init(
    hostKeys: [KeyType] = [.ed25519], deniedRequests: [String] = [], settings: [String] = []
  ) throws {
    folder = TemporaryFolder()
    files = folder.path + "/files"
    mkdir(files, 0o700)
    if getuid() == 0 { mkdir("/run/sshd", 0o755) }
    for type in hostKeys { try Self.makeKey(type, at: "\(folder.path)/host_\(type)") }
    var attempt = 1
    while true {
      let port = Self.freePort()
      let configuration = "\(folder.path)/sshd_config"
      try writeText(
        Self.configuration(port, folder.path, files, hostKeys, deniedRequests)
          + settings.map { $0 + "\n" }.joined(), to: configuration)
      let process = try ChildProcess(
        ["/usr/sbin/sshd", "-D", "-e", "-f", configuration], output: "\(folder.path)/log")
      if Self.isReady(process, port, log: "\(folder.path)/log") {
        (self.port, self.process) = (port, process)
        return
      }
      kill(process.id, SIGKILL)
      process.wait()
      // Somebody else may have taken the port meanwhile.
      guard attempt < 3 else {
        throw ChildProcess.Failed(
          description: "sshd does not start: \(readText("\(folder.path)/log"))")
      }
      attempt += 1
    }
  }

  deinit {
    dropSessions()
    kill(process.id, SIGKILL)
    process.wait()
  }

  /// The server's log, for a failing test.
  package var log: String { readText("\(folder.path)/log") }

  /// Connections that are open now.
  package var sessionCount: Int { process.descendants().count }

  /// Kills every session, as a network that breaks off would; the server takes new ones.
  package func dropSessions() {
    for id in process.descendants() { kill(id, SIGKILL) }
  }

  /// Lets the SFTP part of every session stand still, until the client can send no more, and acts then.
  package func holdUp(_ act: () -> Void) {
    let all = process.descendants()
    guard let last = all.last else { return }
    kill(last, SIGSTOP)
    defer { kill(last, SIGCONT) }
    var seen = ""
    var looks = 0
    while looks < 20 {
      let now = all.map { readText("/proc/\($0)/io") }.joined()
      looks = now == seen ? looks + 1 : 0
      seen = now
      _ = poll(nil, 0, 5)
    }
    act()
  }

  /// Settings that work: a new key of this type, let in, and every host key known.
  package func settings(
    key: KeyType = .ed25519, passphrase: String = "", isPEM: Bool = false
  ) throws -> EnvironmentSettings.SFTP {
    let path = try newKey(key, passphrase: passphrase, isPEM: isPEM)
    let known = try write(known: knownHostLines(), name: "known_hosts")
    var settings = EnvironmentSettings.SFTP(
      host: "127.0.0.1", user: Self.userName, privateKey: path, knownHosts: known, directory: ".")
    settings.port = port
    return settings
  }

  /// A client key; `isAllowed` writes its public half into the server's list.
  package func newKey(
    _ type: KeyType, passphrase: String = "", isPEM: Bool = false, isAllowed: Bool = true
  ) throws -> String {
    let path = "\(folder.path)/client_\(type)_\(passphrase.utf8.count)_\(isPEM)_\(isAllowed)"
    if access(path, F_OK) != 0 {
      try Self.makeKey(type, at: path, passphrase: passphrase, isPEM: isPEM)
    }
    if isAllowed {
      let list = "\(folder.path)/authorized_keys"
      try writeText(readText(list) + readText(path + ".pub"), to: list)
    }
    return path
  }

  /// Lines of `known_hosts`: `[127.0.0.1]:port type key`, one for each host key there is.
  package func knownHostLines(_ name: String? = nil) -> [String] {
    KeyType.allCases.compactMap { type in
      let words = readText("\(folder.path)/host_\(type).pub").split(separator: " ")
      guard words.count > 1 else { return nil }
      return "\(name ?? "[127.0.0.1]:\(port)") \(words[0]) \(words[1])"
    }
  }

  /// A `known_hosts` file with these lines.
  package func write(known lines: [String], name: String, hashed: Bool = false) throws -> String {
    let path = "\(folder.path)/\(name)"
    try writeText(lines.map { $0 + "\n" }.joined(), to: path)
    if hashed { try ChildProcess.run(["ssh-keygen", "-q", "-H", "-f", path]) }
    return path
  }

  /// The public half of a key of nobody here: `type key`.
  package func strangersKey(_ type: KeyType) throws -> String {
    let path = "\(folder.path)/stranger_\(type)"
    try Self.makeKey(type, at: path)
    return readText(path + ".pub").split(separator: " ").prefix(2).joined(separator: " ")
  }

  // MARK: Making

  /// Asked for once: the entry is one for all threads.
  private static let userName: String = {
    guard let entry = getpwuid(getuid()) else { return "root" }
    return String(cString: entry.pointee.pw_name)
  }()

  private static func makeKey(
    _ type: KeyType, at path: String, passphrase: String = "", isPEM: Bool = false
  ) throws {
    var command = ["ssh-keygen", "-q", "-t", type.rawValue, "-N", passphrase, "-f", path]
    if type == .rsa { command += ["-b", "2048"] }
    if isPEM { command += ["-m", "PEM"] }
    try ChildProcess.run(command)
  }

  private static func configuration(
    _ port: Int, _ folder: String, _ files: String, _ keys: [KeyType], _ denied: [String]
  ) -> String {
    let limits = denied.isEmpty ? "" : " -P \(denied.joined(separator: ","))"
    return """
      ListenAddress 127.0.0.1:\(port)
      \(keys.map { "HostKey \(folder)/host_\($0)" }.joined(separator: "\n"))
      AuthorizedKeysFile \(folder)/authorized_keys
      Subsystem sftp internal-sftp -d \(files)\(limits)
      PidFile none
      StrictModes no
      UsePAM no
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      PermitRootLogin prohibit-password
      MaxStartups 200
      MaxSessions 50

      """
  }

  private static func isReady(_ process: ChildProcess, _ port: Int, log: String) -> Bool {
    // Two minutes at most; it takes some twenty milliseconds where the machine has nothing else to do.
    for _ in 0..<24_000 {
      if process.hasEnded() { return false }
      // That somebody answers is not enough: it may be another program.
      if readText(log).contains("Server listening on 127.0.0.1 port \(port)."), canConnect(port) {
        // The attempt was a session too; it is over in a moment.
        while !process.descendants().isEmpty { _ = poll(nil, 0, 1) }
        return true
      }
      _ = poll(nil, 0, 5)
    }
    return false
  }

  /// A loopback port that nobody listens on, below those that the system gives away.
  private static func freePort() -> Int {
    while true {
      let port = Int.random(in: 10_000..<32_768)
      if withLoopbackSocket(port, { bind($0, $1, $2) == 0 }) { return port }
    }
  }

  private static func canConnect(_ port: Int) -> Bool {
    withLoopbackSocket(port) { socket, address, size in
      guard connect(socket, address, size) == 0 else { return false }
      // The banner comes from the session's own process: from here on it can be seen to end.
      var first: UInt8 = 0
      return recv(socket, &first, 1, 0) == 1
    }
  }

  private static func withLoopbackSocket<T>(
    _ port: Int, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> T
  ) -> T {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

/// Runs a test with a server of its own.
package func withSSHD<T>(
  hostKeys: [PrivateSSHD.KeyType] = [.ed25519], deniedRequests: [String] = [],
  settings: [String] = [], _ body: (PrivateSSHD) async throws -> T
) async throws -> T {
  // Keys are made and the server is waited for meanwhile: not on a thread that runs tests.
  let start = await onOwnThread {
    Result {
      try PrivateSSHD(hostKeys: hostKeys, deniedRequests: deniedRequests, settings: settings)
    }
  }
  let server = try start.get()
  let result = try await body(server)
  return withExtendedLifetime(server) { result }
}

private func readText(_ path: String) -> String {
  guard let file = fopen(path, "r") else { return "" }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while true {
    let byte = fgetc(file)
    if byte == EOF { return String(decoding: bytes, as: UTF8.self) }
    bytes.append(UInt8(byte))
  }
}

private func writeText(_ text: String, to path: String) throws {
  guard let file = fopen(path, "w") else {
    throw ChildProcess.Failed(description: "cannot write \(path): errno \(errno)")
  }
  fputs(text, file)
  fclose(file)
}
