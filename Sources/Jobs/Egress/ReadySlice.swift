import Core

/// Events that were decided about: what goes to Dynamics, and what does not.
struct ReadySlice: Sendable {
  var activities: [Activity] = []
  /// The rows of the activities.
  var rows: [EventRow] = []
  /// Nil where there is no activity.
  var table: ActivityTable?
  var tally = Tally()
  var entries: [LedgerEntry] = []

  func send(to sink: any ActivitySink, place: Int) async -> SentSlice {
    var sent = SentSlice(place: place)
    sent.slice = self
    guard let table, !activities.isEmpty else { return sent }
    do throws(SyncError) {
      sent.outcomes = try await sink.create(activities, in: table)
      if sent.outcomes.count != activities.count { sent.failure = .lostOutcomes }
    } catch {
      sent.failure = error
    }
    return sent
  }
}

/// A slice that Dynamics has answered, or not.
struct SentSlice: Sendable {
  var place: Int
  var slice = ReadySlice()
  var outcomes: [ActivityOutcome] = []
  var failure: SyncError?
  /// How far the file is read with it.
  var mark: FileMark?

  init(place: Int) { self.place = place }
}

extension EgressJob {
  /// Decides about the rows of a slice; nothing is sent yet.
  ///
  /// - Parameter underWay: events of slices that were not answered yet.
  func prepare(
    _ slice: EventSlice, underWay: Set<RowKey>, _ contacts: inout ContactBook
  ) async throws(SyncError) -> ReadySlice {
    var ready = ReadySlice()
    ready.tally.read = slice.rows.count + slice.broken.count
    ready.tally.filteredOut = slice.others
    ready.tally.rejected = slice.broken.count
    // What is to be said of a row that is whole is said below.
    ready.entries = slice.broken.map(LedgerEntry.pending) + slice.mended.map(LedgerEntry.settled)
    if slice.rows.isEmpty { return ready }
    let form = try await ports.form()
    ready.table = form.table
    let decided = slice.rows.map { (row: $0, decision: form.decide($0)) }
    // Events that arrived before cost no request, and a later row of one is no new event.
    var seen = underWay.union(try await ports.ledger.arrived(decided.compactMap(\.decision.id)))
    for (row, decision) in decided {
      if let id = decision.id, seen.contains(id) {
        ready.tally.unchanged += 1
        continue
      }
      switch decision {
      case .stranger: ready.tally.unmatched += 1
      case .rejected(_, let rule, let reason):
        ready.tally.rejected += 1
        ready.entries.append(.pending(.event(row, rule, reason)))
      case .activity(let activity):
        seen.insert(activity.id)
        ready.activities.append(activity)
        ready.rows.append(row)
      }
    }
    try await leaveOutUnmatched(&ready, &contacts)
    ready.tally.mapped = ready.activities.count
    return ready
  }

  private func leaveOutUnmatched(
    _ ready: inout ReadySlice, _ contacts: inout ContactBook
  ) async throws(SyncError) {
    let missing = try await contacts.missing(
      among: ready.activities.map(\.contact), in: ports.activities)
    if missing.isEmpty { return }
    for (activity, row) in zip(ready.activities, ready.rows)
    where missing.contains(activity.contact) {
      note(row, withoutContact: activity.contact, &ready.tally, &ready.entries)
    }
    ready.keep { !missing.contains($0.contact) }
  }

  /// `unmatched:` of the job file.
  func note(
    _ row: EventRow, withoutContact contact: RowKey, _ tally: inout Tally,
    _ entries: inout [LedgerEntry]
  ) {
    tally.unmatched += 1
    guard settings.unmatched == .keep else { return }
    var rejection = Rejection.event(
      row, "noContact", "Dynamics does not have the contact; the event goes when it is there")
    rejection.parent = ParentKey(job: "contact", key: contact)
    entries.append(.pending(rejection))
  }

  /// Records what Dynamics said about a slice, and that the file is read so far.
  func settle(_ sent: SentSlice, _ emit: Emit<EgressState>) async throws(SyncError) {
    if let failure = sent.failure { throw failure }
    var (tally, entries) = (sent.slice.tally, sent.slice.entries)
    note(sent, &tally, &entries)
    if let mark = sent.mark { entries.append(.file(mark)) }
    try await emit(Advance(tally: tally, settle: Settlement(entries: entries), now: true))
  }

  /// The outcomes of the activities of a slice, as counts and facts.
  func note(_ sent: SentSlice, _ tally: inout Tally, _ entries: inout [LedgerEntry]) {
    var arrived: [RowKey] = []
    for (index, outcome) in sent.outcomes.enumerated() {
      let (activity, row) = (sent.slice.activities[index], sent.slice.rows[index])
      switch outcome {
      case .created, .alreadyThere:
        if outcome == .created { tally.created += 1 } else { tally.unchanged += 1 }
        arrived.append(activity.id)
      case .contactMissing: note(row, withoutContact: activity.contact, &tally, &entries)
      case .refused(let code, let excerpt):
        tally.rejected += 1
        entries.append(
          .pending(.event(row, "refused", "Dynamics refused the event (\(code))", excerpt)))
      }
    }
    if !arrived.isEmpty { entries.append(.arrived(arrived)) }
  }
}

extension ReadySlice {
  mutating func keep(_ isWanted: (Activity) -> Bool) {
    let places = activities.indices.filter { isWanted(activities[$0]) }
    rows = places.map { rows[$0] }
    activities = places.map { activities[$0] }
  }
}

extension Rejection {
  static func event(
    _ row: EventRow, _ rule: String, _ reason: String, _ excerpt: String? = nil
  ) -> Rejection {
    Rejection(
      key: row.id.isEmpty ? "no-id-" + String(fingerprint(row.line), radix: 16) : row.id,
      what: .event, rule: rule, reason: reason,
      excerpt: excerpt, line: row.line)
  }

  /// FNV-1a: to tell rows without an id from each other.
  private static func fingerprint(_ line: String) -> UInt64 {
    line.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

extension SyncError {
  static let lostOutcomes = SyncError(
    .bug, "write activities", "the answers do not belong to what was sent",
    next: "report this with `campaign-sync history JOB` and the log")
}
