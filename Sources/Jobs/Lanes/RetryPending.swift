import Core

extension IngressJob {
  /// `pending --retry`: nothing but that.
  func retry() -> Lane<IngressState> {
    Lane(name: "retry") { [self] emit throws(SyncError) in
      try await retryPending(emit)
      try await emit(Advance(now: true) { $0.delta.singles += 1 })
    }
  }

  /// What was held back or rejected is read afresh and written before the changes.
  func retryPending(_ emit: @escaping Emit<IngressState>) async throws(SyncError) {
    var last: String?
    while true {
      let waiting = try await ports.ledger.pending(after: last, limit: 200)
      guard let final = waiting.last else { return }
      let target = try await target()
      last = final.rejection.key
      var rows: [RecordOutcome] = []
      var gone: [LedgerEntry] = []
      for record in waiting where record.rejection.what == .row {
        guard let key = RowKey(record.rejection.key) else { continue }
        guard let page = try await ports.source.row(target.query, key: key), page.rows == 1 else {
          gone.append(.settled(record.rejection.key))
          continue
        }
        rows.append(target.plan.record(page, row: 0))
      }
      var written = try await write(rows, of: target, emit)
      written.tally.retried = rows.count
      written.tally.rejected = 0
      try await emit(
        Advance(tally: written.tally, settle: Settlement(entries: gone + written.entries)))
      if let failure = written.failure { throw failure }
    }
  }
}
