import Core
import TestSupport
import Testing

@testable import HTTP

struct AuthorizedTransportTests {
  private let clock = FakeClock()
  private let office = TokenOffice()

  private func transport(_ far: ScriptedTransport) throws -> AuthorizedTransport {
    AuthorizedTransport(
      far, origin: try #require(Origin("https://service.example")), tokens: office.source(clock))
  }

  private func tokens(_ far: ScriptedTransport) -> [String?] {
    far.arrivals.map { arrival in
      arrival.request.headers.first { $0.name == "Authorization" }?.value
    }
  }

  @Test("After a 401 in mid-run one new token is fetched, and the request replayed once")
  func replaysOnce() async throws {
    let far = ScriptedTransport(
      clock: clock,
      [.success(HTTPResponse(200)), .success(HTTPResponse(401)), .success(HTTPResponse(201))])
    let transport = try transport(far)
    let request = HTTPRequest("POST", "https://service.example/a")
    #expect(try await transport.send(request).status == 200)
    #expect(try await transport.send(request).status == 201)
    #expect(tokens(far) == ["Bearer token 1", "Bearer token 1", "Bearer token 2"])
  }

  @Test("A second 401 is the answer")
  func returnsTheSecond401() async throws {
    let far = ScriptedTransport(clock: clock, [.success(HTTPResponse(401))])
    let request = HTTPRequest("GET", "https://service.example/a")
    #expect(try await transport(far).send(request).status == 401)
    #expect(far.arrivals.count == 2)
  }

  @Test(
    "The token goes to its origin only",
    arguments: [
      "https://evil.example/a", "http://service.example/a", "https://service.example:8443/a",
      "https://service.example@evil.example/", "https://service.example.evil.example/", "/a",
    ])
  func pinsTheOrigin(url: String) async throws {
    let far = ScriptedTransport(clock: clock, [.success(HTTPResponse(200))])
    let transport = try transport(far)
    let failure = await #expect(throws: TransportFailure.self) {
      try await transport.send(HTTPRequest("GET", url))
    }
    #expect(failure?.kind == .refused)
    #expect(failure?.cause?.kind == .protocolBroken)
    #expect(far.arrivals.isEmpty)
    #expect(office.served == 0)
  }

  @Test("A token that cannot be had keeps its words")
  func reportsTheTokenError() async throws {
    office.close()
    let far = ScriptedTransport(clock: clock, [.success(HTTPResponse(200))])
    let transport = try transport(far)
    let failure = await #expect(throws: TransportFailure.self) {
      try await transport.send(HTTPRequest("GET", "https://service.example/"))
    }
    #expect(failure?.error(while: "read", with: "Dynamics").kind == .permission)
    #expect(far.arrivals.isEmpty)
  }
}
