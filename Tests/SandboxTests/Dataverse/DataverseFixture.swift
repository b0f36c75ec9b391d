import Core
import HTTP
import JSONPages
import Sandbox
import Testing

/// A small environment with a token at hand.
struct DataverseFixture {
  let service: DataverseService
  let clock: SandboxClock
  let token: String
  static let origin = "http://contoso.sandbox.localhost:8080"
  static let api = origin + "/api/data/v9.2/"

  init(
    rows: Int = 120, shape: KeySpace.Shape = .skewed,
    knobs: (inout DataverseKnobs) -> Void = { _ in }
  ) async throws {
    var world = DataverseWorld()
    world.rows = ["contact": rows, "account": 7]
    world.keyShape = shape
    var turned = DataverseKnobs()
    turned.gzip = false
    knobs(&turned)
    clock = SandboxClock(base: Instant(seconds: 1_768_000_000), isRunning: false)
    service = DataverseService(world: world, clock: clock, knobs: turned)
    token = try await DataverseFixture.grant(service)
  }

  static func grant(_ service: DataverseService, user: Int = 0) async throws -> String {
    let world = await service.world
    let form =
      "client_id=\(world.clients[user].id)&client_secret=\(world.clients[user].secret)"
      + "&grant_type=client_credentials&scope=\(origin)/.default"
    let response = try await send(
      service,
      HTTPRequest("POST", "\(origin)/\(world.tenant)/oauth2/v2.0/token", body: Array(form.utf8)))
    return try #require(try JSONDocument.parse(response.body)["access_token"]?.text)
  }

  static func send(_ service: DataverseService, _ request: HTTPRequest) async throws -> HTTPResponse
  {
    guard case .response(let response) = await service.answer(request) else {
      throw SyncError(.bug, "test", "the service did not answer")
    }
    return response
  }

  func send(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil
  ) async throws -> HTTPResponse {
    let all =
      [HTTPHeader("Authorization", "Bearer \(token)")]
      + headers.map { HTTPHeader($0.key, $0.value) }
    let url = path.hasPrefix("http") ? path : DataverseFixture.api + path
    return try await DataverseFixture.send(
      service, HTTPRequest(method, url, headers: all, body: Array((body ?? "").utf8)))
  }

  func get(_ path: String, _ headers: [String: String] = [:]) async throws -> JSONValue {
    let response = try await send("GET", path, headers)
    return try JSONDocument.parse(response.body)
  }

  /// The error code of an answer, and its status.
  func fault(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil
  ) async throws -> String {
    let response = try await send(method, path, headers, body: body)
    let json = try? JSONDocument.parse(response.body)
    return "\(response.status) \(json?["error"]?["code"]?.text ?? "")"
  }

  /// All items of a chain of pages, and the delta link at its end.
  func follow(
    _ path: String, _ headers: [String: String] = [:]
  ) async throws -> (items: [JSONValue], delta: String?, pages: Int) {
    var items: [JSONValue] = []
    var next: String? = path
    var delta: String?
    var pages = 0
    while let link = next {
      let page = try await get(link, headers)
      items += try #require(page["value"]?.items)
      next = page["@odata.nextLink"]?.text
      delta = page["@odata.deltaLink"]?.text
      #expect(next == nil || delta == nil)
      pages += 1
    }
    return (items, delta, pages)
  }
}
