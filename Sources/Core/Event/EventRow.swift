/// What a job needs of one row of an export, as it stands there: enough to decide about it again
/// when the file is gone.
package struct EventRow: Sendable, Equatable {
  /// In the order in which they are kept; a new one goes to the end.
  static let roles = ["id", "contact", "at", "campaign", "delivery", "url", "mirror"]

  /// By role, in the order of `roles`; `""` where the export has no such column.
  private var texts: [String]

  init(_ text: (_ role: String) -> String) {
    texts = EventRow.roles.map(text)
  }

  package subscript(role: String) -> String {
    EventRow.roles.firstIndex(of: role).map { texts[$0] } ?? ""
  }

  /// Campaign's own number of the log row.
  package var id: String { texts[0] }
  package var contact: RowKey? { RowKey(texts[1]) }

  private static let kept = CSVDialect()

  /// As the ledger keeps it: one line of CSV.
  package var line: String { EventRow.line(of: texts) }

  /// Any fields, as the ledger keeps them for people to look at.
  static func line(of texts: [String]) -> String {
    let fields = texts.map { EventRow.kept.encode(Array($0.utf8)).bytes }
    return String(
      decoding: Array(fields.joined(separator: [EventRow.kept.separator])), as: UTF8.self)
  }

  /// Nil where the line is none that `line` gave.
  package init?(line: String) {
    var reader = CSVReader(separator: EventRow.kept.separator, quote: .double)
    var rows: [[String]] = []
    do throws(SyncError) {
      try reader.push(Array(line.utf8)[...]) { rows.append($0.texts) }
      try reader.finish { rows.append($0.texts) }
    } catch { return nil }
    guard rows.count == 1, rows[0].count <= EventRow.roles.count, rows[0].count >= 3 else {
      return nil
    }
    texts = rows[0] + Array(repeating: "", count: EventRow.roles.count - rows[0].count)
  }
}
