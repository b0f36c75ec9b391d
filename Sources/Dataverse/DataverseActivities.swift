import Core
import HTTP

/// Activities on timelines, written by one application user or several.
///
/// - Shape: `concurrency` lanes for each application user; a lane takes the next activities, as many
///   as a request should carry now, and brings them to their end before it takes more. Activities of
///   one contact travel together as far as they can: neighbours that lock the same contact would
///   wait for each other. The owner is always the first application user.
package struct DataverseActivities: Sendable {
  private let clients: [DataverseClient]
  private let gates: [any Gate]
  private let concurrency: Int
  private let patience: Patience
  private let knowledge: WriteKnowledge
  private let first: DataverseClient

  /// - Parameter first: of the application user that owns the activities.
  /// - Parameter others: of further application users of the same environment.
  /// - Parameter concurrency: requests under way at once, for each of them.
  /// - Parameter gates: those of their transports, in the order of the clients: a wait that a part of
  ///   a batch asks for then holds in every process; none: in this one.
  package init(
    first: DataverseClient, others: [DataverseClient] = [], concurrency: Int, patience: Patience,
    gates: [any Gate] = []
  ) {
    self.first = first
    clients = [first] + others
    self.concurrency = max(concurrency, 1)
    self.patience = patience
    self.gates = clients.indices.map { $0 < gates.count ? gates[$0] : MemoryGate() }
    knowledge = WriteKnowledge(first)
  }
}

extension DataverseActivities: ActivitySink {
  package func prepare(
    _ mapping: ActivityMapping
  ) async throws(SyncError) -> ActivityTable {
    try await first.activityTable(mapping)
  }

  package func contacts(among keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    let rows = try await first.rows(
      of: "contacts", key: "contactid", among: keys, number: patience.clock.random(),
      for: "look for contacts")
    return Set(rows.keys)
  }

  package func timeline(
    of contact: RowKey, limit: Int
  ) async throws(SyncError) -> [TimelineEntry] {
    try await first.timeline(of: contact, limit: limit)
  }

  package func create(
    _ activities: [Activity], in table: ActivityTable
  ) async throws(SyncError) -> [ActivityOutcome] {
    guard table.findings.isEmpty else {
      throw .mapping(table.logicalName, table.findings)
    }
    guard !activities.isEmpty else { return [] }
    let owner = clients.count > 1 ? try await knowledge.owner() : nil
    let form = ActivityForm(table, owner: owner)
    let queue = ActivityQueue(activities, lanes: clients.count * concurrency)
    let failure = await withTaskGroup(of: SyncError?.self) { group in
      // The first lane of each application user, then the second of each: few go to all of them.
      for _ in 0..<concurrency {
        for index in clients.indices {
          let lane = ActivityLane(creator: writer(index, .create, table, form))
          group.addTask { await lane.work(on: queue) }
        }
      }
      var failure: SyncError?
      for await error in group {
        guard let error else { continue }
        if failure == nil || failure?.isStop == true { failure = error }
        group.cancelAll()
      }
      return failure
    }
    if let failure { throw failure }
    return await queue.outcomes.compactMap(\.self)
  }

  private func writer(
    _ index: Int, _ verb: ActivityWriter.Verb, _ table: ActivityTable, _ form: ActivityForm
  ) -> ActivityWriter {
    ActivityWriter(
      client: clients[index], gate: gates[index], patience: patience, knowledge: knowledge,
      table: table, form: form, verb: verb)
  }
}

/// The activities that no lane has taken yet, and what became of the others.
private actor ActivityQueue {
  private let activities: [Activity]
  private let order: [Int]
  private let share: Int
  private var taken = 0
  private(set) var outcomes: [ActivityOutcome?]

  init(_ activities: [Activity], lanes: Int) {
    self.activities = activities
    order = activities.indices.sorted {
      let (one, other) = (activities[$0].contact, activities[$1].contact)
      return (one.high, one.low, $0) < (other.high, other.low, $1)
    }
    // A lane with less than that costs more in requests than it saves in time.
    share = max((activities.count + lanes - 1) / lanes, 50)
    outcomes = Array(repeating: nil, count: activities.count)
  }

  func take(_ most: Int) -> (places: [Int], activities: [Activity]) {
    let end = min(taken + min(most, share), order.count)
    let places = Array(order[taken..<end])
    taken = end
    return (places, places.map { activities[$0] })
  }

  func put(_ some: [ActivityOutcome], at places: [Int]) {
    for (place, outcome) in zip(places, some) { outcomes[place] = outcome }
  }
}

/// One request at a time of one application user.
private struct ActivityLane: Sendable {
  let creator: ActivityWriter

  /// - Returns: what ended it before the queue did.
  func work(on queue: ActivityQueue) async -> SyncError? {
    do throws(SyncError) {
      while true {
        try creator.patience.checkStop()
        let (places, activities) = await queue.take(try await creator.size())
        if activities.isEmpty { return nil }
        await queue.put(try await outcomes(of: activities), at: places)
      }
    } catch {
      return error
    }
  }

  private func outcomes(of activities: [Activity]) async throws(SyncError) -> [ActivityOutcome] {
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
      case .alreadyThere(let isOpen): isOpen ?? (states[activities[index].id]?.integer == 0)
      case .missing, .refused: false
      }
    }
  }

  /// Looks once for each table: where metadata and service differ, the state is passed over without
  /// a word, and every activity would stay open.
  private func standsCompleted(_ id: RowKey) async throws(SyncError) -> Bool {
    let table = creator.table.logicalName
    if let known = await creator.knowledge.completesAtCreate(table) { return known }
    let isOpen = try await states(of: [id])[id]?.integer == 0
    await creator.knowledge.learn(table, completesAtCreate: !isOpen)
    return !isOpen
  }

  private func states(of ids: [RowKey]) async throws(SyncError) -> [RowKey: JSONValue] {
    if ids.isEmpty { return [:] }
    return try await creator.client.rows(
      of: creator.table.entitySet, key: "activityid", among: ids, select: "statecode",
      number: creator.patience.clock.random(), for: creator.action)
  }
}
