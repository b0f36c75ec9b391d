import Core
import HTTP

/// Activities on timelines, written by one application user or several.
///
/// - Shape: `concurrency` lanes for each application user; a lane takes the next activities, as many
///   as a request should carry now, and brings them to their end before it takes more. Activities of
///   one contact travel together as far as they can: neighbours that lock the same contact would
///   wait for each other. The owner is always the first application user.
package struct DataverseActivities: Sendable {
  private let users: ApplicationUsers

  /// - Parameter first: of the application user that owns the activities.
  /// - Parameter others: of further application users of the same environment.
  /// - Parameter concurrency: requests under way at once, for each of them.
  /// - Parameter gates: those of their transports, in the order of the clients: a wait that a part of
  ///   a batch asks for then holds in every process; none: in this one.
  package init(
    first: DataverseClient, others: [DataverseClient] = [], concurrency: Int, patience: Patience,
    gates: [any Gate] = []
  ) {
    users = ApplicationUsers(
      first: first, others: others, concurrency: concurrency, patience: patience, gates: gates)
  }
}

extension DataverseActivities: ActivitySink {
  package func prepare(
    _ mapping: ActivityMapping
  ) async throws(SyncError) -> ActivityTable {
    try await users.first.activityTable(mapping)
  }

  package func contacts(among keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    let rows = try await users.first.rows(
      of: "contacts", key: "contactid", among: keys, number: users.patience.clock.random(),
      for: "look for contacts")
    return Set(rows.keys)
  }

  package func timeline(
    of contact: RowKey, limit: Int
  ) async throws(SyncError) -> [TimelineEntry] {
    try await users.first.timeline(of: contact, limit: limit)
  }

  package func create(
    _ activities: [Activity], in table: ActivityTable
  ) async throws(SyncError) -> [ActivityOutcome] {
    guard table.findings.isEmpty else {
      throw .mapping(table.logicalName, table.findings)
    }
    guard !activities.isEmpty else { return [] }
    let owner = users.clients.count > 1 ? try await users.knowledge.owner() : nil
    let form = ActivityForm(table, owner: owner)
    let order = activities.indices.sorted {
      let (one, other) = (activities[$0].contact, activities[$1].contact)
      return (one.high, one.low, $0) < (other.high, other.low, $1)
    }
    return try await users.write(activities, takenAs: order) { index in
      ActivityLane(creator: writer(index, .create, table, form))
    }
  }

  private func writer(
    _ index: Int, _ verb: ActivityWriter.Verb, _ table: ActivityTable, _ form: ActivityForm
  ) -> ActivityWriter {
    ActivityWriter(
      client: users.clients[index], gate: users.gates[index], patience: users.patience,
      knowledge: users.knowledge, table: table, form: form, verb: verb)
  }
}

/// One request at a time of one application user.
private struct ActivityLane: WriteLane {
  let creator: ActivityWriter

  func size() async throws(SyncError) -> Int { try await creator.size() }

  func write(_ activities: [Activity]) async throws(SyncError) -> [ActivityOutcome] {
    let answers = try await creator.write(activities)
    var outcomes = answers.map { answer -> ActivityOutcome in
      switch answer {
      case .done: .created
      case .alreadyThere: .alreadyThere
      case .missing: .contactMissing
      case .refused(let refusal): .refused(code: refusal.code, excerpt: refusal.excerpt)
      }
    }
    guard creator.table.state == .completed else { return outcomes }
    let open = try await open(activities, answers)
    let completer = ActivityWriter(
      client: creator.client, gate: creator.gate, patience: creator.patience,
      knowledge: creator.knowledge, table: creator.table, form: creator.form, verb: .complete)
    let second = try await completer.write(open.map { activities[$0] })
    for (place, answer) in zip(open, second) {
      // One that is gone again, or was completed by somebody else, needs no second write.
      guard case .refused(let refusal) = answer else { continue }
      outcomes[place] = .refused(code: refusal.code, excerpt: refusal.excerpt)
    }
    return outcomes
  }

  /// The places of those that are to be completed: new ones where the service does not take the
  /// state at create, and those that an earlier run left open.
  private func open(
    _ activities: [Activity], _ answers: [ActivityWriter.Answer]
  ) async throws(SyncError) -> [Int] {
    let unknown = answers.indices.filter { answers[$0] == .alreadyThere(isOpen: nil) }
    let states = try await states(of: unknown.map { activities[$0].id })
    var isCompleted = creator.table.createsCompleted
    if isCompleted, let first = answers.firstIndex(of: .done) {
      isCompleted = try await standsCompleted(activities[first].id)
    }
    return answers.indices.filter { index in
      switch answers[index] {
      case .done: !isCompleted
      case .alreadyThere(let isOpen):
        isOpen ?? (states[activities[index].id]?["statecode"]?.integer == 0)
      case .missing, .refused: false
      }
    }
  }

  /// Looks once for each table: where metadata and service differ, the state is passed over without
  /// a word, and every activity would stay open.
  private func standsCompleted(_ id: RowKey) async throws(SyncError) -> Bool {
    let table = creator.table.logicalName
    if let known = await creator.knowledge.completesAtCreate(table) { return known }
    let isOpen = try await states(of: [id])[id]?["statecode"]?.integer == 0
    await creator.knowledge.learn(table, completesAtCreate: !isOpen)
    return !isOpen
  }

  private func states(of ids: [RowKey]) async throws(SyncError) -> [RowKey: JSONValue] {
    if ids.isEmpty { return [:] }
    return try await creator.client.rows(
      of: creator.table.entitySet, key: "activityid", among: ids, select: ["statecode"],
      number: creator.patience.clock.random(), for: creator.action)
  }
}
