import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct TokenEndpointTests {
  static let tenant = DataverseWorld().tenant
  static let client = DataverseWorld().clients[0]

  private func ask(
    _ service: DataverseService, path: String = "/\(tenant)/oauth2/v2.0/token", _ form: String
  ) async throws -> (HTTPResponse, JSONValue) {
    let response = try await DataverseFixture.send(
      service, HTTPRequest("POST", DataverseFixture.origin + path, body: Array(form.utf8)))
    return (response, try JSONDocument.parse(response.body))
  }

  @Test(
    "Refusals of the token endpoint",
    arguments: [
      ("client_secret=wrong", "", "401 7000215"), ("client_secret=", "", "401 7000218"),
      ("client_id=other", "", "400 700016"), ("scope=user.read", "", "400 70011"),
      ("scope=http%3A%2F%2Fx%2Fapi%2Fdata%2F.default", "", "400 70011"),
      ("", "/nowhere.example/oauth2/v2.0/token", "400 90002"), ("", "", "200 "),
      ("", "/contoso.onmicrosoft.com/oauth2/v2.0/token", "200 "),
    ])
  func refusals(change: String, path: String, expected: String) async throws {
    let fixture = try await DataverseFixture()
    var form = [
      "client_id": Self.client.id, "client_secret": Self.client.secret,
      "grant_type": "client_credentials", "scope": "http%3A%2F%2Fx%2F.default",
    ]
    if let equals = change.firstIndex(of: "=") {
      form[String(change[..<equals])] = String(change[change.index(after: equals)...])
    }
    let (response, json) = try await ask(
      fixture.service, path: path.isEmpty ? "/\(Self.tenant)/oauth2/v2.0/token" : path,
      form.map { "\($0)=\($1)" }.joined(separator: "&"))
    let code = json["error_codes"]?.items?.first?.integer.map { String($0) } ?? ""
    #expect("\(response.status) \(code)" == expected)
  }

  @Test("The old endpoint writes its numbers as text")
  func oldEndpoint() async throws {
    let fixture = try await DataverseFixture()
    let (_, json) = try await ask(
      fixture.service, path: "/\(Self.tenant)/oauth2/token",
      "client_id=\(Self.client.id)&client_secret=\(Self.client.secret)"
        + "&grant_type=client_credentials&resource=http%3A%2F%2Fx")
    #expect(json["expires_in"] == "3599")
    #expect(json["resource"] == "http://x")
  }

  @Test(
    "A token ends with its lifetime, or when it is revoked; the 401 need not be JSON",
    arguments: [DataverseKnobs.RefusalBody.empty, .html, .json])
  func unauthorized(body: DataverseKnobs.RefusalBody) async throws {
    let fixture = try await DataverseFixture {
      $0.tokenLifetime = 60
      $0.unauthorizedBody = body
    }
    #expect(try await fixture.fault("GET", "WhoAmI") == "200 ")
    fixture.clock.advance(by: .seconds(61))
    let response = try await fixture.send("GET", "WhoAmI")
    #expect(response.status == 401)
    #expect(response["WWW-Authenticate"]?.contains("authorization_uri=") == true)
    #expect(response.body.isEmpty == (body == .empty))
    await fixture.service.revokeTokens()
    #expect(try await fixture.send("GET", "WhoAmI").status == 401)
  }

  @Test("An application without a user here")
  func stranger() async throws {
    let fixture = try await DataverseFixture { $0.strangers = [Self.client.id] }
    #expect(try await fixture.fault("GET", "WhoAmI") == "403 0x80072560")
  }
}
