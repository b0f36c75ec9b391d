import Core
import TestSupport
import Testing

/// Opt-outs on their way from Dynamics: mapped by the ingress job itself, or taken from the pairs of
/// the opt-out job for new records.
@Suite struct OptOutColumnsTests {
  static let table = Fixture.table([
    ColumnSchema(name: "firstname", kind: .string),
    ColumnSchema(name: "donotemail", kind: .boolean),
    ColumnSchema(name: "cs_word", kind: .string),
  ])
  static let profile = Fixture.profile([
    FieldSchema(name: "firstName", kind: .text),
    FieldSchema(name: "blackListEmail", alias: "denyListEmail", kind: .boolean),
    FieldSchema(name: "blackListFax", alias: "denyListFax", kind: .boolean),
    FieldSchema(name: "cusFlag", kind: .boolean),
  ])
  private let key = "11a3b0c4-52de-ee11-904c-000d3a2b1c4d"
  private static let place = SourcePosition(file: "jobs/opt-out.yaml", line: 6)

  private func settings(isOwn: Bool, isTurned: Bool = false) -> IngressSettings {
    let replace = isTurned ? ["true": "false", "false": "true"] : [:]
    let own = FieldMapping(from: "donotemail", to: "denyListEmail", replace: replace)
    var settings = Fixture.settings(
      [FieldMapping(from: "firstname", to: "firstName")] + (isOwn ? [own] : []))
    if !isOwn {
      settings.optOuts = [
        .init(
          dynamics: "donotemail", campaign: "denyListEmail", invert: isTurned,
          position: Self.place)
      ]
    }
    return settings
  }

  private func row(_ settings: IngressSettings, _ flag: JSONValue) throws -> (MappedRow, String) {
    let plan = try RowPlan(settings, table: Self.table, resource: Self.profile)
    #expect(plan.columns == ["contactid", "firstname", "donotemail"])
    #expect(plan.headerLine == Array("externalId;firstName;denyListEmail\n".utf8))
    let page = PageBuilder.page([[.string(key), "Ada", flag]])
    var rows = RowBuffer()
    #expect(plan.append(page, to: &rows).rejections.isEmpty)
    guard case .mapped(let row) = plan.record(page, row: 0) else {
      throw SyncError(.bug, "map the row", "it was rejected")
    }
    return (row, String(decoding: rows.bytes, as: UTF8.self))
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var isOwn: Bool
    var isTurned: Bool
    var dynamics: JSONValue
    var csv: String
    var create: String?
    /// Of a record that says the opposite.
    var change: String?
    var bulk: String?
    var testDescription: String { "own \(isOwn), turned \(isTurned), \(dynamics)" }
  }

  static let cases: [Case] = [
    .init(
      isOwn: true, isTurned: false, dynamics: true, csv: "true", create: "true", change: "true",
      bulk: "true"),
    .init(isOwn: true, isTurned: false, dynamics: false, csv: "", create: "false", change: "false"),
    .init(isOwn: true, isTurned: false, dynamics: .null, csv: ""),
    .init(isOwn: true, isTurned: true, dynamics: true, csv: "", create: "false", change: "false"),
    .init(
      isOwn: true, isTurned: true, dynamics: false, csv: "true", create: "true", change: "true",
      bulk: "true"),
    .init(isOwn: false, isTurned: false, dynamics: true, csv: "true", create: "true"),
    .init(isOwn: false, isTurned: false, dynamics: false, csv: ""),
    .init(isOwn: false, isTurned: false, dynamics: .null, csv: ""),
    .init(isOwn: false, isTurned: true, dynamics: true, csv: ""),
    .init(isOwn: false, isTurned: true, dynamics: false, csv: "true", create: "true"),
    .init(isOwn: false, isTurned: true, dynamics: .null, csv: ""),
  ]

