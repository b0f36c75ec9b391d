import Core
import HTTP

/// A stand-in of one remote service: requests in, answers out, no socket.
///
/// - Shape: `url` of the request is absolute, built from the Host header by whoever carries it.
package protocol SandboxService: Sendable {
  func answer(_ request: HTTPRequest) async -> SandboxAnswer
}

/// What goes back on the wire.
package enum SandboxAnswer: Sendable {
  case response(HTTPResponse)
  /// The head and the first bytes of the body, then the connection ends.
  case cut(HTTPResponse, afterBytes: Int)
  /// The connection is reset without an answer.
  case reset
}
