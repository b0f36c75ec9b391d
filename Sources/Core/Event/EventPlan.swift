/// Which rows of one export file are events of a job, and where in them everything stands.
package struct EventPlan: Sendable {
  package enum Verdict: Sendable, Equatable {
    /// Another kind of row, or of message.
    case other
    case event(EventRow)
    /// The row has more or fewer fields than the header.
    case broken(Rejection)
  }

  private let file: String
  private let width: Int
  private let id: Int
  /// Role -> field.
  private let places: [String: Int]
  private let conditions: [(place: Int, values: Set<String>)]

  /// - Parameter header: the first row of the file.
  /// - Errors: `configuration`: every column that the job names and the header does not have.
  package init(
    _ settings: EgressSettings, header: CSVRow, file: String
  ) throws(SyncError) {
    let names = header.texts.map(ExportHeader.trimmed)
    var missing: [String] = []
    func place(_ name: String) -> Int {
      if let place = names.firstIndex(of: name) { return place }
      if !missing.contains(name) { missing.append(name) }
      return 0
    }
    var places: [String: Int] = [:]
    for (role, name) in settings.files.columns { places[role] = place(name) }
    var conditions: [(place: Int, values: Set<String>)] = []
    for (name, values) in EventPlan.conditions(settings) {
      conditions.append((place(name), Set(values)))
    }
    guard missing.isEmpty else {
      throw ExportHeader.missing(
        missing.sorted(), of: file, names, keys: "`from.columns`, `when`")
    }
    self.file = file
    self.places = places
    self.conditions = conditions
    width = names.count
    id = places["id"] ?? 0
  }

  /// Headers, and the values of which a row must have one each.
  private static func conditions(
    _ settings: EgressSettings
  ) -> [(name: String, values: [String])] {
    let columns = settings.files.columns
    var conditions: [(name: String, values: [String])] = []
    if let message = columns["message"] { conditions.append((message, ["0"])) }
    if let when = settings.when { return conditions + when.map { ($0.key, $0.value) } }
    let (role, values) =
      switch settings.event {
      case .send: ("status", ["1"])
      case .bounce: ("failure", ["2"])
      case .open: ("type", ["2"])
      case .click: ("type", ["1", "10", "11"])
      }
    if let name = columns[role] { conditions.append((name, values)) }
    return conditions
  }

  /// The log id of a row that is whole, under which it would be pending.
  package func key(of row: CSVRow) -> String? {
    guard row.count == width, !row.text(id).isEmpty else { return nil }
    return row.text(id)
  }

  package func judge(_ row: CSVRow) -> Verdict {
    guard row.count == width else {
      let text = id < row.count ? row.text(id) : ""
      return .broken(
        Rejection(
          key: text.isEmpty ? "\(file)@\(row.start)" : text, what: .event,
          rule: Rejection.rowBroken,
          reason: "the row has \(row.count) fields, the header \(width)",
          line: EventRow.line(of: row.texts)))
    }
    for condition in conditions where !condition.values.contains(row.text(condition.place)) {
      return .other
    }
    return .event(EventRow { role in places[role].map(row.text) ?? "" })
  }
}

extension Rejection {
  /// The rule of a row whose fields nobody can tell apart: it is kept, and not tried again; it goes
  /// when a row of its log id comes whole.
  package static let rowBroken = "rowBroken"
}
