import Core
import Sandbox
import Testing

@Suite("Comparison of both sides")
struct ComparisonTests {
  typealias Visitor = CampaignVisitor

  var settings: IngressSettings {
    IngressSettings(
      name: "contacts", table: "contact", resource: "profile", key: "externalId",
      fields: [
        FieldMapping(from: "firstname", to: "firstName", maxLength: 5, tooLong: .cut),
        FieldMapping(from: "lastname", to: "lastName"),
        FieldMapping(from: "gendercode", to: "gender", replace: ["1": "male", "2": "female"]),
        FieldMapping(from: "birthdate", to: "birthDate"),
        FieldMapping(from: "creditlimit", to: "cusCreditLimit"),
        FieldMapping(from: "createdon", to: "cusCustomerSince"),
        FieldMapping(from: "cs_tier", to: "cusLoyaltyTier", applyUpdates: false),
        FieldMapping(from: "parentcustomerid", to: "cusNote"),
        FieldMapping(from: "donotbulkemail", to: "denyListEmail"),
      ])
  }

  static let source: JSONValue = [
    "contactid": "6F1C0E0E-2B5D-EE11-8179-000D3A1B2C3D", "firstname": "Annabel",
    "lastname": "Okafor", "gendercode": 2, "birthdate": "1990-04-17",
    "creditlimit": .number("20000.0000"), "createdon": "2026-02-03T08:11:09Z",
    "cs_tier": "GOLD", "_parentcustomerid_value": "0d53a1de-0a11-ec11-b6e6-000d3a9c77aa",
    "donotbulkemail": true,
  ]
  static let stored: [(String, JSONValue)] = [
    ("firstName", "Annab"), ("lastName", "Okafor"), ("gender", "female"),
    ("birthDate", "1990-04-17"), ("cusCreditLimit", 20000),
    ("cusCustomerSince", "2026-02-03T08:11:09Z"), ("cusLoyaltyTier", "GOLD"),
    ("cusNote", "0d53a1de-0a11-ec11-b6e6-000d3a9c77aa"), ("blackListEmail", true),
  ]
  static let key = "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d"

  /// The source row, one column set anew.
  func source(_ column: String, _ value: JSONValue) -> JSONValue {
    .object((Self.source.members ?? []).filter { $0.name != column } + [.init(column, value)])
  }

  func compare(_ rows: [JSONValue], _ visitor: Visitor, _ settings: IngressSettings? = nil)
    async throws -> ComparisonResult
  {
    try await Comparison(settings ?? self.settings).run(
      { offset, count in Array(rows.dropFirst(offset).prefix(count)) }, against: visitor.service)
  }

  @Test("Equal sides are one sentence")
  func equal() async throws {
    let visitor = await Visitor()
    await visitor.create(Self.key, Self.stored)
    let result = try await compare([Self.source], visitor)
    #expect(result.sentence == "equal: 1 contacts = 1 profiles, 9 fields each")
  }

