import Core
import HTTP
import JSONPages

/// The REST API of one Campaign instance.
///
/// - Shape: knows paths, names and error families; authorising, repeating and gating are done by
///   the transport that it is given.
/// - Source: Adobe Campaign Standard API, `https://mc.adobe.io/<organisation>/campaign/...`.
package struct CampaignClient: Sendable {
  /// `https://mc.adobe.io/acme-mkt-stage/campaign`, without a slash at its end.
  let base: String
  private let origin: Origin?
  private let apiKey: String
  private let transport: any Transport

  /// - Parameter url: gateway and organisation, as in the environment file.
  /// - Parameter apiKey: the client id, which goes along as `X-Api-Key`.
  package init(url: String, apiKey: String, transport: any Transport) {
    var base = url
    while base.hasSuffix("/") { base.removeLast() }
    if !base.hasSuffix("/campaign") { base += "/campaign" }
    self.base = base
    self.origin = Origin(base)
    self.apiKey = apiKey
    self.transport = transport
  }

  /// The records of one resource, found by its key.
  ///
  /// - Parameter lookup: `byExternalId?externalId_parameter`; nil: derived from the key.
  package func store(
    for resource: ResourceSchema, key: String, lookup: String? = nil
  ) throws(SyncError) -> CampaignStore {
    CampaignStore(
      client: self, resource: resource, key: key,
      lookup: try LookupFilter(lookup: lookup, key: key))
  }

  /// Sends one request; any answer is returned, a missing one is thrown.
  func send(
    _ method: String, _ url: String, body: JSONValue? = nil
  ) async throws(TransportFailure) -> HTTPResponse {
    var request = HTTPRequest(method, url, maxBody: CampaignClient.maxBody)
    request.headers = [
      HTTPHeader("X-Api-Key", apiKey),
      HTTPHeader("Accept", "application/json"),
      HTTPHeader("Content-Type", "application/json;charset=utf-8"),
      HTTPHeader("Cache-Control", "no-cache"),
    ]
    if let body { request.body = body.encoded }
    return try await transport.send(request)
  }

  /// Reads a document of the configured origin.
  ///
  /// - Throws: the words of the fault, whatever it is.
  func document(at url: String, for action: String) async throws(SyncError) -> JSONValue {
    let response = try await response(at: url, for: action)
    if let fault = CampaignFault(response) { throw fault.error(action) }
    return try parse(response.body, for: action)
  }

  func response(at url: String, for action: String) async throws(SyncError) -> HTTPResponse {
    try checkOrigin(of: url, for: action)
    do {
      return try await send("GET", url)
    } catch {
      throw error.error(while: action, with: "Campaign")
    }
  }

  func parse(_ body: [UInt8], for action: String) throws(SyncError) -> JSONValue {
    do {
      return try JSONDocument.parse(body)
    } catch {
      throw SyncError(
        .protocolBroken, action, "the answer is not the JSON document that was expected",
        next: "check `campaign.url`; a proxy may be answering in Campaign's place")
    }
  }

  /// A token goes to its own origin only; a link elsewhere ends the run.
  func checkOrigin(of url: String, for action: String) throws(SyncError) {
    guard let origin, Origin(url) == origin else {
      throw SyncError(
        .protocolBroken, action, "Campaign answered with a link to another host",
        next: "check `campaign.url`: it must be the host that Campaign's own links name")
    }
  }

  /// A page of 25 profiles with every field is some 100 kB; metadata of profile some 500 kB.
  private static let maxBody = 16 << 20
}
