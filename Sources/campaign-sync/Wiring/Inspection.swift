import Core
import Dataverse
import Digests
import Ledger

/// One record, looked at from everywhere.
struct Inspection {
  struct Field {
    var from: String
    var to: String
    /// As Dynamics sends it; nil where the row has none.
    var dynamics: String?
    /// As it would be written; nil where the row cannot be mapped.
    var mapped: String?
    /// Why nothing is written though the row is.
    var note: String?
    /// As Campaign shows it, of each record with the key.
    var campaign: [String]
    var isWritten: Bool
  }

  let job: String
  let key: RowKey
  private(set) var isInDynamics = false
  private(set) var records = 0
  private(set) var known: KnownRow?
  /// Whether the proven digest is that of the row as it is mapped now.
  private(set) var isProvenNow: Bool?
  private(set) var pending: [PendingRecord] = []
  private(set) var decision = ""
  private(set) var fields: [Field] = []

  init(
    of key: RowKey, _ sides: BothSides, _ state: JobState
  ) async throws(SyncError) {
    job = sides.settings.name
    self.key = key
    let page = try await sides.dynamics.row(sides.query, key: key)
    let found = try await sides.store.find(key: key.description, fields: sides.plan.fieldNames)
    isInDynamics = page != nil
    records = found.count
    let outcome = page.map { sides.plan.record($0, row: 0) }
    try await look(into: state, outcome)
    compare(page, outcome, found, sides)
    var waits: ParentKey?
    if case .mapped(let row)? = outcome {
      waits = try await StandingParents(state).missing(for: [row])[key]
    }
    decision = decide(outcome, found, waits)
  }

  /// What the ledger knows of the record.
  private mutating func look(
    into state: JobState, _ outcome: RecordOutcome?
  ) async throws(SyncError) {
    guard SQLiteLedger.exists(in: state.folder) else { return }
    let ledger = try SQLiteLedger.look(in: state.folder)
    known = try await ledger.known([key])[key]
    if case .proven(let digest)? = known, case .mapped(let row)? = outcome {
      isProvenNow = RowDigester(key: ledger.digestKey).digest(row.canonicalBytes) == digest
    }
    pending = try await ledger.pending(of: key.description)
  }

  private mutating func compare(
    _ page: Page?, _ outcome: RecordOutcome?, _ found: [ResourceRecord], _ sides: BothSides
  ) {
    var mapped: MappedRow?
    if case .mapped(let row)? = outcome { mapped = row }
    let written = Set(
      mapped.map { row in
        (found.first.map { row.differences(from: $0) } ?? row.forCreate).map(\.name)
      } ?? [])
    let pairs =
      sides.settings.fields.map { (from: $0.from, to: $0.to) }
      + sides.settings.optOuts.map { (from: $0.dynamics, to: $0.campaign) }
    for (index, field) in pairs.enumerated() {
      let value = mapped?.values[index]
      let name = sides.plan.fieldNames[index]
      let wire = sides.table.column(field.from)?.wireName
      let column = wire.flatMap { sides.plan.columns.firstIndex(of: $0) }
      var note: String?
      if value?.presence == .leftOut { note = "null: nothing is written" }
      if value?.isCreateOnly == true, !found.isEmpty { note = "applyUpdates: false" }
      if value?.isInsertOnly == true { note = "opt-out job: only for a new record" }
      fields.append(
        Field(
          from: field.from, to: field.to,
          dynamics: page.flatMap { page in column.flatMap { Inspection.text(page, $0) } },
          mapped: value?.field.text, note: note,
          campaign: found.map { $0.values[name] ?? "" }, isWritten: written.contains(name)))
    }
  }

  private func decide(
    _ outcome: RecordOutcome?, _ found: [ResourceRecord], _ parent: ParentKey?
  ) -> String {
    guard let outcome else {
      return found.isEmpty
        ? "nothing to do: the record is on neither side"
        : "nothing is written: Dynamics does not have it (any more)"
    }
    switch outcome {
    case .filteredOut: return "nothing is written: it does not pass the filter"
    case .parentless: return "nothing is written: it names no parent, and one is required"
    case .rejected(let rejection):
      return "rejected (\(rejection.rule)): \(rejection.reason)"
    case .mapped(let row):
      if let parent, isProvenNow != true {
        return "waits for its parent \(parent.key), which the job \(parent.job) has not brought"
      }
      guard let record = found.first else {
        return "would be created with \(row.forCreate.count) fields"
      }
      if found.count > 1 { return "rejected (severalRecords): merge them in Campaign" }
      let changes = row.differences(from: record)
      if changes.isEmpty { return "nothing to write: Campaign holds the row as mapped" }
      let hint = isProvenNow == true ? "; a delta trusts the ledger and makes no call" : ""
      return "would be updated in \(changes.map(\.name).joined(separator: ", "))\(hint)"
    }
  }

