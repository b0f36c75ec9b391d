import Core

/// What one call of `export-opt-outs` asks for.
package struct OptOutOrder: Sendable {
  package enum Fault: String, Sendable, CaseIterable {
    case none, half, finish, late, publish, empty
  }
  /// What the attributes are called: as the integration does, as the data model does, or as this
  /// instance's API does.
  package enum Names: String, Sendable, CaseIterable { case deny, black, api }

  /// Every profile, in place of those whose opt-outs changed since the export before.
  package var all = false
  package var names = Names.deny
  /// Header of an attribute's time, with `{campaign}` in it.
  package var modified = "{campaign}_modified"
  /// 1 and 0 in place of true and false.
  package var numbers = false
  /// Rows without any time, with times that cannot be read, and without any value.
  package var unknownTimes = 0
  package var brokenTimes = 0
  package var emptyValues = 0
  package var dialect = ExportDialect()
  /// Below `d365_loads`.
  package var folder = "exports"
  /// How long ago the file was written, in seconds.
  package var age = 0
  package var seed: UInt64 = 1
  package var fault = Fault.none

  package init() {}
}

/// A row as an export had it.
struct ExportedOptOut: Sendable {
  enum Flaw: UInt8, Sendable { case none, unknownTime, brokenTime, emptyValue }

  var row: OptOutRow
  var flaw = Flaw.none
}

/// A file that an export wrote, or is about to publish.
package struct OptOutFile: Sendable {
  /// Below `d365_loads`: `exports/optout_20260203_090000.csv`.
  package var name: String
  var dialect: ExportDialect
  /// Of the eight, in their order.
  var attributes: [String]
  var modified: String
  var numbers: Bool
  var rows: [ExportedOptOut]
  /// What is still to come of a half-uploaded file.
  var missing: [UInt8] = []
  /// A file without a byte.
  var isBlank = false
  var age = 0
  /// The history's mark when its rows were read.
  var built: Int
  /// The same when it was there as a whole; nil: it is not.
  var published: Int?

  package var isPublished: Bool { published != nil }

  func count(_ flaw: ExportedOptOut.Flaw) -> Int { rows.count { $0.flaw == flaw } }

  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    return [
      "name": .string(name), "rows": number(rows.count),
      "unknownTimes": number(count(.unknownTime)), "brokenTimes": number(count(.brokenTime)),
      "emptyValues": number(count(.emptyValue)), "whole": .bool(missing.isEmpty),
      "published": .bool(isPublished),
    ]
  }
}
