import Core
import HTTP
import JSONPages

/// A token that was given out.
struct GrantedToken: Sendable {
  var client: String
  var expires: Instant
}

/// An answer that ends the matter before the Web API is reached.
struct Refusal: Error {
  var response: HTTPResponse
}

/// Microsoft Entra's client credentials grant, both endpoints, and what a bad token gets.
///
/// - Source: fact sheet 1.
extension DataverseService {
  private struct TokenFault: Error {
    var status: Int
    var error: String
    var code: Int
    var text: String
  }

  func token(_ request: HTTPRequest, _ url: ODataURL) -> HTTPResponse {
    do throws(TokenFault) {
      return try grant(request, url)
    } catch {
      return refuse(error)
    }
  }

  private func grant(_ request: HTTPRequest, _ url: ODataURL) throws(TokenFault) -> HTTPResponse {
    let isOld = !url.path.hasSuffix("/v2.0/token")
    let tenant = url.path.split(separator: "/").first.map(String.init) ?? ""
    guard request.method == "POST" else {
      throw TokenFault(
        status: 400, error: "invalid_request", code: 900_561,
        text: "The endpoint only accepts POST requests. Received a \(request.method) request.")
    }
    guard tenant.lowercased() == world.tenant.lowercased() || tenant == world.tenantDomain else {
      throw TokenFault(
        status: 400, error: "invalid_request", code: 90_002,
        text: "Tenant '\(tenant)' not found. Check to make sure you have the correct tenant ID.")
    }
    let form = ODataURL("http://form/?" + String(decoding: request.body, as: UTF8.self))
    guard form?["grant_type"] == "client_credentials" else {
      throw TokenFault(
        status: 400, error: "unsupported_grant_type", code: 70_003,
        text: "The app requested an unsupported grant type.")
    }
    let id = form?["client_id"] ?? ""
    guard let client = world.clients.first(where: { $0.id == id }) else {
      throw TokenFault(
        status: 400, error: "unauthorized_client", code: 700_016,
        text: "Application with identifier '\(id)' was not found in the directory 'Contoso'.")
    }
    try checkScope(form, isOld: isOld, client: client.id)
    try checkSecret(form, of: client)
    return accept(client, resource: form?["resource"], isOld: isOld)
  }

  private func checkScope(
    _ form: ODataURL?, isOld: Bool, client: String
  ) throws(TokenFault) {
    let scope = form?[isOld ? "resource" : "scope"] ?? ""
    var resource = scope
    if !isOld {
      guard scope.hasSuffix("/.default"), scope.contains("://"), !scope.contains("/api/") else {
        throw TokenFault(
          status: 400, error: "invalid_scope", code: 70_011,
          text: "The provided request must include a 'scope' input parameter. The provided value "
            + "for the input parameter 'scope' is not valid.")
      }
      resource.removeLast("/.default".count)
    }
    while resource.last == "/" { resource.removeLast() }
    guard knobs.audience.isEmpty || resource == knobs.audience, !resource.isEmpty else {
      throw TokenFault(
        status: 400, error: "invalid_resource", code: 500_011,
        text: "The resource principal named \(resource) was not found in the tenant named Contoso.")
    }
  }

  private func checkSecret(
    _ form: ODataURL?, of client: DataverseWorld.Client
  ) throws(TokenFault) {
    guard let secret = form?["client_secret"], !secret.isEmpty else {
      throw TokenFault(
        status: 401, error: "invalid_client", code: 7_000_218,
        text: "The request body must contain the following parameter: 'client_assertion' or "
          + "'client_secret'.")
    }
    guard secret == client.secret else {
      throw TokenFault(
        status: 401, error: "invalid_client", code: 7_000_215,
        text: "Invalid client secret provided. Ensure the secret being sent in the request is the "
          + "client secret value, not the client secret ID, for a secret added to app "
          + "'\(client.id)'.")
    }
    guard !knobs.secretExpired else {
      throw TokenFault(
        status: 401, error: "invalid_client", code: 7_000_222,
        text: "The provided client secret keys for app '\(client.id)' are expired.")
    }
  }

