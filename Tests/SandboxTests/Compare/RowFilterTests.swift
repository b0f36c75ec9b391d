import Core
import Sandbox
import Testing

@Suite("Filter of the comparison")
struct RowFilterTests {
  typealias Filter = IngressSettings.Filter
  static let row: JSONValue = [
    "name": "Ångström GmbH", "city": .null, "empty": "", "state": 0, "price": .number("20000.5000"),
    "debt": .number("-0.50"), "leased": true, "day": "2026-02-03", "at": "2026-02-03T08:11:09Z",
    "features": "1,3", "_owner_value": "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d",
  ]
  static let kinds: [String: ColumnDefinition.Kind] = [
    "day": .dateTime(.dateOnly), "at": .dateTime(.userLocal), "features": .multiSelect([]),
    "owner": .lookup(.owner, []),
  ]

  static func passes(_ conditions: [(String, Filter.Comparison, String?)], _ match: Filter.Match)
    -> Bool
  {
    let filter = Filter(
      match: match,
      conditions: conditions.map {
        .init(
          column: $0.0, comparison: $0.1, value: $0.2, position: SourcePosition(file: "", line: 0))
      }, whenFilteredOut: .keep)
    return RowFilter(filter: filter, kind: { Self.kinds[$0] }).passes(row)
  }

  static let cases:
    [(column: String, comparison: Filter.Comparison, value: String?, passes: Bool)] = [
      ("name", .equals, "åNGSTRÖM gmbh", true), ("name", .notEquals, "ångström gmbh", false),
      ("name", .contains, "STRÖM g", true), ("name", .contains, "strom", false),
      ("name", .startsWith, "ång", true), ("name", .endsWith, "GMBH", true),
      ("name", .greaterThan, "z", true), ("name", .atMost, "Ångström GmbH", true),
      ("city", .equals, "", false), ("city", .notEquals, "x", false), ("city", .isEmpty, nil, true),
      ("city", .isNotEmpty, nil, false), ("city", .contains, "", false),
      ("empty", .isEmpty, nil, true), ("name", .isEmpty, nil, false),
      ("name", .isNotEmpty, nil, true),
      ("state", .equals, "0", true), ("state", .equals, "0.0", true),
      ("state", .atLeast, "1", false),
      ("price", .equals, "20000.5", true), ("price", .greaterThan, "20000.4999999999999999", true),
      ("price", .lessThan, "100000", true), ("price", .greaterThan, "-99999", true),
      ("debt", .lessThan, "-0.25", true), ("debt", .lessThan, "-0.75", false),
      ("debt", .greaterThan, "-10", true), ("leased", .equals, "true", true),
      ("leased", .notEquals, "TRUE", false), ("leased", .equals, "false", false),
      ("day", .equals, "2026-02-03", true), ("day", .lessThan, "2026-02-10", true),
      ("at", .atLeast, "2026-02-03", true), ("at", .equals, "2026-02-03T09:11:09+01:00", true),
      ("at", .greaterThan, "2026-02-03T08:11:09Z", false), ("features", .contains, "3", true),
      ("features", .equals, "3,1", true), ("features", .contains, "2", false),
      ("owner", .equals, "6F1C0E0E-2B5D-EE11-8179-000D3A1B2C3D", true),
      ("_owner_value", .notEquals, "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d", false),
      ("unknown", .equals, "x", false), ("unknown", .isEmpty, nil, true),
    ]

  @Test("A condition holds by the type of its column; null matches isEmpty only", arguments: cases)
  func condition(column: String, comparison: Filter.Comparison, value: String?, passes: Bool) {
    #expect(Self.passes([(column, comparison, value)], .all) == passes)
  }

  @Test("All conditions must hold, or any")
  func match() {
    let one = ("state", Filter.Comparison.equals, String?("0"))
    let other = ("state", Filter.Comparison.equals, String?("1"))
    #expect(Self.passes([one, one], .all) && !Self.passes([one, other], .all))
    #expect(Self.passes([other, one], .any) && !Self.passes([other, other], .any))
  }
}
