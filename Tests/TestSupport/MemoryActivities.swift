import Core
import Synchronization

/// Tables of activities in memory, and the contacts that they may regard.
package final class MemoryActivities: ActivitySink {
  package struct Stored: Sendable, Equatable {
    package var table: String
    package var activity: Activity
    package var isCompleted: Bool
  }

  package struct Meter: Sendable, Equatable {
    package var creates = 0
    /// Activities handed over.
    package var sent = 0
    package var contactQuestions = 0
    /// The most activities in one call.
    package var largest = 0
    /// Outcomes that were no news.
    package var repeats = 0
  }

  private struct State {
    var tables: [String: ActivityTable] = [:]
    var contacts: Set<RowKey> = []
    var stored: [RowKey: Stored] = [:]
    var refused: [RowKey: String] = [:]
    var meter = Meter()
    /// Writes of one activity that came twice: never, but after a kill.
    var written: [RowKey: Int] = [:]
  }
  private let state = Mutex(State())

  package init(tables: [ActivityTable] = [MemoryActivities.clicks]) {
    state.withLock { state in
      for table in tables { state.tables[table.logicalName] = table }
    }
  }

  /// A table such as Adobe's, with short columns.
  package static let clicks = ActivityTable(
    logicalName: "adobe_campaignemailclick", entitySet: "adobe_campaignemailclicks",
    state: .completed, regarding: "regardingobjectid_contact_adobe_campaignemailclick",
    columns: [
      "campaign": .init(name: "adobe_campaignname", kind: .string, maxLength: 100),
      "delivery": .init(name: "adobe_deliveryname", kind: .string, maxLength: 100),
      "at": .init(name: "adobe_dateclicked", kind: .dateTime(.userLocal)),
      "url": .init(name: "adobe_trackingurl", kind: .string, maxLength: 200),
      "mirror": .init(name: "adobe_mirrorpageurl", kind: .string, maxLength: 200),
    ], subjectLength: 200)

  package var stored: [RowKey: Stored] { state.withLock { $0.stored } }
  package var meter: Meter { state.withLock { $0.meter } }

  package func addContacts(_ keys: [RowKey]) {
    state.withLock { $0.contacts.formUnion(keys) }
  }

  package func removeContact(_ key: RowKey) {
    state.withLock { state in
      state.contacts.remove(key)
      state.stored = state.stored.filter { $0.value.activity.contact != key }
    }
  }

  /// The activity of that id is refused whatever its neighbours; nil: no longer.
  package func refuse(_ id: RowKey, code: String?) { state.withLock { $0.refused[id] = code } }

  package func prepare(_ mapping: ActivityMapping) async throws(SyncError) -> ActivityTable {
    let tables = state.withLock { $0.tables }
    guard var table = tables[mapping.table] else {
      let nearest = Nearest.name(to: mapping.table, among: tables.keys.sorted())
      return ActivityTable(
        logicalName: mapping.table, entitySet: "", state: mapping.state, regarding: "",
        columns: [:],
        findings: [
          MappingFinding(
            mapping.position, "there is no table \(mapping.table)", nearest: nearest)
        ])
    }
    let columns = table.columns.values
    table.columns = [:]
    table.state = mapping.state
    for (role, name) in mapping.columns.sorted(by: { $0.key < $1.key }) {
      if let column = columns.first(where: { $0.name == name }) {
        table.columns[role] = column
      } else {
        table.findings.append(
          MappingFinding(
            mapping.position, "\(mapping.table) has no column \(name)",
            nearest: Nearest.name(to: name, among: columns.map(\.name).sorted())))
      }
    }
    return table
  }

  package func contacts(among keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    state.withLock { state in
      state.meter.contactQuestions += 1
      return state.contacts.intersection(keys)
    }
  }

  package func create(
    _ activities: [Activity], in table: ActivityTable
  ) async throws(SyncError) -> [ActivityOutcome] {
    state.withLock { state in
      state.meter.creates += 1
      state.meter.sent += activities.count
      state.meter.largest = max(state.meter.largest, activities.count)
      return activities.map { Self.create($0, table, &state) }
    }
  }

  /// In this order: an activity that is there is not looked at any more.
  private static func create(
    _ activity: Activity, _ table: ActivityTable, _ state: inout State
  ) -> ActivityOutcome {
    if state.stored[activity.id] != nil {
      state.meter.repeats += 1
      state.stored[activity.id]?.isCompleted = table.state == .completed
      return .alreadyThere
    }
    guard state.contacts.contains(activity.contact) else { return .contactMissing }
    if let code = state.refused[activity.id] {
      return .refused(code: code, excerpt: "the value of … is not right")
    }
    for (role, text) in activity.texts {
      if let length = table.columns[role]?.maxLength, text.utf16.count > length {
        return .refused(code: "0x80044331", excerpt: "the length of … exceeded #")
      }
    }
    state.stored[activity.id] = Stored(
      table: table.logicalName, activity: activity, isCompleted: table.state == .completed)
    return .created
  }

  package func timeline(
    of contact: RowKey, limit: Int
  ) async throws(SyncError) -> [TimelineEntry] {
    let stored = stored.values.filter { $0.activity.contact == contact }
    let sorted = stored.sorted {
      ($1.activity.at, "\($0.activity.id)") < ($0.activity.at, "\($1.activity.id)")
    }
    return sorted.prefix(limit).map {
      TimelineEntry(
        id: $0.activity.id, table: $0.table, subject: $0.activity.subject, at: $0.activity.at,
        isCompleted: $0.isCompleted)
    }
  }
}
