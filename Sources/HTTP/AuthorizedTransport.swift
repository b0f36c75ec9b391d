import Core

/// Adds the bearer token, for one origin only; after a 401 fetches a new one and replays once.
///
/// A second 401 is the answer: the caller says what it means.
package struct AuthorizedTransport: Transport {
  private let inner: any Transport
  private let origin: Origin
  private let tokens: TokenSource

  package init(_ inner: any Transport, origin: Origin, tokens: TokenSource) {
    (self.inner, self.origin, self.tokens) = (inner, origin, tokens)
  }

  package func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    guard Origin(request.url) == origin else {
      let cause = SyncError(
        .protocolBroken, "follow a link", "it leads away from \(origin), where the token may go",
        next: "check url in the environment file; nothing was sent")
      throw TransportFailure(.refused, code: "origin", cause: cause)
    }
    let token = try await token()
    let response = try await inner.send(authorized(request, with: token))
    guard response.status == 401 else { return response }
    await tokens.invalidate(token)
    return try await inner.send(authorized(request, with: try await self.token()))
  }

  private func token() async throws(TransportFailure) -> String {
    do {
      return try await tokens.token()
    } catch {
      throw TransportFailure(.refused, code: "token", cause: error)
    }
  }

  private func authorized(_ request: HTTPRequest, with token: String) -> HTTPRequest {
    var request = request
    request.headers.removeAll { $0.name.lowercased() == "authorization" }
    request.headers.append(HTTPHeader("Authorization", "Bearer \(token)"))
    return request
  }
}
