import Core
import Glibc
import Sandbox

/// Where a sandbox keeps its things: one folder, 0700.
package struct SandboxFiles: Sendable {
  /// Absolute.
  package let directory: String

  package init(_ directory: String) { self.directory = directory }

  package var announcement: String { directory + "/sandbox.json" }
  package var log: String { directory + "/log" }
  package var sftp: String { directory + "/sftp" }
  package var dynamicsSecret: String { directory + "/dynamics.secret" }
  package var campaignSecret: String { directory + "/campaign.secret" }

  /// Makes the folder a new world's: nothing of an older one is left but keys.
  ///
  /// - Errors: `unavailable` where a sandbox runs in it.
  func begin() throws(SyncError) -> FolderLock {
    try Files.makeFolder(directory)
    let lock = try FolderLock(directory)
    unlink(announcement)
    for old in ["/sftp/home", "/state", "/spool"] { Files.removeTree(directory + old) }
    return lock
  }

  func about(_ ports: SandboxRun.Ports, user: String) -> JSONValue {
    func address(_ port: Int) -> String { "http://127.0.0.1:\(port)" }
    return [
      "pid": .number(String(getpid())), "directory": .string(directory),
      "dataverse": .string(address(ports.dataverse)), "campaign": .string(address(ports.campaign)),
      "control": .string(address(ports.control)),
      "controlPort": .number(String(ports.control)),
      "sftp": [
        "port": .number(String(ports.sftp)), "user": .string(user),
        "home": .string(sftp + "/home"), "privateKey": .string(sftp + "/client_rsa"),
        "knownHosts": .string(sftp + "/known_hosts"),
      ],
    ]
  }

  func withdraw() { unlink(announcement) }

  /// An environment file of the tool for this sandbox.
  package func environment(
    _ ports: SandboxRun.Ports, user: String, world: SandboxWorld.Settings = .init()
  ) -> String {
    let clients = world.allDynamicsClients
      .map { "    - { id: \($0.id), secret: { file: \"\(dynamicsSecret)\" } }" }
      .joined(separator: "\n")
    return """
      # Written by campaign-sync-sandbox for the sandbox in \(directory).
      dynamics:
        url: http://127.0.0.1:\(ports.dataverse)
        tenant: 6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d
        authority: http://127.0.0.1:\(ports.dataverse)
        clients:
      \(clients)
      campaign:
        url: http://127.0.0.1:\(ports.campaign)/\(world.organization)
        tokenUrl: http://127.0.0.1:\(ports.campaign)/ims/token/v3
        client: { id: \(world.campaignClient.id), secret: { file: "\(campaignSecret)" } }
        signalInterval: 1s
      sftp:
        host: 127.0.0.1
        port: \(ports.sftp)
        user: \(user)
        privateKey: { file: "\(sftp)/client_rsa" }
        knownHosts: "\(sftp)/known_hosts"
        directory: d365_loads
      paths: { state: "\(directory)/state", spool: "\(directory)/spool" }

      """
  }
}

/// One sandbox a folder: the lock goes with the process, however it ends.
package final class FolderLock: Sendable {
  private let file: Int32

  init(_ directory: String) throws(SyncError) {
    file = try FolderLock.open(directory)
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      close(file)
      throw SyncError(
        .unavailable, "start a sandbox in \(directory)", "one is running there",
        next: "campaign-sync-sandbox stop --directory \(directory)")
    }
  }

  /// The end of the object does the same; closing alone would leave it to a child that is just being
  /// started, until that becomes its program.
  func release() { flock(file, LOCK_UN) }

  deinit {
    release()
    close(file)
  }

  /// True while a sandbox runs in the folder.
  package static func isHeld(_ directory: String) -> Bool {
    guard let file = try? open(directory) else { return false }
    defer {
      flock(file, LOCK_UN)
      close(file)
    }
    return flock(file, LOCK_SH | LOCK_NB) != 0
  }

  private static func open(_ directory: String) throws(SyncError) -> Int32 {
    let path = directory + "/lock"
    let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw SyncError(
        .storage, "lock \(path)", "the system refused it", code: "errno \(errno)",
        next: "look at the folder's rights")
    }
    return file
  }
}
