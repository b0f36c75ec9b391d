import Core
import HTTP
import Sandbox
import Synchronization
import Testing

@testable import Campaign

/// Carries requests to the stand-in, as a connection would.
private struct SandboxTransport: Transport {
  let service: CampaignService

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    switch await service.answer(request) {
    case .response(let response): return response
    case .cut, .reset: throw TransportFailure(.broken, code: "sandbox")
    }
  }
}

/// A time that tests move.
private final class HandClock: Clock {
  private let milliseconds = Mutex<Int64>(1_770_106_269_000)
  var now: Instant { Instant(milliseconds: milliseconds.withLock { $0 }) }
  var uptime: Duration { .milliseconds(now.milliseconds) }
  func sleep(_ duration: Duration) async {}
  func random() -> UInt64 { 7 }
  func advance(_ seconds: Int64) { milliseconds.withLock { $0 += seconds * 1000 } }
}

@Suite("Against the sandbox's Campaign")
struct CampaignSandboxTests {
  private let clock = HandClock()
  private let service: CampaignService
  private let client: CampaignClient

  init() throws {
    let settings = CampaignSettings(
      organization: "acme-mkt-stage", clients: [.init(id: "client-1", secrets: ["secret-1"])])
    service = CampaignService(settings, clock: { [clock] in clock.now })
    client = try CampaignSandboxTests.client(
      SandboxTransport(service: service), clock, organization: "acme-mkt-stage")
  }

