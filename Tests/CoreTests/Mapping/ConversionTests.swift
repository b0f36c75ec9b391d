import Core
import Testing
import TestSupport

/// Each file in `fixtures/mapping` is a rule: a column, a field, and what becomes of values; each
/// one in `fixtures/mapping/conversions` a kind of column, with every type of field.
@Suite struct ConversionTests {
  static let key = "11a3b0c4-52de-ee11-904c-000d3a2b1c4d"

  @Test(arguments: Golden.names(in: "mapping", ending: ".json"))
  func convertsAsTheTableSays(_ name: String) throws {
    let fixture = try Fixture.read("mapping/\(name).json")
    let job = job(fixture, kind: fixture["from"]?.text ?? "", target: fixture["to"]?.text ?? "")
    let findings = job.findings
    #expect(findings == (fixture["findings"]?.items ?? []).compactMap(\.text))
    guard findings.isEmpty else { return }
    try check(try #require(fixture["cases"]?.items), job.plan, name)
  }

  @Test(arguments: Golden.names(in: "mapping/conversions", ending: ".json"))
  func everyKindOfColumnHasItsFormInEveryTypeOfField(_ name: String) throws {
    let fixture = try Fixture.read("mapping/conversions/\(name).json")
    let targets = try #require(fixture["to"]?.members)
    #expect(targets.map(\.name) == Fixture.targets)
    for kind in try #require(fixture["from"]?.items).compactMap(\.text) {
      for (target, value) in targets.map({ ($0.name, $0.value) }) {
        let job = job(fixture, kind: kind, target: target)
        #expect(job.findings == [value["finding"]?.text].compactMap(\.self), "\(kind) to \(target)")
        guard let cases = value.items else { continue }
        try check(cases, job.plan, "\(kind) to \(target)")
      }
    }
  }

  @Test func noKindOfColumnIsForgotten() throws {
    let kinds = try Golden.names(in: "mapping/conversions", ending: ".json").flatMap { name in
      (try Fixture.read("mapping/conversions/\(name).json")["from"]?.items ?? [])
        .compactMap(\.text)
    }
    #expect(kinds.sorted() == Fixture.kinds.sorted())
  }

  /// The same row by file and by API.
  private func check(_ cases: [JSONValue], _ plan: () throws -> RowPlan, _ name: String) throws {
    let plan = try plan()
    for the in cases {
      let value = the["in"] ?? .null
      let page = PageBuilder.page([[.string(Self.key), value]])
      var rows = RowBuffer()
      let rejections = plan.append(page, to: &rows).rejections
      let record = plan.record(page, row: 0)
      if let rule = the["rejected"]?.text {
        #expect(rejections.map(\.rule) == [rule], "\(name): \(value)")
        #expect(rows.isEmpty)
        #expect(rejections.first.map { record == .rejected($0) } == true, "\(name): \(value)")
        continue
      }
      let csv = try #require(the["csv"]?.text)
      #expect(rejections.isEmpty, "\(name): \(value)")
      #expect(String(decoding: rows.bytes, as: UTF8.self) == "\(Self.key);\(csv)\n")
      guard case .mapped(let row) = record else {
        Issue.record("\(name): \(value) has no form for the API")
        continue
      }
      let isLeftOut = row.values[0].presence == .leftOut
      let text = isLeftOut ? nil : row.values[0].field.text
      #expect(text == the["api"]?.text, "\(name): \(value)")
    }
  }

  private func job(
    _ fixture: JSONValue, kind: String, target: String
  ) -> (findings: [String], plan: () throws -> RowPlan) {
    let name = fixture["name"]?.text ?? "field"
    let replace = (fixture["replace"]?.members ?? []).map { ($0.name, $0.value.text ?? "") }
    let mapping = FieldMapping(
      from: "column", to: name, maxLength: fixture["maxLength"]?.integer,
      tooLong: fixture["tooLong"]?.text == "cut" ? .cut : .reject,
      replace: Dictionary(uniqueKeysWithValues: replace))
    var settings = Fixture.settings([mapping])
    settings.csv = Fixture.csv(fixture["dialect"])
    if fixture["choices"]?.text == "labels" {
      settings.choices = .labels(language: fixture["language"]?.integer ?? 1033)
    }
    let table = Fixture.table([
      ColumnSchema(
        name: "column", kind: Fixture.kind(kind), options: Fixture.options(fixture["options"]))
    ])
    let names = (fixture["names"]?.items ?? []).compactMap(\.text)
    let resource = Fixture.profile([
      FieldSchema(
        name: name, kind: Fixture.target(target, names: names),
        maxLength: fixture["fieldLength"]?.integer)
    ])
    let findings = RowPlan.findings(settings, table: table, resource: resource)
    return (
      findings.map(\.description),
      { [settings] in try RowPlan(settings, table: table, resource: resource) }
    )
  }
}