  private func accept(
    _ client: DataverseWorld.Client, resource: String?, isOld: Bool
  ) -> HTTPResponse {
    let now = clock.now
    if tokens.count > 10_000 { tokens = tokens.filter { $0.value.expires > now } }
    answersGiven += 1
    let chance = mix(mix(world.seed, answersGiven), salt(client.id))
    let name =
      "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9." + String(chance, radix: 36) + "."
      + String(mix(chance, 5), radix: 36) + "_" + String(answersGiven)
    tokens[name] = GrantedToken(
      client: client.id, expires: now + .seconds(knobs.tokenLifetime))
    func number(_ value: Int64) -> JSONValue {
      isOld ? .string(String(value)) : .number(String(value))
    }
    let lifetime = Int64(knobs.tokenLifetime)
    var members: [JSONValue.Member] = [
      .init("token_type", "Bearer"), .init("expires_in", number(lifetime)),
      .init("ext_expires_in", number(lifetime)),
    ]
    if isOld {
      members += [
        .init("expires_on", number(now.seconds + lifetime)),
        .init("not_before", number(now.seconds - 300)),
        .init("resource", .string(resource ?? "")),
      ]
    }
    members.append(.init("access_token", .string(name)))
    return HTTPResponse(
      200,
      headers: [
        HTTPHeader("Content-Type", "application/json; charset=utf-8"),
        HTTPHeader("Cache-Control", "no-store, no-cache"),
      ], body: JSONValue.object(members).encoded)
  }

  private func refuse(_ fault: TokenFault) -> HTTPResponse {
    let time = String(CalendarText.moment(clock.now.seconds).map { $0 == "T" ? " " : $0 })
    let trace = world.identifier("trace").description
    let text =
      "AADSTS\(fault.code): \(fault.text)\r\nTrace ID: \(trace)\r\nCorrelation ID: \(trace)\r\n"
      + "Timestamp: \(time)"
    let body: JSONValue = [
      "error": .string(fault.error), "error_description": .string(text),
      "error_codes": [.number(String(fault.code))], "timestamp": .string(time),
      "trace_id": .string(trace), "correlation_id": .string(trace),
      "error_uri": .string("https://login.microsoftonline.com/error?code=\(fault.code)"),
    ]
    return HTTPResponse(
      fault.status, headers: [HTTPHeader("Content-Type", "application/json; charset=utf-8")],
      body: body.encoded)
  }

  // MARK: using a token

  func authorize(_ request: HTTPRequest, _ url: ODataURL) throws(Refusal) -> GrantedToken {
    let header = request.headers.first { $0.name.lowercased() == "authorization" }?.value ?? ""
    let name = header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : ""
    guard let token = tokens[name], token.expires > clock.now else {
      counters.unauthorized += 1
      throw Refusal(response: unauthorized(url, isExpired: tokens[name] != nil))
    }
    guard !knobs.strangers.contains(token.client) else {
      throw Refusal(
        response: ODataFault(
          403, "0x80072560", "The user is not a member of the organization."
        ).response)
    }
    return token
  }

  private func unauthorized(_ url: ODataURL, isExpired: Bool) -> HTTPResponse {
    let challenge =
      "Bearer authorization_uri=https://login.microsoftonline.com/\(world.tenant)/oauth2/authorize, "
      + "resource_id=\(url.origin)/"
    let header = HTTPHeader("WWW-Authenticate", challenge)
    switch knobs.unauthorizedBody {
    case .empty: return HTTPResponse(401, headers: [header])
    case .html:
      var response = htmlPage(401, "401 - Unauthorized")
      response.headers.append(header)
      return response
    case .json:
      var fault = ODataFault(401, isExpired ? "0x8005F101" : "0x0", "Unauthorized")
      fault.headers = [header]
      return fault.response
    }
  }

  /// Forgets every token that was given out: the next use of one is a 401.
  package func revokeTokens() { tokens.removeAll() }

  /// Whose token a request carries: limits are the application user's, over all of its tokens.
  package func client(of request: HTTPRequest) -> String? {
    guard let header = request["Authorization"] else { return nil }
    return header.split(separator: " ").last.flatMap { tokens[String($0)]?.client }
  }

  /// The web server that takes a request: in turn, or the one that the cookie names.
  func chooseServer(_ request: HTTPRequest, for client: String) -> Int {
    let cookie = request.headers.first { $0.name.lowercased() == "cookie" }?.value ?? ""
    if let start = cookie.firstRange(of: "ARRAffinity=server"),
      let server = Int(cookie[start.upperBound...].prefix { $0.isNumber })
    {
      return server % max(knobs.servers, 1)
    }
    return limits.nextServer(for: client, of: knobs.servers)
  }
}
