import Core
import Sandbox
import Testing

@Suite("Campaign stand-in: gateway")
struct CampaignServiceTests {
  typealias Visitor = CampaignVisitor

  @Test("A token lives 24 hours, and its end is 401013")
  func tokenLife() async {
    let visitor = await Visitor()
    let answer = await visitor.login()
    #expect(answer.status == 200)
    #expect(answer.json["expires_in"]?.integer == 86399)
    #expect(answer.json["token_type"] == "bearer")
    #expect(await visitor.get(Visitor.ext).status == 200)
    visitor.clock.advance(86400)
    let late = await visitor.get(Visitor.ext)
    #expect(late.status == 401)
    #expect(late.json["error_code"] == "401013")
  }

  @Test("Wrong client and wrong secret are told apart, both 400")
  func badCredentials() async {
    let visitor = await Visitor()
    let client = await visitor.login(client: "nobody")
    #expect(client.status == 400)
    #expect(client.json["error_description"] == "invalid client_id parameter")
    let secret = await visitor.login(secret: "wrong")
    #expect(secret.status == 400)
    #expect(secret.json["error_description"] == "invalid client_secret parameter")
    #expect(await visitor.login(secret: "secret-2").status == 200)
  }

  @Test("expires_in may be milliseconds, and life may be short")
  func tokenKnobs() async throws {
    let visitor = await Visitor()
    try await visitor.service.apply(knobs: ["tokenLifetime": 60, "expiresInMilliseconds": true])
    #expect(await visitor.login().json["expires_in"]?.integer == 60000)
  }

  @Test("A revoked token, a strange key, a key of another client")
  func badHeaders() async {
    var visitor = await Visitor()
    visitor.key = "client-2"
    #expect(await visitor.get(Visitor.ext).json["error_code"] == "401013")
    visitor.key = "nobody"
    #expect(await visitor.get(Visitor.ext).status == 403)
    visitor.key = "client-1"
    await visitor.service.revokeTokens()
    #expect(await visitor.get(Visitor.ext).status == 401)
  }

  @Test(
    "An organisation that cannot be reached answers JSON",
    arguments: [
      ("nowhere", 500, "code", "500"), ("acme-unprovisioned", 502, "code", "502"),
      ("globex-mkt-stage", 403, "error_code", "403023"),
    ])
  func organizations(name: String, status: Int, member: String, code: String) async {
    var visitor = await Visitor()
    visitor.organization = name
    let answer = await visitor.get(Visitor.ext)
    #expect(answer.status == status)
    let value = answer.json[member]
    #expect(value == .number(code) || value == .string(code))
  }

  @Test("Too many requests are 429 with Retry-After, until the minute ends")
  func throttled() async throws {
    let visitor = await Visitor()
    try await visitor.service.apply(knobs: ["requestsPerMinute": 2])
    for _ in 1...2 { #expect(await visitor.get(Visitor.ext).status == 200) }
    let answer = await visitor.get(Visitor.ext)
    #expect(answer.status == 429)
    #expect(answer.json["error_code"] == "429050")
    visitor.clock.advance(60)
    #expect(await visitor.get(Visitor.ext).status == 200)
  }

  @Test("Knobs go out and in as JSON; a wrong one changes nothing")
  func knobs() async throws {
    let visitor = await Visitor()
    let before = await visitor.service.knobs
    try await visitor.service.apply(knobs: before.json)
    #expect(await visitor.service.knobs == before)
    await #expect(throws: SyncError.self) {
      try await visitor.service.apply(knobs: ["bigTable": 5, "nonsense": true])
    }
    #expect(await visitor.service.knobs == before)
  }

  @Test("Both meters run: HTTP requests, and engine calls in Adobe's units")
  func meters() async {
    let visitor = await Visitor()
    let row = await visitor.create("a")
    for name in ["Lina", "Lina", "Mina"] {
      _ = await visitor.call("PATCH", row.json["href"]?.text ?? "", ["firstName": .string(name)])
    }
    _ = await visitor.call("DELETE", row.json["href"]?.text ?? "")
    let meters = await visitor.service.meters
    #expect(meters.engineCalls == 1 + 2 + 1 + 2 + 1)
    #expect(meters.requests == ["POST": 1, "PATCH": 3, "DELETE": 1])
    #expect(meters.unchanged == 1)
  }
}
