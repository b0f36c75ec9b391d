import Core
import HTTP
import NIOCore
import NIOHTTP1
import NIOPosix
import Sandbox
import Synchronization

/// An HTTP/1.1 server on 127.0.0.1 that carries one stand-in.
///
/// - Shape: connections are kept; one request of a connection is answered at a time, in order.
package final class LoopbackHTTP: Sendable {
  package let port: Int
  private let listener: any Channel
  private let connections: Connections

  private init(port: Int, listener: any Channel, connections: Connections) {
    (self.port, self.listener, self.connections) = (port, listener, connections)
  }

  package var url: String { "http://127.0.0.1:\(port)" }

  /// - Parameter port: 0: one that is free.
  /// - Parameter maxBody: the most bytes of a request's body; more is answered with 413.
  package static func start(
    _ service: any SandboxService, port: Int = 0, maxBody: Int = 160 << 20
  ) async throws(SyncError) -> LoopbackHTTP {
    let connections = Connections()
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.maxMessagesPerRead, value: 16)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
          try pipeline.addHandler(RequestHandler(service, maxBody: maxBody))
          connections.add(channel)
        }
      }
    do {
      let listener = try await bootstrap.bind(host: "127.0.0.1", port: port).get()
      return LoopbackHTTP(
        port: listener.localAddress?.port ?? port, listener: listener, connections: connections)
    } catch {
      throw SyncError(
        .unavailable, "listen on 127.0.0.1:\(port)", "the port is taken",
        code: (error as? IOError).map { "errno \($0.errnoCode)" },
        next: "stop what listens there, or start with `--ports free`")
    }
  }

  /// Takes no more connections, lets requests under way finish for a while, and ends.
  package func stop(within patience: Duration = .seconds(2)) async {
    try? await listener.close()
    let end = ContinuousClock.now + patience
    // Told again and again: one that was just accepted may not have heard.
    while !connections.all.isEmpty, ContinuousClock.now < end {
      for channel in connections.all {
        channel.pipeline.fireUserInboundEventTriggered(EndOfService())
      }
      try? await Task.sleep(for: .milliseconds(5))
    }
    for channel in connections.all { try? await channel.close() }
  }
}

/// Asks a connection to end when it has answered.
struct EndOfService: Sendable {}

/// The open connections of a server.
final class Connections: Sendable {
  private let open = Mutex<[ObjectIdentifier: any Channel]>([:])

  var all: [any Channel] { open.withLock { Array($0.values) } }

  func add(_ channel: any Channel) {
    let id = ObjectIdentifier(channel)
    open.withLock { $0[id] = channel }
    channel.closeFuture.whenComplete { _ in self.open.withLock { _ = $0.removeValue(forKey: id) } }
  }
}
