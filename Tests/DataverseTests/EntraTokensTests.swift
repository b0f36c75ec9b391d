import Core
import HTTP
import TestSupport
import Testing

@testable import Dataverse

struct EntraTokensTests {
  private func tokens(_ transport: ScriptedTransport) -> EntraTokens {
    EntraTokens(
      authority: "https://login.microsoftonline.com/",
      tenant: "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d",
      environment: environment + "/", client: "app id", secret: Canary.secret + "&c=+",
      transport: transport)
  }

  @Test("The request is a form with the environment's scope, the secret in the body")
  func request() async throws {
    let transport = ScriptedTransport(.json(try fixture("token")))
    let grant = try await tokens(transport).fetchToken()
    #expect(grant.token == "eyJ0eXAi.present.form" && grant.lifetime == .seconds(3599))
    let request = try #require(await transport.requests.first)
    #expect(
      request.url
        == "https://login.microsoftonline.com/6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d/oauth2/v2.0/token"
    )
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "client_id=app%20id&scope=https%3A%2F%2Fcontoso.crm4.dynamics.com%2F.default"
        + "&client_secret=\(Canary.secret)%26c%3D%2B&grant_type=client_credentials")
    #expect(request.method == "POST" && request.isIdempotent)
    #expect(
      request.headers.contains(HTTPHeader("Content-Type", "application/x-www-form-urlencoded")))
  }

  @Test("The old endpoint's answer has its numbers as texts")
  func oldForm() async throws {
    let grant = try await tokens(ScriptedTransport(.json(try fixture("token.v1")))).fetchToken()
    #expect(grant.token == "eyJ0eXAi.old.form" && grant.lifetime == .seconds(3599))
  }

  private static func refusal(_ name: String, _ number: Int, status: Int) -> HTTPResponse {
    .json(
      #"{"error":"\#(name)","error_description":"AADSTS\#(number): \#(Canary.value)\r\nTrace","#
        + #""error_codes":[\#(number)]}"#, status: status)
  }

  @Test(
    "Every refusal says what it is and what to do",
    arguments: [
      (
        refusal("invalid_client", 7_000_215, status: 401), .permission, "secret is wrong",
        "dynamics.clients"
      ),
      (refusal("invalid_client", 7_000_222, status: 401), .permission, "expired", "new secret"),
      (
        refusal("invalid_client", 7_000_218, status: 401), .permission, "no client secret",
        "not empty"
      ),
      (
        refusal("unauthorized_client", 7_000_112, status: 400), .permission, "switched off",
        "enable"
      ),
      (
        refusal("unauthorized_client", 700_016, status: 400), .permission, "client id",
        "dynamics.tenant"
      ),
      (
        refusal("invalid_request", 90_002, status: 400), .configuration, "no such tenant",
        "dynamics.tenant"
      ),
      (
        refusal("invalid_scope", 70_011, status: 400), .configuration, "no environment",
        "dynamics.url"
      ),
      (
        refusal("invalid_resource", 500_011, status: 400), .configuration, "no environment",
        "dynamics.url"
      ),
      (
        refusal("interaction_required", 53_003, status: 400), .permission, "policy", "administrator"
      ),
      (
        refusal("invalid_client", 7_000_999, status: 401), .permission, "refuses the client",
        "app registration"
      ),
      (
        .json(#"{"error":"invalid_client","error_description":"AADSTS7000222: x"}"#, status: 401),
        .permission, "expired", "secret"
      ),
      (refusal("something_new", 1, status: 400), .permission, "refuses the request", "code"),
      (refusal("temporarily_unavailable", 90_033, status: 400), .unavailable, "properly", "later"),
      (HTTPResponse(503), .unavailable, "properly", "later"),
      (HTTPResponse(429), .unavailable, "properly", "later"),
      (.html(404), .configuration, "not one of", "dynamics.authority"),
      (.html(200), .protocolBroken, "no access token", "proxy"),
      (.json(#"{"access_token":"bad\r\nheader"}"#), .protocolBroken, "no access token", "proxy"),
    ] as [(HTTPResponse, SyncError.Kind, String, String)])
  func refusals(
    answer: HTTPResponse, kind: SyncError.Kind, words: String, next: String
  ) async {
    await #expect {
      _ = try await tokens(ScriptedTransport(answer)).fetchToken()
    } throws: { error in
      guard let error = error as? SyncError else { return false }
      return error.kind == kind && error.reason.contains(words)
        && error.next?.contains(next) == true && !"\(error)".contains(Canary.value)
        && !"\(error)".contains(Canary.secret)
    }
  }

  @Test("The service's wait goes along")
  func retryAfter() async {
    let answer = HTTPResponse(429, headers: [HTTPHeader("Retry-After", "9")])
    await #expect {
      _ = try await tokens(ScriptedTransport(answer)).fetchToken()
    } throws: { ($0 as? SyncError)?.retryAfter == .seconds(9) }
  }
}