  /// A cell as Dynamics sent it; nil for null.
  private static func text(_ page: Page, _ column: Int) -> String? {
    let cell = page[0, column]
    switch cell.kind {
    case .missing, .null: return nil
    case .yes: return "true"
    case .no: return "false"
    case .text, .number, .json: return String(decoding: page.bytes(of: cell), as: UTF8.self)
    }
  }
}

extension Inspection {
  private var ledgerWords: String {
    switch known {
    case nil: "not known"
    case .sent: "sent by file, not proven"
    case .proven:
      switch isProvenNow {
      case true: "proven: Campaign was seen to hold the row as it is now"
      case false: "proven, but the row or the mapping has changed since"
      case nil: "proven"
      }
    }
  }

  var lines: [String] {
    var lines = [
      "\(job) \(key)", "  dynamics  \(isInDynamics ? "has the row" : "has no row with this id")",
      "  campaign  has \(records == 0 ? "no record" : records == 1 ? "one record" : "several records")"
        + " with this key",
      "  ledger    \(ledgerWords)",
    ]
    for record in pending {
      let excerpt = record.rejection.excerpt.map { " [\($0)]" } ?? ""
      lines.append(
        "  pending   \(record.rejection.what.rawValue), \(record.rejection.rule): "
          + "\(record.rejection.reason)\(excerpt) (since \(TimeText.utc(record.first)), "
          + "\(record.attempts) attempts)")
    }
    lines.append("  decision  \(decision)")
    for field in fields {
      let mark = field.isWritten ? "*" : " "
      let note = field.note.map { "  (\($0))" } ?? ""
      lines.append("\(mark) \(field.from) -> \(field.to)\(note)")
      lines.append("      dynamics  \(Inspection.shown(field.dynamics))")
      lines.append("      mapped    \(Inspection.shown(field.mapped))")
      for value in field.campaign { lines.append("      campaign  \(Inspection.shown(value))") }
    }
    if fields.contains(where: \.isWritten) { lines.append("* would be written") }
    return lines
  }

  /// Quoted and escaped: a value must not speak to the terminal.
  static func shown(_ value: String?) -> String {
    guard let value else { return "-" }
    let printable = value.unicodeScalars.map { scalar in
      scalar.value == 0x7F || (0x80...0x9F).contains(scalar.value)
        ? "\u{FFFD}" : String(Character(scalar))
    }
    return String(decoding: JSONValue.string(printable.joined()).encoded, as: UTF8.self)
  }

  var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    let state =
      switch known {
      case nil: "unknown"
      case .sent: "sent"
      case .proven: "proven"
      }
    return [
      "job": .string(job), "key": .string(key.description), "inDynamics": .bool(isInDynamics),
      "campaignRecords": .number(String(records)), "ledger": .string(state),
      "provenNow": isProvenNow.map(JSONValue.bool) ?? .null, "decision": .string(decision),
      "pending": .array(
        pending.map { record in
          [
            "what": .string(record.rejection.what.rawValue),
            "rule": .string(record.rejection.rule), "reason": .string(record.rejection.reason),
            "excerpt": text(record.rejection.excerpt),
            "first": .string(TimeText.utc(record.first)),
            "attempts": .number(String(record.attempts)),
          ]
        }),
      "fields": .array(
        fields.map { field in
          [
            "from": .string(field.from), "to": .string(field.to), "dynamics": text(field.dynamics),
            "mapped": text(field.mapped), "note": text(field.note),
            "campaign": .array(field.campaign.map(JSONValue.string)),
            "written": .bool(field.isWritten),
          ]
        }),
    ]
  }
}

extension SQLiteLedger {
  /// What is pending under one key.
  func pending(of key: String) async throws(SyncError) -> [PendingRecord] {
    var found: [PendingRecord] = []
    // The keys between a text and that text without its last digit are sixteen at most.
    var after = String(key.dropLast())
    while true {
      let batch = try await pending(after: after, limit: 20)
      found += batch.filter { $0.rejection.key == key }
      guard let last = batch.last, last.rejection.key < key else { return found }
      after = last.rejection.key
    }
  }
}
