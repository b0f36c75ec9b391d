import Core
import HTTP
import JSONPages
import Sandbox
import Testing

/// Both sides with a profile for each contact, people who change their mind, and a tool that writes
/// what a test tells it to.
struct ConsentWorld {
  let storage = TemporaryStorage()
  let world: SandboxWorld
  let keys: [RowKey]
  private let dynamicsToken: String
  private let campaignToken: String

  static let email = OptOutSettings.attributes.firstIndex(of: "denyListEmail") ?? 0
  private static let organization = "http://127.0.0.1:1/acme-mkt-stage/campaign"

  init(contacts: Int = 12, now: Int64 = 1_768_000_000) async throws {
    var settings = SandboxWorld.Settings()
    settings.contacts = contacts
    settings.dynamicsClient.secret = "secret"
    settings.campaignClient.secrets = ["secret"]
    settings.sftpHome = storage.home
    settings.now = Instant(seconds: now)
    let world = await SandboxWorld(settings)
    self.world = world
    keys = await world.dataverse.keys(of: "contact", count: contacts)
    dynamicsToken = try await DataverseFixture.grant(world.dataverse)
    let form =
      "grant_type=client_credentials&client_id=\(settings.campaignClient.id)"
      + "&client_secret=secret&scope=openid"
    let answer = try await Self.send(
      world.campaign,
      HTTPRequest("POST", "http://127.0.0.1:1/ims/token/v3", body: Array(form.utf8)))
    campaignToken = try #require(try JSONDocument.parse(answer.body)["access_token"]?.text)
    // Everybody is opted in everywhere, and all of it is long ago.
    for key in keys {
      await world.dataverse.upsert(
        key, of: "contact", ["donotbulkemail": false, "donotphone": false, "followemail": true])
      try await post(key)
    }
    wait(60)
  }

  static func send(_ service: any SandboxService, _ request: HTTPRequest) async throws
    -> HTTPResponse
  {
    guard case .response(let response) = await service.answer(request) else {
      throw SyncError(.bug, "test", "the service did not answer")
    }
    return response
  }

  func wait(_ seconds: Int) { world.clock.advance(by: .seconds(seconds)) }

  // MARK: people

  func person(_ key: RowKey, in column: String = "donotbulkemail", _ value: Bool) async {
    wait(10)
    await world.dataverse.upsert(key, of: "contact", .object([.init(column, .bool(value))]))
    wait(10)
  }

  func person(_ key: RowKey, opts isOut: Bool, _ place: Int = ConsentWorld.email) async {
    wait(10)
    await world.campaign.setOptOut(place, of: key, to: isOut)
    wait(10)
  }

  // MARK: the tool

  func patch(
    contact key: RowKey, _ body: JSONValue, _ headers: [String: String] = ["If-Match": "*"]
  ) async throws {
    let all =
      [HTTPHeader("Authorization", "Bearer \(dynamicsToken)")]
      + headers.map { HTTPHeader($0.key, $0.value) }
    let answer = try await Self.send(
      world.dataverse,
      HTTPRequest(
        "PATCH", "\(DataverseFixture.api)contacts(\(key))", headers: all, body: body.encoded))
    #expect(answer.status == 204)
  }

  /// - Parameter path: behind the resource of profiles.
  @discardableResult
  func call(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
    try await send(method, "/profileAndServicesExt/profile" + path, body)
  }

  @discardableResult
  private func send(
    _ method: String, _ path: String, _ body: JSONValue? = nil
  ) async throws -> JSONValue {
    let answer = try await Self.send(
      world.campaign,
      HTTPRequest(
        method, path.hasPrefix("http") ? path : Self.organization + path,
        headers: [
          HTTPHeader("Authorization", "Bearer " + campaignToken),
          HTTPHeader("X-Api-Key", SandboxWorld.Settings().campaignClient.id),
        ], body: body?.encoded ?? []))
    #expect(answer.status < 300)
    return (try? JSONDocument.parse(answer.body)) ?? .null
  }

  func patch(profile key: RowKey, _ body: JSONValue) async throws {
    try await call("PATCH", "/\(key)", body)
  }

  func post(_ key: RowKey, _ members: [JSONValue.Member] = []) async throws {
    try await call("POST", "", .object([.init("externalId", .string(key.description))] + members))
  }

  /// Has the import workflow load what is staged.
  func load(_ files: String) async throws {
    let execution = try await send("GET", "/workflow/execution/WKF101")
    let trigger = execution["activities"]?["activity"]?["signal1"]?["trigger"]?["href"]?.text
    try await send(
      "POST", trigger ?? "", ["source": "test", "parameters": ["files": .string(files)]])
    await world.campaign.runPendingImports()
  }

  // MARK: what is looked at

  @discardableResult
  func export(_ change: (inout OptOutOrder) -> Void = { _ in }) async throws -> OptOutFile {
    var order = OptOutOrder()
    change(&order)
    let files = try await world.optOuts.export(order, of: world.campaign)
    wait(10)
    return try #require(files.last)
  }

  func lines(_ file: OptOutFile) -> [String] {
    (storage.read(file.name) ?? "").split(separator: "\n").map(String.init)
  }

  static func settings(
    _ direction: OptOutSettings.Direction, zone: String = "UTC"
  ) -> OptOutSettings {
    var files = OptOutSettings.Files(
      pattern: "exports/optout_*.csv", key: "externalId", modified: "{campaign}_modified")
    files.timeZone = zone
    let position = SourcePosition(file: "", line: 0)
    let reads = direction == .campaignToDynamics || direction == .bidirectional
    return OptOutSettings(
      name: "opt-out", direction: direction, files: reads ? files : nil,
      fields: reads
        ? [
          .init(
            dynamics: "donotbulkemail", campaign: "denyListEmail", invert: false,
            position: position),
          .init(
            dynamics: "followemail", campaign: "blackListPushnotification", invert: true,
            position: position),
        ] : [])
  }

  static func ingress(_ fields: [FieldMapping]) -> IngressSettings {
    IngressSettings(
      name: "contacts", table: "contact", resource: "profile", key: "externalId", fields: fields)
  }

  func compare(
    _ direction: OptOutSettings.Direction, ingress: [IngressSettings] = []
  ) async throws -> OptOutComparisonResult {
    try await OptOutComparison(Self.settings(direction), ingress: ingress).run(world)
  }
}