  private static func client(
    _ wire: SandboxTransport, _ clock: HandClock, organization: String, secret: String = "secret-1"
  ) throws -> CampaignClient {
    let ims = IMSTokens(
      url: "http://127.0.0.1:1/ims/token/v3", client: "client-1", secret: secret,
      scopes: IMSTokens.documentedScopes, transport: wire)
    let tokens = TokenSource(clock: clock) { () async throws(SyncError) in
      try await ims.fetchToken()
    }
    let url = "http://127.0.0.1:1/\(organization)"
    let transport = AuthorizedTransport(wire, origin: try #require(Origin(url)), tokens: tokens)
    return CampaignClient(url: url, apiKey: "client-1", transport: transport)
  }

  private let values = [
    Core.FieldValue("externalId", .text, key), Core.FieldValue("firstName", .text, "Zoë \"Ö\""),
    Core.FieldValue("gender", .text, "female"), Core.FieldValue("location.city", .text, "Galway"),
    Core.FieldValue("blackListEmail", .boolean, "true"),
    Core.FieldValue("cusLoyaltyPoints", .number, "12"),
  ]

  @Test("A record is created, found, changed, deleted, and gone")
  func life() async throws {
    let resource = try await client.resource("profile")
    try await client.proveLookup(resource, lookup: nil, key: "externalId")
    let store = try client.store(for: resource, key: "externalId")
    #expect(try await store.find(key: key, fields: []).isEmpty)
    #expect(try await store.create(values) == .done)

    let names = values.map(\.name) + ["birthDate"]
    let record = try #require(try await store.find(key: key, fields: names).first)
    for value in values { #expect(record.values[value.name] == value.text, "\(value.name)") }
    #expect(record.values["birthDate"] == "")

    #expect(try await store.update(record, [Core.FieldValue("firstName", .text, "")]) == .done)
    #expect(
      try await store.find(key: key, fields: ["firstName"]).first?.values == ["firstName": ""])
    #expect(try await store.delete(record) == .done)
    #expect(try await store.delete(record) == .absent)
    #expect(try await store.find(key: key, fields: []).isEmpty)
  }

  @Test("The schema: dotted names, enumeration names, both names of an opt-out")
  func schema() async throws {
    for isNew in [false, true] {
      var knobs = CampaignKnobs()
      knobs.denyListNames = isNew
      await service.set(knobs)
      let resource = try await client.resource("profile")
      let name = isNew ? "denyListEmail" : "blackListEmail"
      #expect(resource.field("denyListEmail")?.name == name)
      #expect(resource.field("blackListEmail")?.name == name)
      #expect(resource.field("location.city")?.kind == .text)
      #expect(resource.field("gender")?.kind == .enumeration(["unknown", "male", "female"]))
      #expect(resource.field("cusCustomerSince")?.kind == .dateTime)
      #expect(resource.field("cusLoyaltyPoints")?.kind == .integer)
      #expect(resource.field("title")?.isReadOnly == true)
      #expect(resource.field("lastModified")?.isReadOnly == true)
      #expect(resource.field("firstName")?.maxLength == 30)
    }
  }

  @Test(
    "What it refuses, it refuses with a code",
    arguments: [
      (Core.FieldValue("gender", .text, "other"), "RST-360011"),
      (Core.FieldValue("cusLoyaltyPoints", .text, "many"), "BAS-010040"),
      (Core.FieldValue("title", .text, "x"), "RST-360011"),
      (Core.FieldValue("nothing", .text, "x"), "RST-360011"),
      (Core.FieldValue("externalId", .text, key), "PGS-220000"),
    ])
  func refuses(_ value: Core.FieldValue, _ code: String) async throws {
    let store = try client.store(for: try await client.resource("profile"), key: "externalId")
    #expect(try await store.create([Core.FieldValue("externalId", .text, key)]) == .done)
    guard case .refused(let given, _) = try await store.create([value]) else {
      Issue.record("not refused")
      return
    }
    #expect(given == code)
  }

  @Test("Without the filter, the words name the page that adds it")
  func noFilter() async throws {
    var knobs = CampaignKnobs()
    knobs.keyFilters = false
    await service.set(knobs)
    let resource = try await client.resource("profile")
    let error = try await failure {
      try await client.proveLookup(resource, lookup: nil, key: "externalId")
    }
    #expect(error.kind == .configuration)
    #expect(error.next?.contains("docs/import-workflow.md") == true)
  }

  @Test("A token that was revoked is fetched again, once")
  func revoked() async throws {
    _ = try await client.resource("profile")
    await service.revokeTokens()
    _ = try await client.resource("profile")
    #expect(await service.meters.tokens == 2)
  }

  @Test(
    "Wrong access is said in words",
    arguments: [
      ("globex-mkt-stage", "secret-1", SyncError.Kind.permission),
      ("acme-mkt-stage", "wrong", .permission), ("acme-unprovisioned", "secret-1", .unavailable),
    ])
  func access(_ organization: String, _ secret: String, _ kind: SyncError.Kind) async throws {
    let wire = SandboxTransport(service: service)
    let other = try Self.client(wire, clock, organization: organization, secret: secret)
    let error = try await failure { try await other.resource("profile") }
    #expect(error.kind == kind)
    #expect(error.next != nil)
  }

  @Test("An unknown resource, and one that is not linked to profile")
  func resources() async throws {
    let error = try await failure { try await client.resource("cusNothing") }
    #expect(error.kind == .configuration)
    #expect(try await client.resource("cusDealer").family == .customResources)
  }

  @Test("The signal is taken once in ten minutes")
  func signal() async throws {
    let about = try await client.describe(workflow: "WKF101", signal: "signal1")
    #expect(
      about
        == WorkflowDescription(
          status: .started, parameters: ["files": "string"], hasSignal: true))
    let send = { () async throws in
      try await client.trigger(
        workflow: "WKF101", signal: "signal1", source: "contacts-000012",
        parameters: ["files": "imports/contacts-000012-*.csv.gz"])
    }
    #expect(try await send() == .triggered)
    #expect(try await send() == .notNow)
    clock.advance(601)
    #expect(try await send() == .triggered)
  }

  @Test("No such workflow, no such signal, and a parameter that is not declared")
  func signalMissing() async throws {
    for (workflow, signal) in [("WKF9", "signal1"), ("WKF101", "signal2")] {
      let error = try await failure {
        try await client.trigger(
          workflow: workflow, signal: signal, source: "x", parameters: ["files": "x"])
      }
      #expect(error.kind == .configuration)
    }
    var knobs = CampaignKnobs()
    knobs.showParameters = false
    knobs.showState = false
    await service.set(knobs)
    let outcome = try await client.trigger(
      workflow: "WKF101", signal: "signal1", source: "x", parameters: ["rows": "1"])
    #expect(outcome == .refused(code: "XTK-170006"))
  }
}
