import Core
import HTTP
import TestSupport
import Testing

@testable import Campaign

@Suite("A token of Adobe's identity service")
struct IMSTokenTests {
  private func tokens(_ script: ScriptedCampaign, url: String = "https://ims.example.org/t")
    -> IMSTokens
  {
    IMSTokens(
      url: url, client: "cid-123", secret: Canary.secret, scopes: ["openid", "campaign_sdk"],
      transport: script)
  }

  @Test(
    "Its life is told in seconds, or in milliseconds",
    arguments: [
      ("86399", Duration.seconds(86399)), ("86399992", .milliseconds(86_399_992)),
      ("\"3600\"", .seconds(3600)),
    ])
  func lifetime(_ number: String, _ expected: Duration) async throws {
    let script = ScriptedCampaign(
      text(200, "{\"access_token\":\"abc.def\",\"token_type\":\"bearer\",\"expires_in\":\(number)}")
    )
    let grant = try await tokens(script).fetchToken()
    #expect(grant.token == "abc.def")
    #expect(grant.lifetime == expected)
  }

  @Test("The request is a form; the secret is in its body only")
  func request() async throws {
    let script = ScriptedCampaign(text(200, #"{"access_token":"abc","expires_in":86399}"#))
    _ = try await tokens(script).fetchToken()
    let request = await script.requests[0]
    #expect(request.method == "POST")
    #expect(request.url == "https://ims.example.org/t")
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == "grant_type=client_credentials&client_id=cid-123&client_secret=\(Canary.secret)"
        + "&scope=openid%2Ccampaign_sdk")
  }

  @Test(
    "What is wrong is said in words, with status 77",
    arguments: [
      (
        #"{"error":"invalid_client","error_description":"invalid client_id parameter"}"#,
        "client id"
      ),
      (
        #"{"error":"invalid_client","error_description":"invalid client_secret parameter"}"#,
        "client secret"
      ),
      (#"{"error":"invalid_scope","error_description":"x"}"#, "scopes"),
      (#"{"error":"unauthorized_client"}"#, "credential"),
    ])
  func refused(_ body: String, _ words: String) async throws {
    let error = try await failure {
      try await tokens(ScriptedCampaign(text(400, body))).fetchToken()
    }
    #expect(error.kind == .permission)
    #expect(error.reason.contains(words))
    #expect(error.next != nil)
    #expect(!"\(error)".contains(Canary.secret))
  }

  @Test(
    "Another answer is the service's trouble, or a proxy",
    arguments: [
      (503, "", SyncError.Kind.unavailable), (429, "{}", .unavailable),
      (404, "<html>", .protocolBroken),
      (200, "<html>", .protocolBroken), (200, #"{"access_token":"a\nb"}"#, .protocolBroken),
      (302, "", .protocolBroken),
    ])
  func trouble(_ status: Int, _ body: String, _ kind: SyncError.Kind) async throws {
    let script = ScriptedCampaign(text(status, body))
    let error = try await failure { try await tokens(script).fetchToken() }
    #expect(error.kind == kind)
  }

  @Test("The retired exchange of signed tokens is refused before any request")
  func retired() async throws {
    let script = ScriptedCampaign()
    let url = "https://ims-na1.adobelogin.com/ims/exchange/jwt"
    let error = try await failure { try await tokens(script, url: url).fetchToken() }
    #expect(error.kind == .configuration)
    #expect(await script.requests.isEmpty)
  }
}
