import Core
import HTTP
import JSONPages

/// Microsoft's identity service: a bearer token for one application and one environment.
///
/// - Source: Microsoft identity platform, OAuth 2.0 client credentials with a secret.
package struct EntraTokens: Sendable {
  private let url: String
  private let scope: String
  private let client: String
  private let secret: String
  private let transport: any Transport

  /// - Parameter environment: `dynamics.url`, which the token is for.
  /// - Parameter transport: one that adds no token of its own.
  package init(
    authority: String, tenant: String, environment: String, client: String, secret: String,
    transport: any Transport
  ) {
    url = "\(authority.trimmingSlashes)/\(PercentEncoding.encode(tenant))/oauth2/v2.0/token"
    scope = environment.trimmingSlashes + "/.default"
    (self.client, self.secret, self.transport) = (client, secret, transport)
  }

  /// One request, for a `TokenSource`.
  ///
  /// - Shape: takes the answer of the present endpoint and of the old one, whose numbers are texts.
  package func fetchToken() async throws(SyncError) -> TokenGrant {
    let form = PercentEncoding.form([
      ("client_id", client), ("scope", scope), ("client_secret", secret),
      ("grant_type", "client_credentials"),
    ])
    // Asked twice, the service hands out two tokens, and either is good.
    let request = HTTPRequest(
      "POST", url,
      headers: [
        HTTPHeader("Content-Type", "application/x-www-form-urlencoded"),
        HTTPHeader("Accept", "application/json"),
      ], body: form, maxBody: 1 << 20, isIdempotent: true)
    let response: HTTPResponse
    do {
      response = try await transport.send(request)
    } catch {
      throw error.error(while: EntraFault.action, with: "Microsoft's identity service")
    }
    let document = try? JSONDocument.parse(response.body)
    guard response.status == 200, document?["error"] == nil else {
      throw EntraFault(response, document).error
    }
    return try grant(document)
  }

  private func grant(_ document: JSONValue?) throws(SyncError) -> TokenGrant {
    guard let token = document?["access_token"]?.text, !token.isEmpty,
      token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw SyncError(
        .protocolBroken, EntraFault.action,
        "the answer of Microsoft's identity service has no access token",
        next: "check `dynamics.authority`; a proxy may be answering in its place")
    }
    let seconds = min(max(document?["expires_in"]?.integer ?? 3599, 1), 86_400)
    return TokenGrant(token: token, lifetime: .seconds(seconds))
  }
}

extension String {
  fileprivate var trimmingSlashes: String {
    var text = self[...]
    while text.hasSuffix("/") { text.removeLast() }
    return String(text)
  }
}