  @Test("What a file, a create, a change and a bulk write say", arguments: cases)
  func values(the: Case) throws {
    let (row, csv) = try row(settings(isOwn: the.isOwn, isTurned: the.isTurned), the.dynamics)
    #expect(csv == "\(key);Ada;\(the.csv)\n")
    func optOut(_ fields: [FieldValue]) -> String? {
      fields.first { $0.name == "blackListEmail" }?.text
    }
    #expect(optOut(row.forCreate) == the.create)
    for shown in ["true", "false", ""] {
      let record = ResourceRecord(
        address: "@x", values: ["firstName": "Ada", "blackListEmail": shown])
      let isOther = (shown == "true") != (the.change == "true")
      let changed = optOut(row.differences(from: record))
      #expect(changed == (isOther ? the.change : nil), "shown \(shown)")
      for withAll in [true, false] {
        let bulk = optOut(
          row.differences(from: record, includingCreateOnly: withAll, mayOptIn: false))
        #expect(bulk == (isOther ? the.bulk : nil), "shown \(shown), in bulk")
      }
    }
  }

  @Test func whatTheOptOutJobDecidesIsNotInTheDigest() throws {
    let all: [JSONValue] = [true, false, .null]
    let derived = try all.map { try row(settings(isOwn: false), $0).0.canonicalBytes }
    #expect(Set(derived).count == 1)
    let own = try all.map { try row(settings(isOwn: true), $0).0.canonicalBytes }
    #expect(Set(own).count == 3, "a change has to be seen")
  }

  @Test("A file says nothing of who is opted in, whatever the column is")
  func textColumn() throws {
    let settings = Fixture.settings([
      FieldMapping(from: "cs_word", to: "denyListEmail"),
      FieldMapping(from: "cs_word", to: "cusFlag"),
    ])
    let plan = try RowPlan(settings, table: Self.table, resource: Self.profile)
    var rows = RowBuffer()
    _ = plan.append(
      PageBuilder.page([[.string(key), "False"], [.string(key), "1"], [.string(key), "0"]]),
      to: &rows)
    #expect(
      String(decoding: rows.bytes, as: UTF8.self)
        == "\(key);;false\n\(key);true;true\n\(key);;false\n")
  }

  @Test func findingsPointToTheOptOutJob() {
    func line(_ number: Int) -> SourcePosition {
      SourcePosition(file: "jobs/opt-out.yaml", line: number)
    }
    var settings = Fixture.settings([
      FieldMapping(
        from: "donotemail", to: "blackListFax",
        position: SourcePosition(file: "jobs/contacts.yaml", line: 5))
    ])
    settings.optOuts = [
      .init(dynamics: "donotemial", campaign: "denyListEmail", invert: false, position: line(1)),
      .init(dynamics: "firstname", campaign: "denyListEmail", invert: false, position: line(2)),
      .init(dynamics: "donotemail", campaign: "denyListPhone", invert: false, position: line(3)),
      .init(dynamics: "donotemail", campaign: "denyListFax", invert: false, position: line(4)),
    ]
    let findings = RowPlan.findings(settings, table: Self.table, resource: Self.profile)
    #expect(
      findings.map(\.description) == [
        "jobs/opt-out.yaml:1: contact has no column donotemial; did you mean donotemail?",
        "jobs/opt-out.yaml:2: firstname is no opt-out; expected a two-option column",
        "jobs/opt-out.yaml:3: profile has no field denyListPhone",
        "jobs/opt-out.yaml:4: denyListFax is already fed by line 5",
      ])
  }

  @Test func theContentTellsThemApart() {
    let before = settings(isOwn: false)
    var after = before
    func content(_ settings: IngressSettings) -> MappingContent { MappingContent(settings) }
    #expect(
      content(before).text.hasSuffix(
        "opt-out denyListEmail\tfrom\tdonotemail\nopt-out denyListEmail\tinvert\tfalse\n"))
    #expect(!content(after).differsInOptOutsOnly(from: content(before)), "nothing differs")
    after.optOuts[0].invert = true
    #expect(content(after).differsInOptOutsOnly(from: content(before)))
    #expect(
      content(after).changes(since: content(before)) == [
        "opt-out denyListEmail: invert false -> true"
      ])
    after.optOuts = []
    #expect(content(after).differsInOptOutsOnly(from: content(before)))
    after.fields[0].maxLength = 3
    #expect(!content(after).differsInOptOutsOnly(from: content(before)))
    #expect(!content(settings(isOwn: true)).differsInOptOutsOnly(from: content(before)))
  }
}