  @Test("Missing, extra and differing are told with their keys")
  func different() async throws {
    let visitor = await Visitor()
    await visitor.create(Self.key, Self.stored + [("lastName", "Other")])
    await visitor.create("stranger")
    _ = await visitor.call("POST", Visitor.ext, ["email": "nobody@example.org"])
    let other = source("contactid", "00000000-0000-0000-0000-000000000001")
    let result = try await compare([Self.source, other], visitor)
    #expect(result.sentence == "different: 1 missing, 1 extra, 1 differ (lastName 1)")
    #expect(
      result.keys == [Self.key, "00000000-0000-0000-0000-000000000001", "stranger"])
  }

  static let single: [(column: String, value: JSONValue, field: String, stored: JSONValue)] = [
    ("firstname", .null, "firstName", ""), ("gendercode", .null, "gender", "unknown"),
    ("firstname", "e\u{301}clair", "firstName", "e\u{301}cla"),
    ("creditlimit", .null, "cusCreditLimit", 0),
    ("creditlimit", .number("0.50"), "cusCreditLimit", .number("0.5")),
    ("createdon", "2026-02-03T23:30:00.123Z", "cusCustomerSince", "2026-02-03 23:30:00.000Z"),
    ("birthdate", .null, "birthDate", ""),
  ]

  @Test("A value is compared in the form in which Campaign keeps it", arguments: single)
  func forms(column: String, value: JSONValue, field: String, stored: JSONValue) async throws {
    let visitor = await Visitor()
    await visitor.create(Self.key, Self.stored.filter { $0.0 != field } + [(field, stored)])
    let result = try await compare([source(column, value)], visitor)
    #expect(result.sentence == "equal: 1 contacts = 1 profiles, 9 fields each")
    let wrong = try await compare([Self.source], visitor)
    #expect(wrong.isEqual == false && wrong.fields == [field: 1])
  }

  static let refused: [(column: String, value: JSONValue)] = [
    ("lastname", .string(String(repeating: "x", count: 51))), ("gendercode", 7),
    ("creditlimit", "much"), ("birthdate", "soon"),
  ]

  @Test("A row that cannot be mapped is expected absent, or as it was", arguments: refused)
  func rejected(column: String, value: JSONValue) async throws {
    let visitor = await Visitor()
    let row = source(column, value)
    let absent = try await compare([row], visitor)
    #expect(absent.isEqual && absent.rejected == 1)
    await visitor.create(Self.key, [("lastName", "Older")])
    #expect(try await compare([row], visitor).isEqual)
  }

  @Test("What updates leave alone may be older, and is counted")
  func leftAlone() async throws {
    let visitor = await Visitor()
    await visitor.create(Self.key, Self.stored)
    for row in [
      source("cs_tier", "SILVER"), source("gendercode", .null), source("donotbulkemail", false),
    ] {
      let result = try await compare([row], visitor)
      #expect(result.isEqual && result.leftAlone == 1)
    }
    _ = await visitor.call("PATCH", Visitor.ext + "/" + Self.key, ["blackListEmail": false])
    #expect(try await compare([Self.source], visitor).fields == ["denyListEmail": 1])
  }

  @Test("Choices as labels: from the table's metadata or the row's annotations")
  func labels() async throws {
    let visitor = await Visitor()
    await visitor.create(Self.key, [("cusNote", "Reading; Music"), ("gender", "female")])
    var settings = self.settings
    settings.choices = .labels(language: 1033)
    settings.fields = [
      FieldMapping(from: "cs_hobbies", to: "cusNote"),
      FieldMapping(from: "gendercode", to: "gender", replace: ["Female": "female"]),
    ]
    let row: JSONValue = [
      "contactid": .string(Self.key), "cs_hobbies": "2,3", "gendercode": 2,
      "gendercode@OData.Community.Display.V1.FormattedValue": "Female",
    ]
    let comparison = Comparison(
      settings, labels: ["cs_hobbies": ["2": "Reading", "3": "Music"]])
    let result = try await comparison.run(
      { offset, _ in offset == 0 ? [row] : [] }, against: visitor.service)
    #expect(result.isEqual)
  }

  @Test("Times in text fields have the file's form; without quotes, blanks for what breaks a line")
  func textForms() async throws {
    let visitor = await Visitor()
    await visitor.create(Self.key, [("lastName", "2026/02/03 08:11:09"), ("firstName", "a b c")])
    var settings = self.settings
    settings.fields = [
      FieldMapping(from: "createdon", to: "lastName"),
      FieldMapping(from: "firstname", to: "firstName"),
    ]
    settings.csv.quote = .none
    let row = source("firstname", "a;b\r\nc")
    #expect(try await compare([row], visitor, settings).isEqual)
  }

  @Test("A job that cannot be compared says so")
  func cannot() async throws {
    let visitor = await Visitor()
    var settings = self.settings
    settings.fields[0].to = "nonsense"
    await #expect(throws: SyncError.self) { try await compare([], visitor, settings) }
  }

  @Test("Large numbers are grouped, and the result goes out as JSON")
  func shown() {
    var result = ComparisonResult(table: "contact", resource: "profile", fieldCount: 6)
    result.rows = 1_020_000
    result.records = 1_020_000
    #expect(result.sentence == "equal: 1,020,000 contacts = 1,020,000 profiles, 6 fields each")
    #expect(result.json["sentence"]?.text == result.sentence)
  }
}
