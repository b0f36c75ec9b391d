import Core
import HTTP

struct IssuedToken: Sendable {
  var client: String
  var end: Instant
}

struct RequestWindow: Sendable {
  var minute: Int64
  var count: Int
}

// MARK: The token service

extension CampaignService {
  /// `POST /ims/token/v3`: client credentials, in the body or the query.
  func token(for request: HTTPRequest, _ address: CampaignAddress) throws(CampaignFault)
    -> HTTPResponse
  {
    guard request.method == "POST" else { throw .ims("invalid_request", "method not allowed") }
    let form = CampaignAddress.form(String(decoding: request.body, as: UTF8.self)) + address.query
    func value(_ name: String) -> String? { form.first { $0.name == name }?.value }
    guard value("grant_type") == "client_credentials" else {
      throw .ims("unsupported_grant_type", "unsupported grant_type parameter")
    }
    guard let client = settings.clients.first(where: { $0.id == value("client_id") }) else {
      throw .ims("invalid_client", "invalid client_id parameter")
    }
    guard let secret = value("client_secret"), client.secrets.contains(secret) else {
      throw .ims("invalid_client", "invalid client_secret parameter")
    }
    guard let scope = value("scope"), !scope.isEmpty else {
      throw .ims("invalid_scope", "missing scope parameter")
    }
    meters.tokens += 1
    let end = clock() + .seconds(knobs.tokenLifetime)
    let token = seal.opaque("token \(meters.tokens) \(client.id) \(end.milliseconds)")
    tokens = tokens.filter { $0.value.end > clock() }
    tokens[token] = IssuedToken(client: client.id, end: end)
    let lifetime = knobs.tokenLifetime * (knobs.expiresInMilliseconds ? 1000 : 1)
    return .json(
      200,
      [
        "access_token": .string(token), "token_type": "bearer",
        "expires_in": .number(String(lifetime)),
      ])
  }

  /// `GET /r/test`, the instance's sign of life.
  func probe(_ address: CampaignAddress) -> HTTPResponse {
    let date = CampaignTime.text(clock()).prefix(19)
    var response = HTTPResponse.text(
      200,
      "<redir status='OK' date='\(date)' build='9366' instance='\(settings.organization)'"
        + " sourceIP='127.0.0.1' host='localhost' localHost='localhost'/>")
    response.headers = [HTTPHeader("Content-Type", "text/xml")]
    return response
  }
}

extension CampaignFault {
  static func ims(_ error: String, _ description: String) -> CampaignFault {
    CampaignFault(
      status: 400,
      body: .json(["error": .string(error), "error_description": .string(description)]))
  }
}

// MARK: The gateway

extension CampaignService {
  /// `/<organization>/campaign/...`, with a key and a token that belong together.
  func gateway(_ request: HTTPRequest, _ address: CampaignAddress) throws(CampaignFault)
    -> GatewayCall
  {
    guard let client = request["X-Api-Key"],
      settings.clients.contains(where: { $0.id == client })
    else { throw .badKey }
    let words = (request["Authorization"] ?? "").split(separator: " ")
    guard words.count == 2, words[0].lowercased() == "bearer",
      let token = tokens[String(words[1])], token.end > clock(), token.client == client
    else { throw .badToken }

    let segments = address.segments
    guard segments.count >= 2, segments[1] == "campaign" else { throw .oops(500) }
    let organization = segments[0]
    if settings.unprovisioned.contains(organization) { throw .oops(502) }
    if settings.foreign.contains(organization) { throw .badProfile }
    guard organization == settings.organization else { throw .oops(500) }
    return GatewayCall(
      method: request.method, address: address, base: "\(address.origin)/\(organization)/campaign",
      segments: Array(segments.dropFirst(2)), token: String(words[1]), client: client,
      body: request.body)
  }

  /// The refusal of a client that asks too often.
  func throttle(_ call: GatewayCall) -> HTTPResponse? {
    guard knobs.requestsPerMinute > 0 else { return nil }
    let now = clock().seconds
    var window = windows[call.client] ?? RequestWindow(minute: 0, count: 0)
    if window.minute != now / 60 { window = RequestWindow(minute: now / 60, count: 0) }
    window.count += 1
    windows[call.client] = window
    guard window.count > knobs.requestsPerMinute else { return nil }
    meters.refused += 1
    return CampaignFault.tooMany(after: Int(60 - now % 60))
  }
}

extension HTTPRequest {
  /// The first header of that name, whatever its case.
  subscript(name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
