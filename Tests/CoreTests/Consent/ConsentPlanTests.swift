import Core
import TestSupport
import Testing

/// What a row of an opt-out file says, cell by cell.
@Suite struct ConsentPlanTests {
  private let guid = "0d9f4c1e-7a53-4b8e-9c11-000d3a1b2c3d"
  private let file = RemoteFile(name: "exports/optout_1.csv", size: 9, modified: 1_770_106_270)

  private func settings(_ campaign: String = "denyListEmail") -> OptOutSettings {
    OptOutSettings(
      name: "opt-out", direction: .bidirectional,
      files: OptOutSettings.Files(
        pattern: "exports/*.csv", key: "externalId", modified: "{campaign}_modified"),
      fields: [
        .init(
          dynamics: "donotbulkemail", campaign: campaign, invert: false,
          position: SourcePosition(file: "jobs/opt-out.yaml", line: 5))
      ])
  }

  private func rows(_ text: String) throws -> [CSVRow] {
    var reader = CSVReader(separator: 0x3B, quote: .double)
    var rows: [CSVRow] = []
    try reader.push(Array(text.utf8)[...]) { rows.append($0) }
    return rows
  }

  private func plan(
    _ header: String, _ settings: OptOutSettings, zone: TimeZoneRules = .utc
  ) throws -> ConsentPlan {
    try ConsentPlan(settings, header: try rows(header + "\n")[0], file: file, zone: zone)
  }

  private func verdict(
    _ value: String, _ time: String, zone: TimeZoneRules = .utc
  ) throws -> ConsentObservation? {
    let plan = try plan("externalId;denyListEmail;denyListEmail_modified", settings(), zone: zone)
    guard case .row(let row) = plan.judge(try rows("\(guid);\(value);\(time)\n")[0]) else {
      return nil
    }
    return row.observations.first?.value
  }

  @Test(
    "Values are true, false, 1 and 0; empty says nothing, and so does what cannot be read",
    arguments: [
      ("true", true), ("FALSE", false), ("1", true), ("0", false), ("", nil), ("yes", nil),
      ("2", nil), (" true", nil),
    ] as [(String, Bool?)])
  func values(text: String, value: Bool?) throws {
    #expect(try verdict(text, "2026-02-03 08:11:09.120Z")?.value == value)
  }

  @Test(
    "Times are kept to the millisecond; what is missing, unreadable or ambiguous is unknown",
    arguments: [
      ("2026-02-03T08:11:09.120Z", 1_770_106_269_120), ("2026-02-03 08:11:09Z", 1_770_106_269_000),
      ("2026/02/03 08:11:09.5Z", 1_770_106_269_500),
      ("2026-02-03T09:11:09+01:00", 1_770_106_269_000),
      ("", nil), ("yesterday", nil), ("2026-02-30 08:11:09Z", nil),
    ] as [(String, Int64?)])
  func times(text: String, milliseconds: Int64?) throws {
    #expect(try verdict("true", text)?.at?.milliseconds == milliseconds)
  }

  @Test func eitherNameOfAnAttributeIsFoundInTheHeader() throws {
    for (written, shown) in [
      ("denyListEmail", "blackListEmail"), ("blackListEmail", "denyListEmail"),
      ("denyListEmail", "denyListEmail"),
    ] {
      let plan = try plan("externalId;\(shown);\(shown)_modified", settings(written))
      guard case .row(let row) = plan.judge(try rows("\(guid);true;\n")[0]) else {
        Issue.record("no row")
        continue
      }
      #expect(row.observations.keys.map(\.name) == ["denyListEmail"])
    }
  }

  @Test func aMissingColumnIsNamedWithTheHeaderAndTheNearestName() {
    let error = #expect(throws: SyncError.self) {
      try plan("externalID;denyListEmail;denyListEmail_modifed", settings())
    }
    #expect(error?.kind == .configuration)
    #expect(error?.reason.contains("externalId (did you mean externalID?)") == true)
    #expect(error?.reason.contains("did you mean denyListEmail_modifed?") == true)
  }

  @Test func keysThatAreNoGuidsAreStrangers() throws {
    let plan = try plan("externalId;denyListEmail;denyListEmail_modified", settings())
    #expect(plan.judge(try rows(";true;\n")[0]) == .stranger)
    #expect(plan.judge(try rows("ACC-7;true;\n")[0]) == .stranger)
    guard case .broken(let rejection) = plan.judge(try rows("\(guid);true\n")[0]) else {
      Issue.record("two fields are not three")
      return
    }
    #expect(rejection.what == .consent && rejection.rule == Rejection.rowBroken)
  }
}
