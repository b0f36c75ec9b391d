import Core
import Testing
import TestSupport

@Suite struct MappedRowTests {
  private let key = "11a3b0c4-52de-ee11-904c-000d3a2b1c4d"

  private func row(_ cells: [JSONValue]) throws -> MappedRow {
    let settings = Fixture.settings([
      FieldMapping(from: "text", to: "firstName"),
      FieldMapping(from: "count", to: "cusCount"),
      FieldMapping(from: "sum", to: "cusSum"),
      FieldMapping(from: "flag", to: "cusFlag"),
      FieldMapping(from: "born", to: "birthDate"),
      FieldMapping(from: "seen", to: "cusSeen"),
      FieldMapping(from: "gendercode", to: "gender", replace: ["1": "male"]),
      FieldMapping(from: "tier", to: "cusTier", applyUpdates: false),
    ])
    let plan = try RowPlan(
      settings,
      table: Fixture.table([
        ColumnSchema(name: "text", kind: .string), ColumnSchema(name: "count", kind: .integer),
        ColumnSchema(name: "sum", kind: .money), ColumnSchema(name: "flag", kind: .boolean),
        ColumnSchema(name: "born", kind: .dateTime(.dateOnly)),
        ColumnSchema(name: "seen", kind: .dateTime(.userLocal)),
        ColumnSchema(name: "gendercode", kind: .picklist),
        ColumnSchema(name: "tier", kind: .string),
      ]),
      resource: Fixture.profile([
        FieldSchema(name: "firstName", kind: .text), FieldSchema(name: "cusCount", kind: .integer),
        FieldSchema(name: "cusSum", kind: .number), FieldSchema(name: "cusFlag", kind: .boolean),
        FieldSchema(name: "birthDate", kind: .date), FieldSchema(name: "cusSeen", kind: .dateTime),
        FieldSchema(name: "gender", kind: .enumeration(["male", "female"])),
        FieldSchema(name: "cusTier", kind: .text),
      ]))
    let page = PageBuilder.page([[.string(key)] + cells])
    guard case .mapped(let row) = plan.record(page, row: 0) else {
      throw SyncError(.bug, "map the row", "it was rejected")
    }
    return row
  }

  private func full() throws -> MappedRow {
    try row(["Ada", 3, .number("1.50"), true, "1990-12-10", "2024-03-05T21:59:01Z", 1, "GOLD"])
  }
  private func empty() throws -> MappedRow {
    try row([JSONValue](repeating: .null, count: 8))
  }

  @Test func createSendsTheKeyAndEverythingWithAValue() throws {
    #expect(
      try full().forCreate == [
        FieldValue("externalId", .text, key), FieldValue("firstName", .text, "Ada"),
        FieldValue("cusCount", .number, "3"), FieldValue("cusSum", .number, "1.50"),
        FieldValue("cusFlag", .boolean, "true"), FieldValue("birthDate", .text, "1990-12-10"),
        FieldValue("cusSeen", .text, "2024-03-05 21:59:01.000Z"),
        FieldValue("gender", .text, "male"), FieldValue("cusTier", .text, "GOLD"),
      ])
    #expect(try empty().forCreate == [FieldValue("externalId", .text, key)])
  }

  @Test func equalInCampaignsFormIsNoDifference() throws {
    let shown = ResourceRecord(
      address: "@x",
      values: [
        "firstName": "Ada", "cusCount": "3.0", "cusSum": "1.5", "cusFlag": "True",
        "birthDate": "1990-12-10 00:00:00.000Z", "cusSeen": "2024-03-05T21:59:01Z",
        "gender": "male", "cusTier": "SILVER",
      ])
    #expect(try full().differences(from: shown).isEmpty)
    #expect(
      try full().differences(from: shown, includingCreateOnly: true)
        == [FieldValue("cusTier", .text, "GOLD")])
  }

  @Test(arguments: [
    [:], ["cusCount": "0", "cusSum": "0.0", "cusFlag": "false", "gender": "female"],
  ])
  func absentIsWhatClearedLooksLike(_ values: [String: String]) throws {
    let shown = ResourceRecord(address: "@x", values: values)
    #expect(try empty().differences(from: shown).isEmpty)
  }

  @Test func writesOnlyWhatDiffers() throws {
    let shown = ResourceRecord(
      address: "@x",
      values: [
        "firstName": "ada", "cusCount": "3", "cusSum": "1.51", "cusFlag": "true",
        "birthDate": "1990-12-10", "cusSeen": "2024-03-05 21:59:02.000Z", "gender": "male",
      ])
    #expect(
      try full().differences(from: shown).map(\.name) == ["firstName", "cusSum", "cusSeen"])
  }

  @Test func clearsEachTypeInItsOwnWayAndEnumerationsNever() throws {
    let shown = ResourceRecord(
      address: "@x",
      values: [
        "firstName": "Ada", "cusCount": "3", "cusSum": "1.5", "cusFlag": "true",
        "birthDate": "1990-12-10", "cusSeen": "2024-03-05 21:59:01.000Z", "gender": "male",
      ])
    #expect(
      try empty().differences(from: shown) == [
        FieldValue("firstName", .text, ""), FieldValue("cusCount", .number, "0"),
        FieldValue("cusSum", .number, "0"), FieldValue("cusFlag", .boolean, "false"),
        FieldValue("birthDate", .text, ""), FieldValue("cusSeen", .text, ""),
      ])
  }

  @Test func twoSpellingsOfOneLetterAreTwoTexts() throws {
    let row = try row(["\u{E9}", .null, .null, .null, .null, .null, .null, .null])
    let shown = ResourceRecord(address: "@x", values: ["firstName": "e\u{301}"])
    #expect(row.differences(from: shown).map(\.name) == ["firstName"])
  }

  @Test func canonicalBytesTellRowsApartThatAnUpdateWouldWriteDifferently() throws {
    let bytes = try full().canonicalBytes
    #expect(try full().canonicalBytes == bytes)
    #expect(try empty().canonicalBytes != bytes)
    let other = try row([
      "Ada", 3, .number("1.50"), true, "1990-12-10", "2024-03-05T21:59:01Z", 1, "SILVER",
    ])
    #expect(other.canonicalBytes == bytes, "updates leave that field alone")
  }
}
