import Core
import HTTP

/// Writes activities of one table as one application user, in the best way that the service offers,
/// and finds out what became of each.
struct ActivityWriter: Sendable {
  enum Verb: Sendable {
    case create
    /// The second write.
    case complete

    var message: String { self == .create ? "CreateMultiple" : "UpdateMultiple" }
  }

  /// What became of one activity.
  enum Answer: Sendable, Equatable {
    case done
    /// - Parameter isOpen: nil: nobody asked.
    case alreadyThere(isOpen: Bool?)
    /// The contact; or, of a second write, the activity itself.
    case missing
    case refused(WriteVerdict.Refusal)
  }

  let client: DataverseClient
  let gate: any Gate
  let patience: Patience
  let knowledge: WriteKnowledge
  let table: ActivityTable
  let form: ActivityForm
  let verb: Verb

  var action: String {
    (verb == .create ? "create" : "complete") + " activities of \(table.logicalName)"
  }
  var message: WriteKnowledge.Message {
    WriteKnowledge.Message(table: table.logicalName, name: verb.message)
  }

  /// An answer for each, in their order.
  func write(_ activities: [Activity]) async throws(SyncError) -> [Answer] {
    guard !activities.isEmpty else { return [] }
    return switch try await knowledge.way(message) {
    case .bulk: try await bulk(activities)
    case .batch, .single: try await oneByOne(activities)
    }
  }

  /// The most that one request should carry now.
  func size() async throws(SyncError) -> Int {
    await knowledge.size(message, try await knowledge.way(message))
  }

  /// Each for itself, and the patience for every request.
  private var rows: RowWrites {
    RowWrites(
      client: client, gate: gate, patience: patience, knowledge: knowledge, message: message,
      action: action, purpose: .activities)
  }

  // MARK: bulk messages

  private func oneByOne(_ activities: [Activity]) async throws(SyncError) -> [Answer] {
    let answers = try await rows.write(activities.map(write))
    return answers.map { answer in
      switch answer {
      case .done: .done
      case .alreadyThere: .alreadyThere(isOpen: nil)
      case .missing: .missing
      case .overtaken: .refused(.overtaken)
      case .refused(let refusal): .refused(refusal)
      }
    }
  }

  private func write(_ activity: Activity) -> RowWrites.Write {
    var body: [UInt8] = []
    append(activity, isTarget: false, to: &body)
    return switch verb {
    case .create: .create(in: table.entitySet, body)
    case .complete: .update(activity.id, in: table.entitySet, version: nil, body)
    }
  }

  /// All in one request; where that is refused, as many as can be in as few as possible.
  ///
  /// - Parameter isAgain: the same ended in a passing fault before.
  private func bulk(
    _ activities: [Activity], isAgain: Bool = false
  ) async throws(SyncError) -> [Answer] {
    guard !activities.isEmpty else { return [] }
    let started = patience.clock.uptime
    let path = "\(table.entitySet)/Microsoft.Dynamics.CRM.\(verb.message)"
    let reply = try await rows.send("POST", path, body: targets(activities))
    switch WriteVerdict(reply, action) {
    case .done:
      let elapsed = patience.clock.uptime - started
      await knowledge.answered(message, .bulk, activities.count, in: elapsed)
      return Array(repeating: .done, count: activities.count)
    case .alreadyThere: return try await bulkWithoutDone(activities)
    case .missing: return try await bulkWithoutStrangers(activities)
    case .refused, .overtaken: return try await narrowed(activities)
    case .later(let error):
      await knowledge.shrink(message, .bulk)
      try await rows.wait(as: error)
      return try await bulk(activities, isAgain: isAgain)
    case .passing(let error):
      await knowledge.shrink(message, .bulk)
      try await rows.pause(after: isAgain ? 1 : 0, error)
      return isAgain
        ? try await narrowed(activities, isAgain: true)
        : try await bulk(activities, isAgain: true)
    case .unsupported:
      await knowledge.give(up: .bulk, of: message)
      return try await oneByOne(activities)
    case .fatal(let error): throw error
    }
  }

  private func targets(_ activities: [Activity]) -> [UInt8] {
    var bytes = Array("{\"Targets\":[".utf8)
    bytes.reserveCapacity(activities.count * 640)
    for (index, activity) in activities.enumerated() {
      if index > 0 { bytes.append(0x2C) }
      append(activity, isTarget: true, to: &bytes)
    }
    bytes += "]}".utf8
    return bytes
  }

  private func append(_ activity: Activity, isTarget: Bool, to bytes: inout [UInt8]) {
    switch verb {
    case .create: form.create(activity, isTarget: isTarget, to: &bytes)
    case .complete: form.complete(activity, isTarget: isTarget, to: &bytes)
    }
  }

  /// One of them is there: asks which are, and goes on with the others.
  private func bulkWithoutDone(_ activities: [Activity]) async throws(SyncError) -> [Answer] {
    guard verb == .create else { return try await oneByOne(activities) }
    let states = try await client.rows(
      of: table.entitySet, key: "activityid", among: activities.map(\.id), select: ["statecode"],
      number: patience.clock.random(), for: action)
    return try await bulk(activities) { activity in
      states[activity.id].map { .alreadyThere(isOpen: $0["statecode"]?.integer == 0) }
    }
  }

  /// One of the contacts is gone: asks which are, and goes on with the others.
  private func bulkWithoutStrangers(_ activities: [Activity]) async throws(SyncError) -> [Answer] {
    guard verb == .create else { return try await narrowed(activities) }
    let contacts = try await client.rows(
      of: "contacts", key: "contactid", among: activities.map(\.contact),
      number: patience.clock.random(), for: action)
    return try await bulk(activities) { contacts[$0.contact] == nil ? .missing : nil }
  }

  /// Those without an answer in bulk; where all are without, by narrowing down.
  private func bulk(
    _ activities: [Activity], but known: (Activity) -> Answer?
  ) async throws(SyncError) -> [Answer] {
    var answers = activities.map(known)
    let open = answers.indices.filter { answers[$0] == nil }
    guard open.count < activities.count else { return try await narrowed(activities) }
    let rest = try await bulk(open.map { activities[$0] })
    for (index, answer) in zip(open, rest) { answers[index] = answer }
    return answers.compactMap(\.self)
  }

  /// The bad ones are looked for by halves, down to so few that asking for each is cheaper; so is
  /// the size that goes through where the service has no time for more.
  private func narrowed(
    _ activities: [Activity], isAgain: Bool = false
  ) async throws(SyncError) -> [Answer] {
    guard activities.count > ActivityWriter.few else { return try await oneByOne(activities) }
    let middle = activities.count / 2
    let first = try await bulk(Array(activities[..<middle]), isAgain: isAgain)
    return first + (try await bulk(Array(activities[middle...])))
  }

  /// One `$batch` answers for each of that many.
  private static let few = 32
}
