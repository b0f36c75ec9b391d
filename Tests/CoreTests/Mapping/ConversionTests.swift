import Core
import Testing
import TestSupport

/// Each file in `fixtures/mapping` is a rule: a column, a field, and what becomes of values.
@Suite struct ConversionTests {
  static let key = "11a3b0c4-52de-ee11-904c-000d3a2b1c4d"

  @Test(arguments: Golden.names(in: "mapping", ending: ".json"))
  func convertsAsTheTableSays(_ name: String) throws {
    let fixture = try Fixture.read("mapping/\(name).json")
    let plan = try plan(fixture)
    let cases = try #require(fixture["cases"]?.items)
    for (index, the) in cases.enumerated() {
      let page = PageBuilder.page([[.string(Self.key), the["in"] ?? .null]])
      var rows = RowBuffer()
      let rejections = plan.append(page, to: &rows).rejections
      let record = plan.record(page, row: 0)
      if let rule = the["rejected"]?.text {
        #expect(rejections.map(\.rule) == [rule], "case \(index)")
        #expect(rows.isEmpty)
        #expect(record == .rejected(rejections[0]), "both ways reject alike, case \(index)")
        continue
      }
      let csv = try #require(the["csv"]?.text)
      #expect(rejections.isEmpty, "case \(index)")
      #expect(String(decoding: rows.bytes, as: UTF8.self) == "\(Self.key);\(csv)\n")
      guard case .mapped(let row) = record else {
        Issue.record("case \(index) has no values")
        continue
      }
      let isLeftOut = row.values[0].presence == .leftOut
      #expect((isLeftOut ? nil : row.values[0].field.text) == the["api"]?.text, "case \(index)")
    }
  }

  private func plan(_ fixture: JSONValue) throws -> RowPlan {
    let name = fixture["name"]?.text ?? "field"
    let replace = (fixture["replace"]?.members ?? []).map { ($0.name, $0.value.text ?? "") }
    let mapping = FieldMapping(
      from: "column", to: name, maxLength: fixture["maxLength"]?.integer,
      tooLong: fixture["tooLong"]?.text == "cut" ? .cut : .reject,
      replace: Dictionary(uniqueKeysWithValues: replace))
    var settings = Fixture.settings([mapping])
    if fixture["choices"]?.text == "labels" { settings.choices = .labels(language: 1033) }
    let options = Fixture.options(fixture["options"])
    return try RowPlan(
      settings,
      table: Fixture.table([
        ColumnSchema(
          name: "column", kind: Fixture.kind(fixture["from"]?.text ?? ""), options: options)
      ]),
      resource: Fixture.profile([
        FieldSchema(
          name: name,
          kind: Fixture.target(
            fixture["to"]?.text ?? "",
            names: (fixture["names"]?.items ?? []).compactMap(\.text)))
      ]))
  }
}
