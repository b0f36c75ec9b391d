import Glibc
import TestSupport
import Testing

/// A way to a server on loopback whose connections end after so many of the server's bytes.
final class CutServer: Sendable {
  let port: Int
  private let listener: Int32

  init(before server: Int, after count: Int) throws {
    let (listener, port) = try listeningSocket()
    (self.listener, self.port) = (listener, port)
    startThread {
      while case let client = accept(listener, nil, nil), client >= 0 {
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)  // no child of another test may keep it open
        let pair = Pair(client: client, server: connection(to: server))
        startThread { pair.carry(from: pair.client, to: pair.server) }
        startThread { pair.carry(from: pair.server, to: pair.client, atMost: count) }
      }
      close(listener)
    }
  }

  deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}

/// A server on loopback that takes connections and says nothing: one that was stopped, or is swamped.
final class MuteServer: Sendable {
  let port: Int
  private let listener: Int32

  init() throws { (listener, port) = try listeningSocket() }

  deinit { close(listener) }
}

private func listeningSocket() throws -> (Int32, port: Int) {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  let port = withAddress(0) { address, size in
    var length = size
    guard bind(listener, address, size) == 0, listen(listener, 8) == 0,
      getsockname(listener, address, &length) == 0
    else { return -1 }
    return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
      Int(UInt16(bigEndian: $0.pointee.sin_port))
    }
  }
  try #require(port > 0)
  return (listener, port)
}

/// Both ends of one connection; closed when nobody carries between them any more.
private final class Pair: Sendable {
  let client: Int32
  let server: Int32
  init(client: Int32, server: Int32) { (self.client, self.server) = (client, server) }

  deinit {
    close(client)
    close(server)
  }

  /// Passes bytes on until a side ends or the number is reached; then both end.
  func carry(from source: Int32, to target: Int32, atMost limit: Int = .max) {
    var left = limit
    var piece = [UInt8](repeating: 0, count: 4096)
    while left > 0 {
      let count = recv(source, &piece, min(left, piece.count), 0)
      guard count > 0, send(target, piece, count, Int32(MSG_NOSIGNAL)) == count else {
        break
      }
      left -= count
    }
    for end in [client, server] { shutdown(end, Int32(SHUT_RDWR)) }
  }
}

private func connection(to port: Int) -> Int32 {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  _ = withAddress(port) { connect(descriptor, $0, $1) }
  return descriptor
}

private func withAddress<Value>(
  _ port: Int, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Value
) -> Value {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  return withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}
