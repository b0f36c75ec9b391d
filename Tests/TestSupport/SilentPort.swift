import Glibc

/// Runs a test with a port of loopback that refuses every connection.
///
/// It is bound and never listened on, so that nobody else can be given it meanwhile.
package func withSilentPort<Value>(_ body: (Int) async throws -> Value) async throws -> Value {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let code = withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
    }
  }
  guard code == 0 else {
    throw ChildProcess.Failed(description: "no port of loopback: errno \(errno)")
  }
  return try await body(Int(UInt16(bigEndian: address.sin_port)))
}
