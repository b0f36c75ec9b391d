import Glibc
import Synchronization

/// A server on 127.0.0.1 that answers byte for byte what a script says.
///
/// - Shape: a thread accepts, a thread a connection reads whole requests (head and Content-Length)
///   and plays the steps of each.
package final class LoopbackServer: Sendable {
  /// What to do on the connection, in order; after the last step the connection is kept.
  package enum Step: Sendable {
    case send([UInt8])
    /// Ends the connection in order.
    case close
    /// Ends it with a reset.
    case reset
    /// Says nothing until the client gives up.
    case hang

    package static func text(_ text: String) -> Step { .send(Array(text.utf8)) }
  }

  package struct Request: Sendable {
    package var line: String
    /// Without the line ends.
    package var headers: [String]
    package var body: [UInt8]
    /// Connections are counted from one.
    package var connection: Int

    package func has(_ header: String) -> Bool {
      headers.contains { $0.lowercased().hasPrefix(header.lowercased() + ":") }
    }
  }

  package typealias Script = @Sendable (Request) -> [Step]

  private struct State {
    var requests: [Request] = []
    var connections = 0
  }

  package let port: UInt16
  private let listener: Int32
  private let state = Mutex(State())
  private let script: Script

  package init(_ script: @escaping Script) throws(ServerError) {
    self.script = script
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = Self.loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let code = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        if bind(listener, address, length) != 0 || listen(listener, 512) != 0 { return Int32(-1) }
        return getsockname(listener, address, &length)
      }
    }
    guard code == 0 else { throw ServerError(number: errno) }
    port = UInt16(bigEndian: address.sin_port)
    // The loops hold the server: it lives until `stop`.
    detach { [self] in accept() }
  }

  package struct ServerError: Error { package var number: Int32 }

  package var url: String { "http://127.0.0.1:\(port)" }
  package var requests: [Request] { state.withLock { $0.requests } }
  package var connections: Int { state.withLock { $0.connections } }

  package func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func accept() {
    while true {
      let connection = Glibc.accept(listener, nil, nil)
      guard connection >= 0 else { break }
      _ = fcntl(connection, F_SETFD, FD_CLOEXEC)  // no child of another test may keep it open
      let number = state.withLock {
        $0.connections += 1
        return $0.connections
      }
      detach { [self] in serve(connection, number) }
    }
    Glibc.close(listener)
  }

  private func serve(_ connection: Int32, _ number: Int) {
    defer { Glibc.close(connection) }
    var unread: [UInt8] = []
    while let request = read(connection, &unread, number) {
      state.withLock { $0.requests.append(request) }
      for step in script(request) {
        switch step {
        case .send(let bytes):
          guard send(bytes, on: connection) else { return }
        case .close:
          return
        case .reset:
          var now = linger(l_onoff: 1, l_linger: 0)
          let size = socklen_t(MemoryLayout<linger>.size)
          setsockopt(connection, SOL_SOCKET, SO_LINGER, &now, size)
          return
        case .hang:
          var byte: UInt8 = 0
          while recv(connection, &byte, 1, 0) > 0 {}
          return
        }
      }
    }
  }

  private func send(_ bytes: [UInt8], on connection: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { bytes in
        Glibc.send(
          connection, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// Nil at the end of the connection.
  private func read(_ connection: Int32, _ unread: inout [UInt8], _ number: Int) -> Request? {
    let blank = Array("\r\n\r\n".utf8)
    while true {
      if let end = unread.firstRange(of: blank) {
        let head = String(decoding: unread[..<end.lowerBound], as: UTF8.self)
        let lines = head.split(separator: "\r\n").map(String.init)
        let length =
          lines.first { $0.lowercased().hasPrefix("content-length:") }
          .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        let whole = end.upperBound + length
        if unread.count >= whole {
          let body = Array(unread[end.upperBound..<whole])
          unread.removeSubrange(..<whole)
          return Request(
            line: lines.first ?? "", headers: Array(lines.dropFirst()), body: body,
            connection: number)
        }
      }
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      unread += buffer[..<count]
    }
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}

/// Runs the work on a thread that nobody waits for.
private func detach(_ work: @escaping @Sendable () -> Void) {
  final class Work {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { context in
      guard let context else { return nil }
      Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run()
      return nil
    }, Unmanaged.passRetained(Work(work)).toOpaque())
  precondition(code == 0, "pthread_create: \(code)")
  pthread_detach(thread)
}
