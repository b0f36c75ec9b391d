import Core

extension IngressJob {
  /// What was removed in Dynamics, or left the filter, leaves Campaign: after the last upsert.
  ///
  /// Judged once: what was released by a run that ended early goes on without a second judgement.
  /// A safe point is a slice.
  func deletions() -> Lane<IngressState> {
    Lane(name: "delete") { [self] emit throws(SyncError) in
      try await applyReleased(emit)
      try await lookUpUnknown(emit)
      let since = ports.clock.now + (.zero - DeleteGuard.window)
      let counts = try await ports.ledger.deletionCounts(since: since)
      let verdict = DeleteGuard(job: name, settings.deletes).judge(
        DeleteGuard.Counts(
          waiting: counts.waiting, recent: counts.recent,
          known: try await ports.ledger.knownCount()),
        approved: ports.approvedDeletes)
      if case .tripped(let tripped) = verdict {
        try await emit(Advance(now: true) { $0.delta.heldBack = $0.delta.rounds })
        throw tripped.error
      }
      if counts.waiting > 0 {
        let release = LedgerEntry.deletionsReleased(approved: verdict == .approved)
        try await emit(Advance(settle: Settlement(entries: [release]), now: true))
        try await applyReleased(emit)
      }
      try await emit(Advance(now: true) { $0.delta.collected = nil })
    }
  }

  /// Deletes what was released, some records at once.
  private func applyReleased(_ emit: @escaping Emit<IngressState>) async throws(SyncError) {
    try await eachSlice(released: true, emit) { (slice, target) async throws(SyncError) in
      let orphans = try await orphans(among: slice.map(\.key))
      return await RecordRemover(store: target.store)
        .remove(slice, hiddenBy: orphans, atOnce: ports.writes)
    }
  }

  /// Drops the deletions of rows that were never in Campaign, so that they do not count.
  private func lookUpUnknown(_ emit: @escaping Emit<IngressState>) async throws(SyncError) {
    try await eachSlice(released: false, emit) { (slice, target) async throws(SyncError) in
      let known = try await ports.ledger.known(slice.map(\.key))
      let unknown = slice.map(\.key).filter { known[$0] == nil }
      return await RecordRemover(store: target.store).lookUp(unknown, atOnce: ports.writes)
    }
  }

  /// - Promise: what was emitted is in the ledger when this returns.
  private func eachSlice(
    released: Bool, _ emit: @escaping Emit<IngressState>,
    _ work: (_ slice: [Deletion], IngressTarget) async throws(SyncError) -> WrittenRows
  ) async throws(SyncError) {
    var last: RowKey?
    while true {
      let slice = try await ports.ledger.deletions(released: released, after: last, limit: 200)
      guard let final = slice.last else { break }
      last = final.key
      let done = try await work(slice, try await target())
      try await emit(Advance(tally: done.tally, settle: Settlement(entries: done.entries)))
      if let failure = done.failure { throw failure }
    }
    if last != nil { try await emit(Advance(now: true)) }
  }
}

extension IngressJob {
  /// Also where deletions are no longer applied, but some still wait: a row that is back is kept.
  var tracksDeletions: Bool { settings.deletes.apply || before.collected != nil }

  var deletesFilteredOut: Bool {
    settings.deletes.apply && settings.filter?.whenFilteredOut == .delete
  }

  /// Campaign would hide such a record, and no call could reach it again.
  var deletesParentless: Bool {
    settings.deletes.apply && settings.parents.contains(where: \.isRequired)
  }

  /// What some rows, as they are now, say about deletions.
  ///
  /// - Parameter isScan: see `Reading`.
  func verdicts(
    on rows: [RecordOutcome], known: [RowKey: KnownRow], isScan: Bool
  ) -> WrittenRows {
    var seen: [RowKey] = []
    var filtered: [RowKey] = []
    var parentless: [RowKey] = []
    for row in rows {
      switch row {
      case .mapped(let row): seen.append(row.key)
      case .rejected(let rejection): if let key = RowKey(rejection.key) { seen.append(key) }
      case .filteredOut(let key): filtered.append(key)
      case .parentless(let key): parentless.append(key)
      }
    }
    return verdicts(
      onSeen: seen, filtered: filtered, parentless: parentless, known: known, isScan: isScan)
  }

  /// - Parameters:
  ///   - seen: rows that are there, mapped or not.
  ///   - filtered: rows that the filter keeps out.
  ///   - parentless: rows without a parent that they need.
  func verdicts(
    onSeen seen: [RowKey], filtered: [RowKey], parentless: [RowKey], known: [RowKey: KnownRow],
    isScan: Bool
  ) -> WrittenRows {
    var done = WrittenRows()
    var seen = seen
    var leaving: [RowKey] = []
    for (keys, deletes) in [(filtered, deletesFilteredOut), (parentless, deletesParentless)] {
      done.tally.filteredOut += keys.count
      done.entries += keys.map { .settled($0.description) }
      if deletes { leaving += keys.filter { known[$0] != nil } } else { seen += keys }
    }
    if tracksDeletions, !seen.isEmpty {
      done.entries.append(isScan ? .deletionsDropped(seen) : .rowsSeen(seen))
    }
    if !leaving.isEmpty {
      done.entries.append(.filteredOutWait(leaving))
      done.hasCollected = true
    }
    return done
  }

  /// Rows of a chain that came with their keys: such as came without one before are among them.
  func settledKeyless(_ rejections: [Rejection], of count: Int) -> [LedgerEntry] {
    let isClean = count > 0 && !rejections.contains { $0.rule == Rejection.keyless }
    return isClean ? [.keylessSettled] : []
  }

  /// Rows that Dynamics has no more.
  func removed(_ keys: [RowKey]) -> WrittenRows {
    var done = WrittenRows()
    done.tally.removed = keys.count
    done.hasCollected = settings.deletes.apply
    done.entries =
      settings.deletes.apply
      ? [.deletionsWait(keys)] : keys.map { .settled($0.description) }
    return done
  }
}
