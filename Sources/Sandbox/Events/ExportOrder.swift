import Core

/// What one call of `export-events` asks for.
package struct ExportOrder: Sendable {
  package enum Fault: String, Sendable { case none, half, finish, replace, empty }

  /// New rows of both logs together; about half of each.
  package var events = 200
  package var deliveries = 3
  /// Exports in a row, each a file of each log.
  package var files = 1
  /// Of a hundred new rows, how many stand at the very moment of the export and come again.
  package var repeats = 5
  package var kinds = EventKind.allCases
  package var seed: UInt64 = 1
  /// Only e-mails to contacts that exist, all of them sent, none changed later.
  package var isPlain = false
  /// Types of tracking rows, taken in turn; none: a mixture.
  package var types: [Int] = []
  /// New rows of each log whose addresses are longer than Dynamics takes.
  package var tooLong = 0
  package var brokenDates = 0
  /// New rows of each log of contacts that were deleted.
  package var deletedContacts = 0
  package var dialect = ExportDialect()
  /// Below `d365_loads`.
  package var folder = "exports"
  /// How long ago the files were written, in seconds.
  package var age = 0
  package var fault = Fault.none

  package init() {}
}

/// A file that an export wrote.
package struct ExportedFile: Sendable {
  /// Below `d365_loads`: `exports/sending_20260203_090000.csv`.
  package var name: String
  package var kind: EventKind
  var dialect: ExportDialect
  /// In the order of the lines.
  var rows: [ExportedRow]
  /// What is still to come of a half-uploaded file.
  var missing: [UInt8] = []
  /// A file without a byte.
  var isBlank = false

  /// Rows that an earlier export had too, and of those the ones whose state is another now.
  package var repeated = 0
  package var changed = 0

  package var isWhole: Bool { missing.isEmpty }

  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    return [
      "name": .string(name), "log": .string(kind.rawValue), "rows": number(rows.count),
      "repeated": number(repeated), "changed": number(changed), "whole": .bool(isWhole),
    ]
  }
}
