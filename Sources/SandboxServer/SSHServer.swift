import Core
import Glibc

/// A real OpenSSH server on 127.0.0.1 for one account, with keys of its own.
///
/// - Shape: below `folder`: host keys, `client_rsa` (0600), `known_hosts`, `sshd.log`; logins start in
///   `home`, where `d365_loads` is. Keys that are there already are used again.
/// - Promise: it ends with the value and with this process, sessions included, however that ends.
package final class SSHServer: Sendable {
  package let port: Int
  /// `acme`; where nss_wrapper is not installed, the name of whoever runs this.
  package let user: String
  package let home: String
  package var clientKey: String { folder + "/client_rsa" }
  package var knownHosts: String { folder + "/known_hosts" }
  private let folder: String
  private let guardian: ChildProgram

  private init(port: Int, user: String, folder: String, guardian: ChildProgram) {
    (self.port, self.user, self.folder, self.guardian) = (port, user, folder, guardian)
    home = folder + "/home"
  }

  /// - Parameter folder: absolute; made if it is not there.
  /// - Parameter port: 0: one that is free.
  package static func start(
    in folder: String, port: Int = 0, user: String = "acme"
  ) async throws(SyncError) -> SSHServer {
    let log = folder + "/sshd.log"
    try Files.makeFolder(folder)
    try Files.makeFolder(folder + "/home")
    try Files.makeFolder(folder + "/home/d365_loads")
    // Root's sshd wants its empty folder; a package's own service would have made it.
    if getuid() == 0 { mkdir("/run/sshd", 0o755) }
    try makeKey(["ed25519"], at: folder + "/host_ed25519", log: log)
    try makeKey(["rsa", "-b", "2048"], at: folder + "/host_rsa", log: log)
    try makeKey(["rsa", "-b", "2048", "-m", "PEM"], at: folder + "/client_rsa", log: log)
    try Files.write(try Files.read(folder + "/client_rsa.pub"), to: folder + "/authorized_keys")

    let account = try Account(user, in: folder)
    var attempt = 1
    guard port == 0 || !LoopbackPort.answers(port) else { throw .portTaken(port) }
    while true {
      let port = port == 0 ? LoopbackPort.free() : port
      try writeConfiguration(port, folder)
      unlink(folder + "/sshd.pid")
      let said = listenings(port, log)
      let guardian = try ChildProgram(
        ["/bin/sh", "-c", script, "sandbox-sshd", folder + "/sshd_config"],
        environment: account.environment, log: log)
      if await isReady(folder, { listenings(port, log) > said }) {
        return SSHServer(port: port, user: account.name, folder: folder, guardian: guardian)
      }
      guardian.endInput()
      // Somebody else may have taken the free port meanwhile.
      guard attempt < 3 else {
        throw SyncError(
          .storage, "start sshd", "it ended at once; \(log) says why",
          next: "install openssh-server; `make setup` does")
      }
      attempt += 1
    }
  }

  package func stop() { guardian.endInput() }

  /// Kills every session, as a network that breaks off would; the server takes new ones.
  package func dropSessions() throws(SyncError) {
    let server = try Files.read(folder + "/sshd.pid").split(separator: "\n").first ?? ""
    let path = "/proc/\(server)/task/\(server)/children"
    for word in try Files.read(path).split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if let session = pid_t(word) { kill(session, SIGKILL) }
    }
  }

  /// Starts sshd and, when its own input ends, kills sshd's sessions and sshd.
  ///
  /// Should this shell be killed too, sshd goes with it where `setpriv` is there.
  private static let script = """
    guarded=
    command -v setpriv >/dev/null && guarded='setpriv --pdeathsig KILL'
    $guarded /usr/sbin/sshd -D -e -f "$1" </dev/null &
    server=$!
    unset LD_PRELOAD
    echo $server >"${1%/*}/sshd.pid"
    read -r line
    children=$(cat /proc/$server/task/$server/children)
    kill -9 $server $children
    wait $server
    """

  private static func makeKey(
    _ type: [String], at path: String, log: String
  ) throws(SyncError) {
    if access(path, R_OK) == 0, access(path + ".pub", R_OK) == 0 { return }
    unlink(path)
    try ChildProgram.run(
      ["ssh-keygen", "-q", "-N", "", "-C", "campaign-sync-sandbox", "-f", path, "-t"] + type,
      log: log)
  }

  private static func writeConfiguration(_ port: Int, _ folder: String) throws(SyncError) {
    try Files.write(
      """
      ListenAddress 127.0.0.1:\(port)
      HostKey "\(folder)/host_ed25519"
      HostKey "\(folder)/host_rsa"
      AuthorizedKeysFile "\(folder)/authorized_keys"
      Subsystem sftp internal-sftp -u 0077 -d "\(folder)/home"
      ForceCommand internal-sftp -u 0077 -d "\(folder)/home"
      PidFile none
      StrictModes no
      UsePAM no
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      PermitRootLogin prohibit-password
      AllowTcpForwarding no
      X11Forwarding no
      PermitTunnel no
      PrintMotd no
      MaxStartups 200
      MaxSessions 50

      """, to: folder + "/sshd_config")
    var lines = ""
    for type in ["ed25519", "rsa"] {
      let words = try Files.read("\(folder)/host_\(type).pub").split(separator: " ")
      if words.count > 1 { lines += "[127.0.0.1]:\(port) \(words[0]) \(words[1])\n" }
    }
    try Files.write(lines, to: folder + "/known_hosts")
  }

  /// How often the server has said that it listens there.
  private static func listenings(_ port: Int, _ log: String) -> Int {
    let text = (try? Files.read(log)) ?? ""
    return text.ranges(of: "Server listening on 127.0.0.1 port \(port).").count
  }

  /// Two minutes at most; it takes some thirty milliseconds where the machine has nothing else to do.
  ///
  /// That somebody answers on the port proves nothing: another program may have taken it meanwhile.
  private static func isReady(_ folder: String, _ listens: () -> Bool) async -> Bool {
    for _ in 0..<12_000 {
      if listens() { return true }
      let text = (try? Files.read(folder + "/sshd.pid")) ?? ""
      if let id = Int(text.prefix { $0 != "\n" }), !ChildProgram.isRunning(id) { return false }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return false
  }
}

/// The one account of the server: a name of its own for whoever runs this, by nss_wrapper.
private struct Account {
  let name: String
  var environment: [String: String] = [:]

  init(_ wanted: String, in folder: String) throws(SyncError) {
    guard let library = Account.wrapper else {
      name = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "root"
      return
    }
    name = wanted
    let line = "\(wanted):x:\(getuid()):\(getgid()):Sandbox:\(folder)/home:/bin/sh\n"
    // First, so that its own name is what its number stands for.
    try Files.write(line + (try Files.read("/etc/passwd")), to: folder + "/passwd")
    try Files.write(try Files.read("/etc/group"), to: folder + "/group")
    environment = [
      "LD_PRELOAD": library, "NSS_WRAPPER_PASSWD": folder + "/passwd",
      "NSS_WRAPPER_GROUP": folder + "/group",
    ]
  }

  private static var wrapper: String? {
    let folders = [
      "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
    ]
    return folders.lazy.map { $0 + "/libnss_wrapper.so" }.first { access($0, R_OK) == 0 }
  }
}
