import Core
import Glibc

/// Ports of 127.0.0.1.
package enum LoopbackPort {
  /// One that nobody listens on now.
  ///
  /// It is below those that the system gives to connections and to whoever asks for any, so that only
  /// another caller of this can take it before it is listened on.
  package static func free() -> Int {
    while true {
      let port = Int.random(in: 10_000..<32_768)
      if withSocket(port, { bind($0, $1, $2) == 0 }) { return port }
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
