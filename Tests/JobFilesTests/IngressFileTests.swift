import Core
import Testing

@testable import JobFiles

struct IngressFileTests {
  private let full: IngressSettings
  init() throws { full = try ingress(try fixture("right/contacts.yaml")) }

  @Test func theEndsAreTaken() {
    #expect(full.name == "contacts")
    #expect(full.table == "contact")
    #expect(full.resource == "profile")
    #expect(full.key == "externalId")
    #expect(full.lookup == "byExternalId?externalId_parameter")
    #expect(full.position == SourcePosition(file: "jobs/contacts.yaml", line: 4))
  }

  @Test func fieldsAreTakenInTheirOrderWithTheirLines() {
    func field(
      _ from: String, _ to: String, _ line: Int, _ change: (inout FieldMapping) -> Void = { _ in }
    ) -> FieldMapping {
      var field = FieldMapping(
        from: from, to: to,
        position: SourcePosition(file: "jobs/contacts.yaml", line: line, column: 5))
      change(&field)
      return field
    }
    #expect(
      full.fields == [
        field("firstname", "firstName", 6) { ($0.maxLength, $0.tooLong) = (30, .cut) },
        field("emailaddress1", "email", 7),
        field("gendercode", "gender", 8) {
          $0.replace = ["1": "male", "2": "female", "": "unknown"]
        },
        field("cs_loyaltytier", "cusLoyaltyTier", 9) { $0.applyUpdates = false },
        field("_cs_ownerid_value", "cusOwner", 10),
        field("address1_city", "location.city", 11),
        field("donotbulkemail", "denyListEmail", 12),
      ])
    #expect(full.choices == .labels(language: 1033))
  }

  @Test func theRestIsTaken() {
    #expect(full.filter?.match == .any)
    #expect(full.filter?.whenFilteredOut == .delete)
    #expect(full.filter?.conditions.map(\.comparison) == [.equals, .isNotEmpty, .startsWith])
    #expect(full.filter?.conditions.map(\.value) == ["0", nil, ""])
    #expect(full.filter?.conditions.map(\.position.line) == [18, 19, 20])
    #expect(full.deletes.apply)
    #expect(full.deletes.limit == 0.025)
    #expect(full.deletes.floor == 0)
    #expect(full.delta == .api)
    #expect(full.initial == .file)
    #expect(
      full.load
        == IngressSettings.Import(
          workflow: "WKF101", signal: "signal1",
          parameters: [
            "files": "{files}", "run": "{run}", "note": "{job}, by night", "mode": "1.0",
          ],
          done: "imports/{run}.done", rejects: "imports/rejects/{job}-*.txt",
          timeout: .seconds(5400)))
    #expect(full.csv.separator == 0x09)
    #expect(full.csv.quote == .none)
    #expect(full.csv.dateTime == .iso)
    #expect(full.csv.compress == .none)
    #expect(full.csv.partSize == 8 << 30)
    #expect(full.rejectLimit == 0.005)
  }

  @Test func theLeastFileGetsTheDefaults() throws {
    let settings = try ingress(least)
    var wanted = IngressSettings(
      name: "contacts", table: "contact", resource: "profile", key: "externalId",
      fields: [
        FieldMapping(
          from: "emailaddress1", to: "email",
          position: SourcePosition(file: "jobs/contacts.yaml", line: 5, column: 5))
      ])
    wanted.initial = .api
    wanted.position = SourcePosition(file: "jobs/contacts.yaml", line: 3)
    #expect(settings == wanted)
    #expect(settings.csv.separator == 0x3B)
    #expect(settings.csv.quote == .double)
    #expect(settings.csv.dateTime == .campaign)
    #expect(settings.csv.compress == .gzip)
    #expect(settings.csv.partSize == 64 << 20)
    #expect(settings.deletes == IngressSettings.Deletes())
    #expect(settings.delta == .api)
    #expect(settings.choices == .values)
    #expect(settings.rejectLimit == 0.01)
  }

  @Test func changesMayGoByFileAfterALoadByAPI() throws {
    let text = least + "delta: { via: file }\nimport: { workflow: WKF1, signal: signal1 }\n"
    let settings = try ingress(text)
    #expect((settings.initial, settings.delta) == (.api, .file))
    #expect(settings.load?.workflow == "WKF1")
  }

  @Test func anImportHasDefaultsToo() throws {
    let text = least.replacing(
      "initial: { via: api }", with: "import: { workflow: WKF1, signal: signal1 }")
    let settings = try ingress(text)
    #expect(settings.initial == .file)
    #expect(
      settings.load
        == IngressSettings.Import(
          workflow: "WKF1", signal: "signal1", parameters: [:], timeout: .seconds(7200)))
  }

  @Test("Every comparison is taken", arguments: IngressSettings.Filter.Comparison.allCases)
  func comparison(comparison: IngressSettings.Filter.Comparison) throws {
    let value = [.isEmpty, .isNotEmpty].contains(comparison) ? "" : ", value: NO"
    let text =
      least + "filter: { where: [ { column: a, is: \(comparison.rawValue)\(value) } ] }\n"
    let filter = try ingress(text).filter
    #expect(filter?.match == .all)
    #expect(filter?.whenFilteredOut == .keep)
    #expect(filter?.conditions.map(\.comparison) == [comparison])
    #expect(filter?.conditions.first?.value == (value.isEmpty ? nil : "NO"))
  }

  @Test func optOutAttributesMayBeFieldsOfTheIngressJob() {
    #expect(problems(least.replacing("to: email", with: "to: denyList")).isEmpty)
    #expect(problems(least.replacing("to: email", with: "to: ccpaOptOut")).isEmpty)
  }
}
