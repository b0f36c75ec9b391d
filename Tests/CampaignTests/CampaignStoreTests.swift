import Core
import HTTP
import TestSupport
import Testing

@testable import Campaign

@Suite("Records of a resource")
struct CampaignStoreTests {
  static let record = ResourceRecord(address: "\(profiles)/@other%2Ftail", values: [:])
  static let change = [FieldValue("firstName", .text, "Lina")]

  @Test("One record: its own href, its values in Campaign's form")
  func findsOne() async throws {
    let script = try ScriptedCampaign(answer(200, "profile.found.json"))
    let names = [
      "firstName", "birthDate", "gender", "denyListEmail", "location.city", "cusCreditLimit",
      "lastModified", "orgUnit", "notThere",
    ]
    let found = try await store(script).find(key: key, fields: names)
    #expect(
      found == [
        ResourceRecord(
          address: "\(profiles)/@4kQz7bT0r1mVnY2c",
          values: [
            "firstName": "Lina", "birthDate": "", "gender": "female", "denyListEmail": "true",
            "location.city": "Galway", "cusCreditLimit": "1250.50",
            "lastModified": "2026-02-03 08:11:09.402Z", "orgUnit": "", "notThere": "",
          ])
      ])
    #expect(await script.lines == ["GET \(profiles)/byExternalId?externalId_parameter=\(key)"])
  }

  @Test("Every request carries the client id and forbids a cached answer")
  func headers() async throws {
    let script = try ScriptedCampaign(answer(200, "profile.none.json"))
    _ = try await store(script).find(key: key, fields: [])
    let headers = await script.requests[0].headers
    #expect(headers.contains(HTTPHeader("X-Api-Key", "cid-123")))
    #expect(headers.contains(HTTPHeader("Cache-Control", "no-cache")))
    #expect(headers.contains { $0.name == "Content-Type" })
  }

  @Test("A miss is 200 with nothing in it")
  func findsNone() async throws {
    let script = try ScriptedCampaign(answer(200, "profile.none.json"))
    #expect(try await store(script).find(key: key, fields: ["firstName"]).isEmpty)
  }

  @Test("The next link is followed as it stands, until it is several")
  func findsSeveral() async throws {
    let script = try ScriptedCampaign(
      answer(200, "profile.page1.json"), answer(200, "profile.page2.json"))
    let found = try await store(script).find(key: key, fields: [])
    #expect(found.map(\.address) == ["\(profiles)/@a1", "\(profiles)/@a2"])
    #expect(await script.lines.last?.hasSuffix("&_lineStart=@Qy2M%3D") == true)
  }

  @Test("The key is escaped, so that it stays a value")
  func escapes() async throws {
    let script = try ScriptedCampaign(answer(200, "profile.none.json"))
    _ = try await store(script).find(key: "a&b=c d@e/f", fields: [])
    #expect(
      await script.lines == [
        "GET \(profiles)/byExternalId?externalId_parameter=a%26b%3Dc%20d%40e%2Ff"
      ])
  }

  @Test("A record of another key is never handed out")
  func strangersRecord() async throws {
    let script = try ScriptedCampaign(answer(200, "profile.found.json"))
    let error = try await failure { try await store(script).find(key: "other", fields: []) }
    #expect(error.kind == .protocolBroken)
  }

  @Test("A link to another host is not followed, nor kept")
  func foreignLink() async throws {
    let body = String(decoding: try fixture("profile.found.json"), as: UTF8.self)
    let script = ScriptedCampaign(
      text(200, body.replacing("https://mc.adobe.io/", with: "https://mc.adobe.io.example.org/")))
    let error = try await failure { try await store(script).find(key: key, fields: []) }
    #expect(error.kind == .protocolBroken)
  }

  @Test("POST goes to the collection, nested, numbers and booleans raw")
  func creates() async throws {
    let script = ScriptedCampaign(text(201, "{\"PKey\":\"@n\"}"))
    let outcome = try await store(script).create([
      FieldValue("externalId", .text, key), FieldValue("location.city", .text, "Zürich"),
      FieldValue("location.zipCode", .text, ""), FieldValue("blackListEmail", .boolean, "true"),
      FieldValue("cusCreditLimit", .number, "1250.50"), FieldValue("cusPoints", .number, ""),
      FieldValue("cusOdd", .number, "1,5"), FieldValue("blackListFax", .boolean, ""),
    ])
    #expect(outcome == .done)
    #expect(await script.lines == ["POST \(profiles)"])
    #expect(
      String(decoding: await script.requests[0].body, as: UTF8.self)
        == #"{"externalId":"\#(key)","location":{"city":"Zürich","zipCode":""},"#
        + #""blackListEmail":true,"cusCreditLimit":1250.50,"cusPoints":0,"cusOdd":"1,5","#
        + #""blackListFax":false}"#)
    #expect(await script.requests[0].isIdempotent == false)
  }

  @Test("PATCH and DELETE go to the record's own address, character for character")
  func updatesAndDeletes() async throws {
    let script = ScriptedCampaign(text(200, "{}"), text(204), text(200))
    let store = try store(script)
    #expect(try await store.update(Self.record, Self.change) == .done)
    #expect(try await store.delete(Self.record) == .done)
    #expect(try await store.delete(Self.record) == .done)
    #expect(
      await script.lines == [
        "PATCH \(Self.record.address)", "DELETE \(Self.record.address)",
        "DELETE \(Self.record.address)",
      ])
    #expect(await script.requests[1].body.isEmpty)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var step: ScriptedCampaign.Step
    var post: WriteOutcome?
    var patch: WriteOutcome?
    var kind: SyncError.Kind?
    var testDescription: String { name }
    init(
      _ name: String, _ step: ScriptedCampaign.Step, post: WriteOutcome?, patch: WriteOutcome?,
      kind: SyncError.Kind? = nil
    ) {
      (self.name, self.step, self.post, self.patch, self.kind) = (name, step, post, patch, kind)
    }
  }

  static func gateway(_ status: Int, _ code: String) -> ScriptedCampaign.Step {
    .answer(text(status, "{\"error_code\":\"\(code)\",\"message\":\"\"}"))
  }
  static let oops = ScriptedCampaign.Step.answer(text(500, CampaignFaultTests.oops))
  static let rows: [Row] = [
    Row("connection broke", .failure(.broken), post: .unknown, patch: .unknown),
    Row("no connection", .failure(.unreachable), post: nil, patch: nil, kind: .unavailable),
    Row("bad certificate", .failure(.untrusted), post: nil, patch: nil, kind: .permission),
    Row("502 of the gateway", gateway(502, "502000"), post: .unknown, patch: .unknown),
    Row("500 oops", oops, post: .unknown, patch: .unknown),
    Row("HTML", .answer(text(503, "<html>")), post: .unknown, patch: .unknown),
    Row("a proxy's success", .answer(text(200, "<html>")), post: .unknown, patch: .unknown),
    Row("token refused twice", gateway(401, "401013"), post: nil, patch: nil, kind: .permission),
    Row("no product profile", gateway(403, "403023"), post: nil, patch: nil, kind: .permission),
    Row("unknown api key", gateway(403, "403003"), post: nil, patch: nil, kind: .permission),
    Row("throttled", gateway(429, "429050"), post: nil, patch: nil, kind: .unavailable),
    Row("unknown tenant", gateway(400, "400001"), post: nil, patch: nil, kind: .configuration),
    Row("redirect", .answer(text(302)), post: nil, patch: nil, kind: .protocolBroken),
    Row(
      "unknown text", .answer(text(500, "no idea")),
      post: .refused(code: "HTTP 500", excerpt: "no …"),
      patch: .refused(code: "HTTP 500", excerpt: "no …")),
  ]

  @Test("What a write came to, by the family of its answer", arguments: rows)
  func outcome(_ row: Row) async throws {
    for (isPost, expected) in [(true, row.post), (false, row.patch)] {
      let store = try store(ScriptedCampaign([row.step]))
      let write = { () async throws -> WriteOutcome in
        isPost
          ? try await store.create(Self.change) : try await store.update(Self.record, Self.change)
      }
      if let expected {
        #expect(try await write() == expected)
      } else {
        let error = try await failure(write)
        #expect(error.kind == row.kind)
        #expect(error.next != nil)
      }
    }
  }

  @Test(
    "A data error is a refusal with its code; its text is masked",
    arguments: [
      ("error.duplicate.txt", "PGS-220000"), ("error.type.txt", "BAS-010040"),
      ("error.enumeration.txt", "RST-360011"), ("error.pkey.txt", "XTK-170036"),
    ])
  func refused(_ name: String, _ code: String) async throws {
    let script = try ScriptedCampaign(answer(500, name))
    guard case .refused(let given, let excerpt) = try await store(script).create(Self.change) else {
      Issue.record("not refused")
      return
    }
    #expect(given == code)
    #expect(excerpt.count <= 200)
    #expect(!excerpt.contains(Canary.value))
    #expect(!excerpt.contains(key))
  }

  @Test("404 in words: the record is gone; for a POST the resource is")
  func gone() async throws {
    let script = try ScriptedCampaign(
      answer(404, "error.missing.txt"), answer(404, "error.missing.txt"), text(404), text(404))
    let store = try store(script)
    #expect(try await store.update(Self.record, Self.change) == .absent)
    #expect(try await store.delete(Self.record) == .absent)
    #expect(try await store.delete(Self.record) == .absent)
    let error = try await failure { try await store.create(Self.change) }
    #expect(error.kind == .configuration)
  }

  @Test("404 of the gateway is no absence")
  func gatewayMiss() async throws {
    let script = ScriptedCampaign([Self.gateway(404, "404000")])
    let error = try await failure { try await store(script).delete(Self.record) }
    #expect(error.kind == .configuration)
  }

  @Test("A lookup that fails ends the run, and says why")
  func lookupFails() async throws {
    let script = try ScriptedCampaign(
      text(500, CampaignFaultTests.oops), text(404), text(200, "not JSON"), text(200, "{}"),
      answer(500, "error.pkey.txt"))
    let store = try store(script)
    for kind in [
      SyncError.Kind.unavailable, .configuration, .protocolBroken, .protocolBroken, .protocolBroken,
    ] {
      let error = try await failure { try await store.find(key: key, fields: []) }
      #expect(error.kind == kind)
    }
  }
}
