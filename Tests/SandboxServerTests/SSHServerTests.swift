import Core
import Glibc
import SandboxServer
import TestSupport
import Testing

@Suite("The private SSH server")
struct SSHServerTests {
  @Test("Lets its own key in, as its own account, to its own folder")
  func letsIn() async throws {
    let folder = TemporaryFolder()
    let server = try await SSHServer.start(in: folder.path + "/sftp")
    #expect(try await sftp(server, folder, "cd d365_loads\nmkdir imports\n").status == 0)
    #expect(access(server.home + "/d365_loads/imports", F_OK) == 0)
    var key = stat()
    stat(server.clientKey, &key)
    #expect(key.st_mode & 0o777 == 0o600)
    #expect(Program.text(server.clientKey).hasPrefix("-----BEGIN RSA PRIVATE KEY-----"))
    server.stop()
    #expect(!LoopbackPort.answers(server.port))
  }

  @Test("A dropped session ends at once, and the next one is let in")
  func dropsSessions() async throws {
    let folder = TemporaryFolder()
    let server = try await SSHServer.start(in: folder.path + "/sftp")
    let text = "!touch \(folder.path)/inside\n!cat \(folder.path)/fifo\nls\n"
    mkfifo(folder.path + "/fifo", 0o600)
    let session = try start(server, folder, text)
    while access(folder.path + "/inside", F_OK) != 0, session.isRunning {
      try await Task.sleep(for: .milliseconds(5))
    }
    try server.dropSessions()
    // Opened for writing and closed: the waiting `cat` ends.
    close(open(folder.path + "/fifo", O_WRONLY))
    #expect(await session.end().status != 0)
    #expect(try await sftp(server, folder, "ls\n").status == 0)
    server.stop()
  }

  @Test("Keys stay from one start to the next")
  func keepsKeys() async throws {
    let folder = TemporaryFolder()
    let first = try await SSHServer.start(in: folder.path + "/sftp")
    let key = Program.text(first.clientKey)
    first.stop()
    let second = try await SSHServer.start(in: folder.path + "/sftp")
    #expect(Program.text(second.clientKey) == key)
    second.stop()
  }

  private func sftp(_ server: SSHServer, _ folder: TemporaryFolder, _ batch: String) async throws
    -> ProgramResult
  {
    try await start(server, folder, batch).end()
  }

  private func start(_ server: SSHServer, _ folder: TemporaryFolder, _ batch: String) throws
    -> Program
  {
    let file = folder.path + "/batch"
    try Files.write(batch, to: file)
    return try Program(
      "/usr/bin/sftp",
      [
        "-q", "-b", file, "-P", String(server.port), "-i", server.clientKey, "-F", "none", "-o",
        "UserKnownHostsFile=" + server.knownHosts, "-o", "BatchMode=yes",
        server.user + "@127.0.0.1",
      ], in: folder.path)
  }
}
