import Core
import Glibc

/// Opens a TCP connection to the first of the host's addresses that answers, IPv6 or IPv4.
///
/// - Returns: a non-blocking socket; the caller closes it.
func connectSocket(_ settings: SFTPSettings, _ wait: SocketWait) throws(SyncError) -> Int32 {
  let action = "connect to \(settings.hostName)"
  var hints = addrinfo()
  hints.ai_family = AF_UNSPEC
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var found: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(settings.host, String(settings.port), &hints, &found)
  guard code == 0, let found else {
    throw SyncError(
      .unavailable, action, "its name cannot be resolved to an address",
      code: "getaddrinfo \(code)", next: "check sftp.host, and the name service of this machine")
  }
  defer { freeaddrinfo(found) }

  var failure: Int32 = EHOSTUNREACH
  var next: UnsafeMutablePointer<addrinfo>? = found
  while let address = next {
    next = address.pointee.ai_next
    switch openSocket(address.pointee, wait) {
    case .success(let socket): return socket
    case .failure(let code): failure = code.errno
    }
    if failure == ECANCELED { throw .stopped }
  }
  let reason =
    switch failure {
    case ECONNREFUSED: "nothing accepts connections there"
    case ETIMEDOUT: "no answer within \(settings.connectTimeout.components.seconds) s"
    case ENETUNREACH, EHOSTUNREACH: "there is no route to it"
    default: "the connection failed"
    }
  throw SyncError(
    .unavailable, action, reason, code: "errno \(failure)",
    next: "check sftp.host and sftp.port, the firewall, and that this address is allowed there")
}

private struct SystemCode: Error { let errno: Int32 }

private func openSocket(_ address: addrinfo, _ wait: SocketWait) -> Result<Int32, SystemCode> {
  let kind = address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
  let descriptor = socket(address.ai_family, kind, address.ai_protocol)
  guard descriptor >= 0 else { return .failure(SystemCode(errno: errno)) }
  var code: Int32 = 0
  if connect(descriptor, address.ai_addr, address.ai_addrlen) != 0 {
    code = errno == EINPROGRESS ? outcome(of: descriptor, wait) : errno
  }
  guard code == 0 else {
    close(descriptor)
    return .failure(SystemCode(errno: code))
  }
  var yes: Int32 = 1
  let size = socklen_t(MemoryLayout<Int32>.size)
  setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, size)
  setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &yes, size)
  return .success(descriptor)
}

/// Waits for the end of a connect; 0 is success.
private func outcome(of descriptor: Int32, _ wait: SocketWait) -> Int32 {
  let end = wait.connected(descriptor)
  guard end == 0 else { return end }
  var code: Int32 = 0
  var size = socklen_t(MemoryLayout<Int32>.size)
  guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else { return errno }
  return code
}
