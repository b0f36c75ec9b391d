import Core
import Testing
import TestSupport

/// Each file in `fixtures/mapping/filters` is a kind of column: which values pass which condition.
@Suite struct RowFilterTests {
  static let key = "11a3b0c4-52de-ee11-904c-000d3a2b1c4d"
  static let line = SourcePosition(file: "jobs/contacts.yaml", line: 12)

  @Test(arguments: Golden.names(in: "mapping/filters", ending: ".json"))
  func passesAsTheTableSays(_ name: String) throws {
    let fixture = try Fixture.read("mapping/filters/\(name).json")
    for kind in try #require(fixture["columns"]?.items).compactMap(\.text) {
      for the in try #require(fixture["cases"]?.items) {
        try check(the, kind: kind, options: Fixture.options(fixture["options"]))
      }
    }
  }

  private func check(_ the: JSONValue, kind: String, options: [ColumnSchema.Option]) throws {
    let comparison = try #require(Comparison(rawValue: the["is"]?.text ?? ""))
    let value = the["value"].map { $0.text ?? String(decoding: $0.encoded, as: UTF8.self) }
    let name = "\(kind) \(comparison) \(value ?? "")"
    let column = ColumnSchema(name: "column", kind: Fixture.kind(kind), options: options)
    let settings = Self.settings(.all, [("column", comparison, value)])
    let table = Fixture.table([column])
    let findings = RowPlan.findings(settings, table: table, resource: Fixture.profile([]))
    let says = the["finding"]?.text.map { ["jobs/contacts.yaml:12: \($0)"] } ?? []
    #expect(findings.map(\.description) == says, "\(name)")
    guard findings.isEmpty else { return }
    let plan = try RowPlan(settings, table: table, resource: Fixture.profile([]))
    for value in the["passes"]?.items ?? [] {
      #expect(outcome(plan, value) == "passes", "\(name): \(value)")
    }
    for value in the["out"]?.items ?? [] {
      #expect(outcome(plan, value) == "out", "\(name): \(value)")
    }
    for (rule, values) in (the["rejects"]?.members ?? []).map({ ($0.name, $0.value.items ?? []) }) {
      for value in values { #expect(outcome(plan, value) == rule, "\(name): \(value)") }
    }
  }

  /// What becomes of the row, by file and by API alike.
  private func outcome(_ plan: RowPlan, _ value: JSONValue) -> String {
    let page = PageBuilder.page([[.string(Self.key), value]])
    var rows = RowBuffer()
    let written = plan.append(page, to: &rows)
    let (tally, rejections, keys, filtered) = (
      written.tally, written.rejections, written.keys, written.filtered
    )
    #expect(tally.read == 1 && tally.mapped == keys.count)
    #expect(tally.rejected == rejections.count && tally.filteredOut == filtered.count)
    #expect(rows.isEmpty == keys.isEmpty)
    switch plan.record(page, row: 0) {
    case .mapped(let row):
      #expect(keys == [row.key])
      return "passes"
    case .filteredOut(let key):
      #expect(filtered == [key] && key == RowKey(Self.key))
      return "out"
    case .parentless: return "parentless"
    case .rejected(let rejection):
      #expect(rejections == [rejection])
      return rejection.rule
    }
  }

  typealias Comparison = IngressSettings.Filter.Comparison

  static func settings(
    _ match: IngressSettings.Filter.Match, _ conditions: [(String, Comparison, String?)],
    fields: [FieldMapping] = []
  ) -> IngressSettings {
    var settings = Fixture.settings(fields)
    settings.filter = IngressSettings.Filter(
      match: match,
      conditions: conditions.map {
        .init(column: $0.0, comparison: $0.1, value: $0.2, position: line)
      },
      whenFilteredOut: .keep)
    return settings
  }

  private static let table = Fixture.table([
    ColumnSchema(name: "state", kind: .integer), ColumnSchema(name: "city", kind: .string),
    ColumnSchema(name: "born", kind: .dateTime(.dateOnly)),
    ColumnSchema(
      name: "cs_parent", wireName: "_cs_parent_value", kind: .lookup(targets: ["account"])),
    ColumnSchema(name: "secret", kind: .string, isReadable: false),
    ColumnSchema(name: "image", kind: .other),
  ])
  private static let profile = Fixture.profile([FieldSchema(name: "location.city", kind: .text)])

  /// Two conditions: state is 0, born is at least 2000.
  @Test(arguments: [
    ("all", 0, "2001-01-01", "passes"), ("all", 0, "1999-01-01", "out"),
    ("all", 1, "2001-01-01", "out"), ("all", 0, "soon", "notADate"), ("all", 1, "soon", "out"),
    ("any", 0, "1999-01-01", "passes"), ("any", 1, "2001-01-01", "passes"),
    ("any", 1, "1999-01-01", "out"), ("any", 0, "soon", "passes"), ("any", 1, "soon", "notADate"),
  ])
  func allNeedsEveryConditionAndAnyNeedsOne(
    _ match: String, _ state: Int, _ born: String, _ becomes: String
  ) throws {
    let conditions: [(String, Comparison, String?)] = [
      ("born", .atLeast, "2000-01-01"), ("state", .equals, "0"),
    ]
    for conditions in [conditions, conditions.reversed()] {
      let settings = Self.settings(match == "all" ? .all : .any, conditions)
      let plan = try RowPlan(settings, table: Self.table, resource: Self.profile)
      let cells: [String: JSONValue] = [
        "contactid": .string(Self.key), "born": .string(born), "state": .number(String(state)),
      ]
      let page = PageBuilder.page([plan.columns.map { cells[$0] }])
      let outcome = plan.record(page, row: 0)
      switch outcome {
      case .mapped: #expect(becomes == "passes")
      case .filteredOut: #expect(becomes == "out")
      case .parentless: Issue.record("no parent is required")
      case .rejected(let rejection):
        #expect(rejection.rule == becomes)
        #expect(rejection.reason == "filter by born: no date or time of the calendar")
      }
    }
  }

  @Test func asksForEachColumnOnce() throws {
    let settings = Self.settings(
      .all,
      [
        ("city", .isNotEmpty, nil), ("state", .atLeast, "0"), ("state", .lessThan, "2"),
        ("contactid", .isNotEmpty, nil), ("cs_parent", .isNotEmpty, nil),
      ], fields: [FieldMapping(from: "city", to: "location.city")])
    let plan = try RowPlan(settings, table: Self.table, resource: Self.profile)
    #expect(plan.columns == ["contactid", "city", "state", "_cs_parent_value"])
    #expect(plan.header == ["externalId", "location.city"])
  }

  @Test func onlyRowsThatPassLeaveBytes() throws {
    let settings = Self.settings(
      .all, [("state", .equals, "0")], fields: [FieldMapping(from: "city", to: "location.city")])
    let plan = try RowPlan(settings, table: Self.table, resource: Self.profile)
    let keys = (0..<5).map { "11a3b0c4-52de-ee11-904c-000d3a2b1c4\($0)" }
    let page = PageBuilder.page([
      [.string(keys[0]), "Brno", 0], [.string(keys[1]), "Praha", 1], [.string(keys[2]), .null, 0],
      ["no guid", "Praha", 1], [.string(keys[4]), "Praha", nil],
    ])
    var rows = RowBuffer()
    let all = plan.append(page, to: &rows)
    let (tally, rejections, written, filtered) = (
      all.tally, all.rejections, all.keys, all.filtered
    )
    #expect(rows.bytes == Array("\(keys[0]);Brno\n\(keys[2]);\n".utf8))
    #expect(written == [RowKey(keys[0]), RowKey(keys[2])])
    #expect(filtered == [RowKey(keys[1])])
    #expect(rejections.map(\.rule) == ["keyIsNoGuid", "missingColumn"])
    #expect(rejections.last?.reason == "filter by state: the row came without this column")
    #expect((tally.read, tally.mapped, tally.rejected, tally.filteredOut) == (5, 2, 2, 1))
  }

  @Test(arguments: [
    ("stat", "contact has no column stat; did you mean state?"),
    ("secret", "secret cannot be read"),
    ("image", "image is not a column with one plain value"),
  ])
  func saysWhichColumnIsWrong(_ column: String, _ says: String) {
    let settings = Self.settings(.any, [("state", .equals, "0"), (column, .isEmpty, nil)])
    let findings = RowPlan.findings(settings, table: Self.table, resource: Self.profile)
    #expect(findings.map(\.description) == ["jobs/contacts.yaml:12: \(says)"])
  }

  @Test func rejectionsNeverNameTheValue() throws {
    let settings = Self.settings(.all, [("born", .equals, "2000-01-01")])
    let plan = try RowPlan(settings, table: Self.table, resource: Self.profile)
    let page = PageBuilder.page([[.string(Self.key), .string(Canary.value)]])
    var rows = RowBuffer()
    let rejection = try #require(plan.append(page, to: &rows).rejections.first)
    #expect(rejection.key == Self.key)
    #expect(!"\(rejection)".contains(Canary.value))
  }
}
