import Glibc
import Threads

/// A TCP connection to loopback that shows what really came over the wire.
///
/// It waits on a thread of its own: the server's answers need the others.
actor RawConnection {
  enum End: Sendable { case open, closed, reset }

  struct Answer: Sendable {
    var head: String
    var body: [UInt8]
    var end: End

    var status: Int { Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var text: String { String(decoding: body, as: UTF8.self) }
    /// Bytes of the body by the head.
    var announced: Int { RawConnection.length(head) }
  }

  private let thread = ThreadExecutor(name: "raw connection")
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
  private let descriptor: Int32
  private var unread: [UInt8] = []
  private(set) var end = End.open

  init(_ port: Int) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Sends a request and reads its answer; nil where none came.
  func ask(_ head: String, _ body: [UInt8] = []) -> Answer? {
    send(Array(head.utf8) + body)
    return receive()
  }

  func receive() -> Answer? {
    let blank = Array("\r\n\r\n".utf8)
    while unread.firstRange(of: blank) == nil { guard more() else { return nil } }
    guard let range = unread.firstRange(of: blank) else { return nil }
    let head = String(decoding: unread[..<range.lowerBound], as: UTF8.self)
    unread.removeSubrange(..<range.upperBound)
    let length = RawConnection.length(head)
    while unread.count < length, more() {}
    let body = Array(unread.prefix(length))
    unread.removeFirst(body.count)
    return Answer(head: head, body: body, end: end)
  }

  private func more() -> Bool {
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &piece, piece.count, 0)
    if count > 0 { unread += piece[..<count] }
    if count == 0 { end = .closed }
    if count < 0 { end = errno == ECONNRESET ? .reset : .closed }
    return count > 0
  }

  fileprivate static func length(_ head: String) -> Int {
    let line = head.split(separator: "\r\n").first {
      $0.lowercased().hasPrefix("content-length:")
    }
    return line.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
  }
}
