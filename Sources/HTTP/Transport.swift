import Core

/// Sends one request and waits for its whole answer; any status is an answer.
///
/// - Promise: no redirect is followed, TLS is verified, the body is bounded by `maxBody`, and no
///   request goes out in plain text off loopback.
package protocol Transport: Sendable {
  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse
}

/// No whole answer came.
package struct TransportFailure: Error, Sendable, Equatable {
  package enum Kind: Sendable, Equatable {
    /// No connection, or no such host: the request was not sent.
    case unreachable
    /// The certificate was not trusted: the request was not sent.
    case untrusted
    /// The request may have been executed: the connection broke, or time ran out, after it was
    /// sent, or the body ended early.
    case broken
    /// The body was larger than `maxBody`.
    case tooLarge
    /// The address is not one this program may talk to (scheme, plain text off loopback).
    case refused
    /// The caller was cancelled, or its time or a signal ended the wait; code `cancelled`: the request
    /// was under way and may have been executed, any other: it was not sent.
    case cancelled
  }
  package var kind: Kind
  /// A foreign code: "curl 56".
  package var code: String
  /// What a wrapper knows better in words: a token that was refused, a gate closed past the deadline.
  package var cause: SyncError?

  package init(_ kind: Kind, code: String, cause: SyncError? = nil) {
    self.kind = kind
    self.code = code
    self.cause = cause
  }
}
