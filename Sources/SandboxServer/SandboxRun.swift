import Core
import Glibc
import HTTP
import Sandbox
import Synchronization

/// A running sandbox: both stand-ins, the import workflows, the SFTP server and the control endpoint.
package final class SandboxRun: Sendable {
  package struct Ports: Sendable, Equatable {
    package var dataverse = 8365
    package var campaign = 8366
    package var control = 8367
    package var sftp = 8322
    package init() {}

    /// Any that are free.
    package static var free: Ports {
      var ports = Ports()
      (ports.dataverse, ports.campaign, ports.control, ports.sftp) = (0, 0, 0, 0)
      return ports
    }
  }

  package struct Settings: Sendable {
    /// Absolute.
    package var directory: String
    package var ports = Ports()
    package var seed: UInt64 = 1
    package var contacts = 20_000
    /// Rows of other tables by logical name; else a share of the contacts.
    package var rows: [String: Int] = [:]
    /// Application users of Dynamics.
    package var dynamicsClients = 1
    /// Seconds between two signals of a workflow.
    package var signalWindow = 1
    package init(directory: String) { self.directory = directory }
  }

  package let world: SandboxWorld
  package let ports: Ports
  package let files: SandboxFiles
  package let user: String
  private let lock: FolderLock
  private let servers: [LoopbackHTTP]
  private let sftp: SSHServer
  private let imports: Task<Void, Never>

  /// - Promise: a new world begins with empty storage and without the tool's old state.
  package init(
    _ settings: Settings, readJob: @escaping ControlService.JobReader,
    readEventJob: @escaping ControlService.EventJobReader = { _, _ in nil },
    readOptOutJob: @escaping ControlService.OptOutJobReader = { _, _ in nil },
    stop: @escaping @Sendable () -> Void
  ) async throws(SyncError) {
    files = SandboxFiles(settings.directory)
    lock = try files.begin()
    let secrets = (SandboxRun.newSecret(), SandboxRun.newSecret())
    try Files.write(secrets.0 + "\n", to: files.dynamicsSecret)
    try Files.write(secrets.1 + "\n", to: files.campaignSecret)
    sftp = try await SSHServer.start(in: files.sftp, port: settings.ports.sftp)
    user = sftp.user
    world = await SandboxRun.world(settings, secrets, home: sftp.home)

    var servers: [LoopbackHTTP] = []
    do throws(SyncError) {
      servers.append(
        try await .start(world.dataverseDoor, port: settings.ports.dataverse))
      servers.append(
        try await .start(world.campaignDoor, port: settings.ports.campaign))
      var ports = Ports()
      (ports.dataverse, ports.campaign) = (servers[0].port, servers[1].port)
      ports.sftp = sftp.port
      var host = ControlService.Host(
        about: .null, readJob: readJob, readEventJob: readEventJob, readOptOutJob: readOptOutJob,
        dropSessions: { [sftp] () throws(SyncError) in try sftp.dropSessions() }, stop: stop)
      servers.append(
        try await SandboxRun.listen(on: settings.ports.control) { [world, files, sftp] port in
          ports.control = port
          host.about = files.about(ports, user: sftp.user)
          return ControlService(world, host: host)
        })
      self.ports = ports
    } catch {
      for server in servers { await server.stop() }
      sftp.stop()
      throw error
    }
    self.servers = servers
    imports = Task { [world] in await world.runImports() }
  }

  /// Ports, folders and process id, as the control endpoint says them.
  package var about: JSONValue { files.about(ports, user: user) }

  /// Says where everything is: the sign that the sandbox is ready.
  package func announce() throws(SyncError) {
    try Files.write(String(decoding: about.encoded, as: UTF8.self) + "\n", to: files.announcement)
  }

  /// Ends everything that was started; the files stay.
  package func stop() async {
    files.withdraw()
    imports.cancel()
    for server in servers { await server.stop() }
    sftp.stop()
    lock.release()
  }

  /// Serves what says its own port, which has to be known before it is listened on.
  private static func listen(
    on port: Int, _ service: (Int) -> any SandboxService
  ) async throws(SyncError) -> LoopbackHTTP {
    var attempt = 1
    while true {
      let chosen = port == 0 ? LoopbackPort.free() : port
      do throws(SyncError) {
        return try await .start(service(chosen), port: chosen)
      } catch {
        // Somebody else may have taken the free port meanwhile.
        guard port == 0, attempt < 3 else { throw error }
        attempt += 1
      }
    }
  }

  private static func world(
    _ settings: Settings, _ secrets: (String, String), home: String
  ) async -> SandboxWorld {
    var born = SandboxWorld.Settings()
    born.seed = settings.seed
    born.contacts = settings.contacts
    born.rows = settings.rows
    born.signalWindow = settings.signalWindow
    born.dynamicsClients = settings.dynamicsClients
    born.dynamicsClient.secret = secrets.0
    born.campaignClient.secrets = [secrets.1]
    born.sftpHome = home
    born.now = Instant(seconds: Int64(time(nil)))
    return await SandboxWorld(born)
  }

  private static func newSecret() -> String {
    var system = SystemRandomNumberGenerator()
    return "sandbox-" + String(system.next(), radix: 36) + String(system.next(), radix: 36)
  }
}
