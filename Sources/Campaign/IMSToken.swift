import Core
import HTTP
import JSONPages

/// Adobe's identity service: a bearer token for the client, good for a day.
///
/// - Source: OAuth server-to-server, `POST https://ims-na1.adobelogin.com/ims/token/v3`.
package struct IMSTokens: Sendable {
  private let url: String
  private let client: String
  private let secret: String
  private let scopes: [String]
  private let transport: any Transport

  /// The scopes of Adobe's own integration with Dynamics that the Campaign API needs.
  package static let documentedScopes = [
    "openid", "AdobeID", "campaign_sdk", "campaign_config_server_general",
    "deliverability_service_general", "additional_info.projectedProductContext",
  ]

  /// - Parameter transport: one that adds no token of its own.
  package init(
    url: String, client: String, secret: String, scopes: [String], transport: any Transport
  ) {
    (self.url, self.client, self.secret) = (url, client, secret)
    (self.scopes, self.transport) = (scopes, transport)
  }

  /// One request, for a `TokenSource`.
  ///
  /// - Note: the secret goes in the body, since servers log queries.
  package func fetchToken() async throws(SyncError) -> TokenGrant {
    guard !url.contains("/exchange/jwt") else { throw .retiredExchange }
    let form = PercentEncoding.form([
      ("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret),
      ("scope", scopes.joined(separator: ",")),
    ])
    // Asked twice, Adobe hands out two tokens, and either is good.
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
      throw error.error(while: fetching, with: "Adobe's identity service")
    }
    let document = try? JSONDocument.parse(response.body)
    guard response.status == 200 else { throw .token(response.status, document) }
    return try grant(document)
  }

  private func grant(_ document: JSONValue?) throws(SyncError) -> TokenGrant {
    guard let token = document?["access_token"]?.text, !token.isEmpty,
      token.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
    else {
      throw SyncError(
        .protocolBroken, fetching, "the answer of Adobe's identity service has no access token",
        next: "check `campaign.tokenUrl`; a proxy may be answering in its place")
    }
    // The older service says milliseconds; no token lives a million seconds.
    let number = max(document?["expires_in"]?.integer ?? 3600, 1)
    return TokenGrant(
      token: token, lifetime: number > 1_000_000 ? .milliseconds(number) : .seconds(number))
  }
}

private let fetching = "get an access token for Campaign"

extension SyncError {
  fileprivate static let retiredExchange = SyncError(
    .configuration, fetching, "the exchange of signed tokens (JWT) was switched off by Adobe",
    next: "make an OAuth Server-to-Server credential and set `campaign.tokenUrl` to"
      + " https://ims-na1.adobelogin.com/ims/token/v3")

  fileprivate static func token(_ status: Int, _ document: JSONValue?) -> SyncError {
    let name = document?["error"]?.text ?? ""
    let told = document?["error_description"]?.text?.lowercased() ?? ""
    let isName =
      !name.isEmpty && name.utf8.count <= 40
      && name.utf8.allSatisfy { 0x61...0x7A ~= $0 || $0 == 0x5F }
    let code = isName ? name : "HTTP \(status)"
    if status == 429 || status >= 500 {
      return SyncError(
        .unavailable, fetching, "Adobe's identity service does not answer properly", code: code,
        next: "run again later")
    }
    if told.contains("client_id") {
      return SyncError(
        .permission, fetching, "Adobe does not know the client id", code: code,
        next: "copy `campaign.client.id` from the credential in Adobe's Developer Console")
    }
    if told.contains("client_secret") {
      return SyncError(
        .permission, fetching, "Adobe refuses the client secret", code: code,
        next: "put the credential's present secret where `campaign.client.secret` points to")
    }
    if told.contains("scope") || name == "invalid_scope" {
      return SyncError(
        .permission, fetching, "the credential does not have all of the scopes asked for",
        code: code,
        next: "check `campaign.scopes` against the credential's page in Adobe's Developer Console")
    }
    guard (400..<500).contains(status), document != nil else {
      return SyncError(
        .protocolBroken, fetching, "the answer is not one of Adobe's identity service", code: code,
        next: "check `campaign.tokenUrl`")
    }
    return SyncError(
      .permission, fetching, "Adobe's identity service refuses the credential", code: code,
      next: "check `campaign.client` in Adobe's Developer Console")
  }
}
