import Core
import Testing
import TestSupport

@Suite struct RowPlanTests {
  private let key = "11a3b0c4-52de-ee11-904c-000d3a2b1c4d"

  private func plan(_ fields: [FieldMapping], csv: CSVSettings = CSVSettings()) throws -> RowPlan {
    var settings = Fixture.settings(fields)
    settings.csv = csv
    return try RowPlan(
      settings,
      table: Fixture.table([
        ColumnSchema(name: "firstname", kind: .string),
        ColumnSchema(name: "lastname", kind: .string),
        ColumnSchema(
          name: "cs_contactid", wireName: "_cs_contactid_value", kind: .lookup(targets: [])),
      ]),
      resource: Fixture.profile([
        FieldSchema(name: "firstName", kind: .text, maxLength: 5),
        FieldSchema(name: "lastName", kind: .text),
        FieldSchema(name: "blackListEmail", alias: "denyListEmail", kind: .text),
        FieldSchema(name: "location.city", kind: .text),
        FieldSchema(name: "cusParent", kind: .text),
      ]))
  }

  @Test func asksForEachColumnOnceAndTheKeyFirst() throws {
    let plan = try plan([
      FieldMapping(from: "lastname", to: "lastName"),
      FieldMapping(from: "cs_contactid", to: "cusParent"),
      FieldMapping(from: "lastname", to: "location.city"),
      FieldMapping(from: "contactid", to: "firstName", maxLength: 36),
    ])
    #expect(plan.columns == ["contactid", "lastname", "_cs_contactid_value"])
    #expect(plan.header == ["externalId", "lastName", "cusParent", "location.city", "firstName"])
    var rows = RowBuffer()
    let page = PageBuilder.page([[.string(key), "Byron", nil], [.string(key), "Byron", .null]])
    #expect(plan.append(page, to: &rows).rejections.map(\.rule) == ["missingColumn"])
    #expect(rows.bytes == Array("\(key);Byron;;Byron;\(key)\n".utf8))
  }

  @Test func acceptsTheWireNameOfALookup() throws {
    let plan = try plan([FieldMapping(from: "_cs_contactid_value", to: "cusParent")])
    #expect(plan.columns == ["contactid", "_cs_contactid_value"])
  }

  @Test func headerKeepsTheJobFilesNameAndTheAPIGetsTheDiscoveredOne() throws {
    let plan = try plan([FieldMapping(from: "firstname", to: "denyListEmail")])
    #expect(plan.headerLine == Array("externalId;denyListEmail\n".utf8))
    #expect(plan.fieldNames == ["blackListEmail"])
  }

  @Test func builtInLengthsHoldWhereTheJobFileNamesNone() throws {
    let builtIn = try plan([FieldMapping(from: "firstname", to: "firstName")])
    let own = try plan([FieldMapping(from: "firstname", to: "firstName", maxLength: 8)])
    let page = PageBuilder.page([[.string(key), "Augusta"]])
    var rows = RowBuffer()
    #expect(builtIn.append(page, to: &rows).rejections.map(\.rule) == ["tooLong"])
    #expect(own.append(page, to: &rows).rejections.isEmpty)
  }

  @Test func countsCutsOfWrittenRowsOnly() throws {
    let plan = try plan([
      FieldMapping(from: "firstname", to: "firstName", tooLong: .cut),
      FieldMapping(from: "lastname", to: "lastName", maxLength: 3),
    ])
    let page = PageBuilder.page([
      [.string(key), "Augusta", "Ada"], [.string(key), "Augusta", "King"],
    ])
    var rows = RowBuffer()
    #expect(plan.append(page, to: &rows).tally.cut == 1)
    guard case .mapped(let row) = plan.record(page, row: 0) else {
      Issue.record("not mapped")
      return
    }
    #expect(row.cuts == 1)
  }

  @Test func rejectionsNameColumnAndRuleAndNeverTheValue() throws {
    let plan = try plan([FieldMapping(from: "firstname", to: "firstName")])
    var rows = RowBuffer()
    let page = PageBuilder.page([[.string(key), .string(Canary.value)]])
    let rejection = try #require(plan.append(page, to: &rows).rejections.first)
    #expect(rejection.key == key)
    #expect(rejection.reason == "firstname -> firstName: longer than the field")
    #expect(!"\(rejection)".contains(Canary.value))
  }

  @Test func keysAreThoseOfTheRowsWrittenInOrder() throws {
    let plan = try plan([FieldMapping(from: "lastname", to: "lastName")])
    let other = "11A3B0C4-52DE-EE11-904C-000D3A2B1CFF"
    let page = PageBuilder.page([
      [.string(key), "a"], ["\u{11}1a3b0c4-52de-ee11-904c-000d3a2b1c4d", "b"],
      [.string(other), "c"],
    ])
    var rows = RowBuffer()
    let written = plan.append(page, to: &rows)
    let (rejections, keys) = (written.rejections, written.keys)
    #expect(keys == [RowKey(key), RowKey(other)])
    #expect(rejections.map(\.rule) == ["keyIsNoGuid"])
    #expect(rows.bytes == Array("\(key);a\n\(other.lowercased());c\n".utf8))
  }

  @Test func anEmptyPageIsNoRows() throws {
    let plan = try plan([FieldMapping(from: "lastname", to: "lastName")])
    var rows = RowBuffer()
    #expect(plan.append(Page(columns: 2), to: &rows).tally == Tally())
    #expect(rows.isEmpty)
  }

  @Test func sameBytesWhateverStoodInTheBufferBefore() throws {
    let plan = try plan([FieldMapping(from: "lastname", to: "lastName")])
    let long = String(repeating: "\"", count: 100_000)
    let page = PageBuilder.page([[.string(key), .string(long)], [.string(key), "end"]])
    var rows = RowBuffer()
    _ = plan.append(page, to: &rows)
    let first = rows.bytes
    rows.removeAll()
    _ = plan.append(page, to: &rows)
    #expect(rows.bytes == first)
    #expect(first.count == 37 + 200_002 + 1 + 41)
  }
}
