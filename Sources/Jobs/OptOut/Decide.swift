import Core

extension OptOutJob {
  /// Decides about everybody who is due; who was overtaken meanwhile, again.
  ///
  /// Who keeps changing stays due for the next run.
  func decideAll(_ emit: Emit<OptOutState>) async throws(SyncError) {
    for round in 0..<4 {
      var last: RowKey?
      var overtaken = 0
      while true {
        let contacts = try await ports.ledger.due(after: last, limit: ports.page)
        guard let final = contacts.last else { break }
        last = final
        overtaken += try await decide(contacts, isAgain: round > 0, emit)
        try ports.patience.checkStop()
      }
      if overtaken == 0 { return }
    }
  }

  /// What waits and may be tried again is due again.
  ///
  /// A decision that waits is tried after a quarter of an hour, and then each time after twice as long.
  ///
  /// - Parameter all: whatever its time.
  func raisePending(all: Bool, _ emit: Emit<OptOutState>) async throws(SyncError) {
    let now = ports.patience.clock.now
    var last: String?
    while true {
      let pending = try await ports.ledger.pending(after: last, limit: 1_000)
      guard let final = pending.last else { return }
      last = final.rejection.key
      let contacts = pending.filter { $0.isRipe(at: now) || all }
        .compactMap { $0.rejection.what == .consent ? RowKey($0.rejection.key) : nil }
      let waiting = try await ports.ledger.consents(of: contacts).values
        .flatMap(\.values).filter(\.waits)
      if waiting.isEmpty { continue }
      var tally = Tally()
      tally.retried = Set(waiting.map(\.contact)).count
      let raised = waiting.map { record in
        var record = record
        record.waits = false
        return record
      }
      try await emit(
        Advance(tally: tally, settle: Settlement(entries: [.consents(raised)]), now: true))
    }
  }

  /// Reads both sides, decides, writes down what is begun, writes it, and writes down how it ended.
  ///
  /// - Parameter isAgain: some of them were just tried.
  /// - Returns: how many were overtaken by another change, and are due still.
  private func decide(
    _ contacts: [RowKey], isAgain: Bool, _ emit: Emit<OptOutState>
  ) async throws(SyncError) -> Int {
    let target = try await ports.target()
    let known = try await ports.ledger.consents(of: contacts)
    // Only a change in Campaign may opt a person in whatever Dynamics has: never twice.
    let asked = contacts.filter { contact in
      isAgain || known[contact]?.values.contains { $0.due == .campaign } ?? false
    }
    let tried = try await unfinished(asked)
    // Dynamics in bulk, and Campaign, person by person, only of those of whom something may be written.
    let rows = try await ports.contacts.read(contacts, columns: target.pairs.map(\.column))
    var cases = contacts.map {
      ConsentCase($0, known[$0] ?? [:], tried: tried[$0] ?? [:], rows[$0], target)
    }
    let unsure = cases.indices.filter { cases[$0].needsProfile(for: rule) }
    let fields = target.pairs.map(\.field)
    let found = try await atOnce(unsure.map { contacts[$0] }) { contact throws(SyncError) in
      try await target.profiles.find(key: contact.description, fields: fields)
    }
    for (index, records) in zip(unsure, found) { cases[index].take(records) }
    let now = ports.patience.clock.now
    for index in cases.indices { cases[index].decide(by: rule, at: now) }
    let begun = cases.flatMap { $0.decisions.filter { $0.outcome == .begun } }
    if !begun.isEmpty {
      try await emit(Advance(settle: Settlement(entries: [.decided(begun)]), now: true))
    }
    try await write(&cases, target)
    var tally = Tally()
    var entries: [LedgerEntry] = []
    for one in cases { one.settle(&tally, &entries) }
    try await emit(Advance(tally: tally, settle: Settlement(entries: entries), now: true))
    return cases.count(where: \.isOvertaken)
  }

  /// Decisions that were begun and have no end: their process was killed, or the answer was lost.
  private func unfinished(
    _ contacts: [RowKey]
  ) async throws(SyncError) -> [RowKey: [ConsentAttribute: ConsentDecision]] {
    var tried: [RowKey: [ConsentAttribute: ConsentDecision]] = [:]
    for contact in contacts {
      var last: [ConsentAttribute: ConsentDecision] = [:]
      for decision in try await ports.ledger.decisions(of: contact, limit: 64)
      where last[decision.attribute] == nil { last[decision.attribute] = decision }
      let begun = last.filter { $0.value.outcome == .begun }
      if !begun.isEmpty { tried[contact] = begun }
    }
    return tried
  }

  private func write(
    _ cases: inout [ConsentCase], _ target: OptOutTarget
  ) async throws(SyncError) {
    let profiles = cases.enumerated().compactMap { index, one in
      one.toProfile.map { (index, $0.record, $0.fields) }
    }
    let outcomes = try await atOnce(profiles) { _, record, fields throws(SyncError) in
      try await target.profiles.update(record, fields)
    }
    for ((index, _, _), outcome) in zip(profiles, outcomes) { cases[index].profile(outcome) }
    let rows = cases.enumerated().compactMap { index, one in one.toRow.map { (index, $0) } }
    if rows.isEmpty { return }
    let written = try await ports.contacts.write(rows.map(\.1))
    guard written.count == rows.count else {
      throw SyncError(
        .bug, "write opt-outs to Dynamics", "the answers do not belong to what was sent",
        next: "report this with `campaign-sync history JOB` and the log")
    }
    for ((index, _), outcome) in zip(rows, written) { cases[index].row(outcome) }
  }

  /// Some items at once; the answers in their order, and after a failure no other is begun.
  private func atOnce<Item: Sendable, Answer: Sendable>(
    _ items: [Item], _ work: @escaping @Sendable (Item) async throws(SyncError) -> Answer
  ) async throws(SyncError) -> [Answer] {
    let limit = max(ports.profilesAtOnce, 1)
    let result = await withTaskGroup(of: (Int, Result<Answer, SyncError>).self) { group in
      var answers: [Answer?] = Array(repeating: nil, count: items.count)
      var failure: SyncError?
      var (next, running) = (0, 0)
      while true {
        while running < limit, failure == nil, next < items.count {
          let (index, item) = (next, items[next])
          group.addTask {
            do throws(SyncError) {
              return (index, .success(try await work(item)))
            } catch {
              return (index, .failure(error))
            }
          }
          (next, running) = (next + 1, running + 1)
        }
        guard running > 0, let (index, answer) = await group.next() else { break }
        running -= 1
        switch answer {
        case .success(let answer): answers[index] = answer
        case .failure(let error):
          if failure == nil || failure?.isStop == true { failure = error }
          group.cancelAll()
        }
      }
      if let failure { return Result<[Answer], SyncError>.failure(failure) }
      return .success(answers.compactMap(\.self))
    }
    return try result.get()
  }
}
