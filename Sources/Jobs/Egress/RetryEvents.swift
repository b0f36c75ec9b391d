import Core

extension EgressJob {
  /// Events that were rejected or whose contact was missing, decided about afresh.
  ///
  /// An event that still waits for its contact costs no more than the question whether it is there.
  ///
  /// - Returns: log ids of the rows that are pending because they are broken: nobody can try those.
  func retryPending(
    _ emit: @escaping Emit<EgressState>
  ) async throws(SyncError) -> Set<String> {
    var broken: Set<String> = []
    var last: String?
    while true {
      let records = try await ports.ledger.pending(after: last, limit: ports.page)
      guard let final = records.last else { return broken }
      last = final.rejection.key
      broken.formUnion(
        records.map(\.rejection).filter { $0.rule == Rejection.rowBroken }.map(\.key))
      try await retry(records, emit)
      try ports.patience.checkStop()
    }
  }

  private func retry(
    _ records: [PendingRecord], _ emit: Emit<EgressState>
  ) async throws(SyncError) {
    var contacts = ContactBook()
    let kept = records.compactMap(\.rejection.parent?.key)
    let missing = try await contacts.missing(among: kept, in: ports.activities)
    var slice = EventSlice(end: 0)
    for record in records {
      guard record.rejection.rule != Rejection.rowBroken, let line = record.rejection.line,
        let row = EventRow(line: line)
      else { continue }
      if let contact = record.rejection.parent?.key, missing.contains(contact) { continue }
      slice.rows.append(row)
    }
    if slice.rows.isEmpty { return }
    var ready = try await prepare(slice, underWay: [], &contacts)
    ready.tally.retried = slice.rows.count
    let sent = await ready.send(to: ports.activities, place: 0)
    if let failure = sent.failure { throw failure }
    var (tally, entries) = (ready.tally, ready.entries)
    note(sent, &tally, &entries)
    // What is still pending was said again above; all the rest has gone through, or never will.
    let still = Set(
      entries.compactMap { if case .pending(let rejection) = $0 { rejection.key } else { nil } })
    let settled = slice.rows.map { Rejection.event($0, "", "").key }.filter { !still.contains($0) }
    entries += Set(settled).sorted().map(LedgerEntry.settled)
    (tally.read, tally.rejected) = (0, 0)
    try await emit(Advance(tally: tally, settle: Settlement(entries: entries), now: true))
  }
}
