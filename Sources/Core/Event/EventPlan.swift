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
    let names = header.texts.map(EventPlan.trimmed)
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
    guard missing.isEmpty else { throw .missingColumns(missing.sorted(), of: file, names) }
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

  private static func trimmed(_ name: String) -> String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let start = name.drop(while: isBlank)
    return String(start.reversed().drop(while: isBlank).reversed())
  }
}

extension Rejection {
  /// The rule of a row whose fields nobody can tell apart: it is kept, and not tried again.
  package static let rowBroken = "rowBroken"
}

extension SyncError {
  fileprivate static func missingColumns(
    _ missing: [String], of file: String, _ names: [String]
  ) -> SyncError {
    let words = missing.map { name in
      name + (Nearest.name(to: name, among: names).map { " (did you mean \($0)?)" } ?? "")
    }
    return SyncError(
      .configuration, "read \(file)",
      "it has no column \(words.joined(separator: ", ")); its header is: \(shown(names))",
      next: "correct `from.columns`, `when` or `from.csv.separator` in the job file")
  }

  /// A header may be anything, a line of binary data too.
  private static func shown(_ names: [String]) -> String {
    let text = names.joined(separator: " | ").unicodeScalars.map { scalar -> Unicode.Scalar in
      scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) ? "?" : scalar
    }
    var line = String.UnicodeScalarView()
    line.append(contentsOf: text.prefix(500))
    return String(line) + (text.count > 500 ? "…" : "")
  }
}
