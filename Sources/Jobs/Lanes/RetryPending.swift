import Core

extension IngressJob {
  /// `pending --retry`: nothing but that.
  func retry() -> Lane<IngressState> {
    Lane(name: "retry") { [self] emit throws(SyncError) in
      _ = try await retryPending(emit)
      try await emit(Advance(now: true) { $0.delta.singles += 1 })
    }
  }

  /// What was held back or rejected is read afresh and written before the changes.
  ///
  /// - Returns: whether it made deletions wait.
  func retryPending(_ emit: @escaping Emit<IngressState>) async throws(SyncError) -> Bool {
    var last: String?
    var hasCollected = false
    var asks = 1000
    while true {
      let waiting = try await ports.ledger.pending(after: last, limit: 200)
      guard let final = waiting.last else { return hasCollected }
      last = final.rejection.key
      let (ready, others) = try await worthATry(waiting, &asks)
      if !others.entries.isEmpty {
        try await emit(
          Advance(tally: others.tally, settle: Settlement(entries: others.entries)))
      }
      if ready.isEmpty { continue }
      let target = try await target()
      let (rows, gone) = try await readAfresh(ready, of: target)
      var written = try await write(rows, of: target, as: .retry, emit)
      written.tally.retried = rows.count
      written.tally.rejected = 0
      written.add(gone)
      hasCollected = hasCollected || written.hasCollected
      let (collects, now) = (written.hasCollected, ports.clock.now)
      try await emit(
        Advance(tally: written.tally, settle: Settlement(entries: written.entries)) { state in
          if collects { state.delta.collected = state.delta.collected ?? now }
        })
      if let failure = written.failure { throw failure }
    }
  }

  /// The rows of pending records as they are now, and what becomes of those that are gone.
  ///
  /// A deletion that was refused waits again, unless the row is back.
  private func readAfresh(
    _ waiting: [PendingRecord], of target: IngressTarget
  ) async throws(SyncError) -> (rows: [RecordOutcome], gone: WrittenRows) {
    var rows: [RecordOutcome] = []
    var gone = WrittenRows()
    var read: Set<RowKey> = []
    for rejection in waiting.map(\.rejection) where [.row, .delete].contains(rejection.what) {
      guard let key = RowKey(rejection.key), read.insert(key).inserted else { continue }
      if let page = try await ports.source.row(target.query, key: key), page.rows == 1 {
        rows.append(target.plan.record(page, row: 0))
      } else if rejection.what == .delete, settings.deletes.apply {
        gone.entries.append(.deletionsWait([key]))
        gone.hasCollected = true
      } else {
        gone.entries.append(.settled(rejection.key))
      }
    }
    return (rows, gone)
  }
}

extension PendingRecord {
  /// Whether its next try has come: twice as long after each.
  func isRipe(at now: Instant) -> Bool {
    now - first >= .seconds(900 << min(max(attempts - 1, 0), 24))
  }
}
