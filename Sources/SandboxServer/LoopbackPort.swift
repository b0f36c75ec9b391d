import Core
import Glibc

/// Ports of 127.0.0.1.
package enum LoopbackPort {
  /// One that nobody listens on now.
  package static func free() -> Int {
    withSocket(0) { socket, address, size in
      bind(socket, address, size)
      var bound = sockaddr_in()
      var length = size
      withUnsafeMutablePointer(to: &bound) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          _ = getsockname(socket, $0, &length)
        }
      }
      return Int(UInt16(bigEndian: bound.sin_port))
    }
  }

  /// Somebody takes connections there.
  package static func answers(_ port: Int) -> Bool {
    withSocket(port) { socket, address, size in connect(socket, address, size) == 0 }
  }

  static func withSocket<Value>(
    _ port: Int, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Value
  ) -> Value {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}

extension SyncError {
  static func portTaken(_ port: Int) -> SyncError {
    SyncError(
      .unavailable, "listen on 127.0.0.1:\(port)", "the port is taken",
      next: "stop what listens there (`campaign-sync-sandbox stop`?), or start with `--ports free`")
  }
}
