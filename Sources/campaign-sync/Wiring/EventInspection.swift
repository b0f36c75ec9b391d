import Core
import Jobs
import Ledger

/// A contact's timeline, and what is pending of the contact or under a log id.
struct EventInspection {
  let job: String
  let key: String
  /// Nil where the key is a log id.
  private(set) var contact: RowKey?
  private(set) var isInDynamics = false
  private(set) var timeline: [TimelineEntry] = []
  private(set) var pending: [PendingRecord] = []

  /// The newest of a timeline that are shown.
  private static let most = 50

  init(
    of key: String, _ state: EgressJobState, _ connections: Connections
  ) async throws(SyncError) {
    job = state.settings.name
    self.key = key
    contact = RowKey(key)
    try await look(into: state)
    if contact == nil {
      contact =
        pending.lazy.compactMap(\.rejection.line).compactMap { EventRow(line: $0) }
        .first?.contact
    }
    guard let contact else { return }
    let activities = try connections.activities(first: connections.dynamics())
    isInDynamics = try await activities.contacts(among: [contact]).contains(contact)
    timeline = try await activities.timeline(of: contact, limit: EventInspection.most)
  }

  private mutating func look(into state: EgressJobState) async throws(SyncError) {
    guard SQLiteLedger.exists(in: state.place.folder) else { return }
    let ledger = try SQLiteLedger.look(in: state.place.folder)
    var after: String?
    while true {
      let batch = try await ledger.pending(after: after, limit: 1_000)
      guard let last = batch.last else { return }
      after = last.rejection.key
      pending += batch.filter { record in
        guard let contact else { return record.rejection.key == key }
        return record.rejection.line.flatMap { EventRow(line: $0) }?.contact == contact
      }
    }
  }

  var lines: [String] {
    var lines = ["\(job) \(key)"]
    if let contact {
      lines.append("  contact   \(contact), \(isInDynamics ? "in Dynamics" : "not in Dynamics")")
    } else {
      lines.append("  contact   none: the key is no guid, and nothing is pending under it")
    }
    for record in pending {
      let excerpt = record.rejection.excerpt.map { " [\($0)]" } ?? ""
      lines.append(
        "  pending   \(record.rejection.key), \(record.rejection.rule): "
          + "\(record.rejection.reason)\(excerpt) (since \(TimeText.utc(record.first)), "
          + "\(record.attempts) attempts)")
      if let line = record.rejection.line { lines.append("            \(Inspection.shown(line))") }
    }
    lines.append("  timeline  \(timeline.count) newest activities")
    for entry in timeline {
      let time = entry.at.map(TimeText.utc) ?? "without a time     "
      let state = entry.isCompleted ? "completed" : "open"
      lines.append("  \(time)  \(entry.table)  \(state)  \(Inspection.shown(entry.subject))")
    }
    return lines
  }

  var json: JSONValue {
    func text(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }
    return [
      "job": .string(job), "key": .string(key), "contact": text(contact?.description),
      "inDynamics": .bool(isInDynamics),
      "pending": .array(
        pending.map { record in
          [
            "key": .string(record.rejection.key), "rule": .string(record.rejection.rule),
            "reason": .string(record.rejection.reason), "excerpt": text(record.rejection.excerpt),
            "row": text(record.rejection.line), "first": .string(TimeText.utc(record.first)),
            "attempts": .number(String(record.attempts)),
          ]
        }),
      "timeline": .array(
        timeline.map { entry in
          [
            "id": .string(entry.id.description), "table": .string(entry.table),
            "subject": .string(entry.subject), "at": text(entry.at.map(TimeText.utc)),
            "completed": .bool(entry.isCompleted),
          ]
        }),
    ]
  }
}
