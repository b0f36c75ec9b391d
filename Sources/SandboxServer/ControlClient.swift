import Core
import Glibc
import HTTP
import Sandbox

/// Talks to the control endpoint of a running sandbox, one request a connection.
package struct ControlClient: Sendable {
  /// What the sandbox said of itself when it was ready.
  package let about: JSONValue
  private let port: Int
  private let directory: String

  /// - Errors: `unavailable` where no sandbox runs in the folder.
  package init(_ directory: String) throws(SyncError) {
    let files = SandboxFiles(directory)
    guard access(files.announcement, R_OK) == 0, FolderLock.isHeld(directory) else {
      throw .notRunning(directory)
    }
    about = try ControlService.document(Array(try Files.read(files.announcement).utf8))
    port = about["controlPort"]?.integer ?? 0
    self.directory = directory
  }

  package func get(_ path: String) throws(SyncError) -> JSONValue { try send("GET", path, []) }

  package func post(_ path: String, _ body: JSONValue = [:]) throws(SyncError) -> JSONValue {
    try send("POST", path, body.encoded)
  }

  package func delete(_ path: String) throws(SyncError) -> JSONValue {
    try send("DELETE", path, [])
  }

  private func send(
    _ method: String, _ path: String, _ body: [UInt8]
  ) throws(SyncError) -> JSONValue {
    let head =
      "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
      + "Content-Length: \(body.count)\r\n\r\n"
    let answer = LoopbackPort.withSocket(port) { socket, address, size -> [UInt8]? in
      guard connect(socket, address, size) == 0, Self.write(head.utf8 + body, to: socket) else {
        return nil
      }
      return Self.readAll(socket)
    }
    guard let answer, let blank = answer.firstRange(of: Array("\r\n\r\n".utf8)) else {
      throw .notRunning(directory)
    }
    let document = try ControlService.document(Array(answer[blank.upperBound...]))
    if let error = document["error"] { throw SyncError(error) }
    return document
  }

  private static func write(_ bytes: [UInt8], to socket: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func readAll(_ socket: Int32) -> [UInt8] {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 256 << 10)
    while true {
      let count = recv(socket, &piece, piece.count, 0)
      guard count > 0 else { return all }
      all += piece[..<count]
    }
  }
}

extension SyncError {
  package static func notRunning(_ directory: String) -> SyncError {
    SyncError(
      .unavailable, "talk to the sandbox in \(directory)", "it is not running",
      next: "campaign-sync-sandbox start")
  }
}
