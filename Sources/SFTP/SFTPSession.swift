import Core
import Threads

/// One SSH connection on a thread of its own: libssh2 waits here, and no Swift task waits with it.
///
/// - Shape: connects at the first use, and again at the first use after it was lost.
package actor SFTPSession {
  private let thread = ThreadExecutor(name: "sftp")
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }
  private let settings: SFTPSettings
  private var connection: SSHConnection?

  package init(_ settings: SFTPSettings) { self.settings = settings }

  // The connection says goodbye, which waits: on the thread, as everything.
  isolated deinit {}

  /// Connects and logs in, if that is not done.
  package func open() throws(SyncError) {
    try use { _ in }
  }

  func use<T>(_ work: @Sendable (SSHConnection) throws(SyncError) -> T) throws(SyncError) -> T {
    if Task.isCancelled || settings.stop() { throw .stopped }
    let connection = try connected()
    defer { if connection.isBroken { self.connection = nil } }
    return try work(connection)
  }

  private func connected() throws(SyncError) -> SSHConnection {
    if let connection { return connection }
    let new = try SSHConnection(to: settings)
    connection = new
    return new
  }
}
