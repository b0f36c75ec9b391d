import Core
import HTTP
import JSONPages
import Sandbox
import Synchronization

/// A time that tests move.
final class TestClock: Sendable {
  private let milliseconds: Mutex<Int64>

  init(_ now: Instant = Instant(seconds: 1_770_106_269)) { milliseconds = Mutex(now.milliseconds) }

  var now: Instant { Instant(milliseconds: milliseconds.withLock { $0 }) }
  func advance(_ seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
}

/// A client of the Campaign stand-in that shows everything it is told.
struct CampaignVisitor {
  struct Answer {
    var status: Int
    var text: String
    var json: JSONValue

    var keys: [String] { json["content"]?.items?.compactMap { $0["externalId"]?.text } ?? [] }
    var handle: String { json["PKey"]?.text ?? "" }
    var next: String? { json["next"]?["href"]?.text }
  }

  static let ext = "/profileAndServicesExt/profile"
  static let base = "/profileAndServices/profile"

  let clock = TestClock()
  let service: CampaignService
  var token = ""
  var key = "client-1"
  var organization = "acme-mkt-stage"

  init(_ settings: CampaignSettings = CampaignVisitor.settings()) async {
    service = CampaignService(settings, clock: { [clock] in clock.now })
    token = await login().json["access_token"]?.text ?? ""
  }

  static func settings(home: String? = nil) -> CampaignSettings {
    var settings = CampaignSettings(
      organization: "acme-mkt-stage",
      clients: [
        .init(id: "client-1", secrets: ["secret-1", "secret-2"]),
        .init(id: "client-2", secrets: ["other"]),
      ])
    settings.sftpHome = home
    return settings
  }

  func login(client: String = "client-1", secret: String = "secret-1") async -> Answer {
    let form =
      "grant_type=client_credentials&client_id=\(client)&client_secret=\(secret)"
      + "&scope=openid%2CAdobeID"
    return await send("POST", "http://127.0.0.1:1/ims/token/v3", body: Array(form.utf8))
  }

  /// - Parameter path: behind `/campaign`, or a whole address as an answer gave it.
  func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async -> Answer {
    await send(method, url(path), body: body?.encoded ?? [])
  }

  func call(_ method: String, _ path: String, text: String) async -> Answer {
    await send(method, url(path), body: Array(text.utf8))
  }

  private func url(_ path: String) -> String {
    path.hasPrefix("http") ? path : "http://127.0.0.1:1/\(organization)/campaign\(path)"
  }

  func get(_ path: String) async -> Answer { await call("GET", path) }

  @discardableResult
  func create(_ key: String, _ members: [(String, JSONValue)] = []) async -> Answer {
    await call(
      "POST", CampaignVisitor.ext,
      .object(([("externalId", .string(key))] + members).map { .init($0.0, $0.1) }))
  }

  private func send(_ method: String, _ url: String, body: [UInt8]) async -> Answer {
    let headers = [
      HTTPHeader("authorization", "Bearer " + token), HTTPHeader("x-api-key", key),
    ]
    let request = HTTPRequest(method, url, headers: headers, body: body)
    guard case .response(let response) = await service.answer(request) else {
      return Answer(status: 0, text: "", json: .null)
    }
    let json = (try? JSONDocument.parse(response.body)) ?? .null
    return Answer(
      status: response.status, text: String(decoding: response.body, as: UTF8.self), json: json)
  }
}
