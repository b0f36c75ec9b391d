import Core

/// How to reach the shared folder: the `sftp` part of an environment, the passphrase read.
package struct SFTPSettings: Sendable {
  package var host: String
  package var port: Int
  package var user: String
  /// Path of the private key, in OpenSSH or PEM format.
  package var privateKey: String
  package var passphrase: String?
  package var knownHosts: String
  /// Relative to the login directory.
  package var directory: String
  /// Sessions at one time, at most.
  package var sessions: Int
  /// What one answer, or room for one more packet, may take.
  package var timeout = Duration.seconds(60)
  /// What resolving, connecting and logging in may take each.
  package var connectTimeout = Duration.seconds(20)
  /// True where somebody asked for the end: waits give up soon, and nothing new is begun.
  package var stop: @Sendable () -> Bool = { false }

  package init(_ settings: EnvironmentSettings.SFTP, passphrase: String?) {
    host = settings.host
    port = settings.port
    user = settings.user
    privateKey = settings.privateKey
    self.passphrase = passphrase
    knownHosts = settings.knownHosts
    directory = settings.directory
    sessions = max(1, settings.concurrency)
  }

  /// As `known_hosts` writes it: the port only when it is not 22.
  var hostName: String { port == 22 ? host.lowercased() : "[\(host.lowercased())]:\(port)" }
}
