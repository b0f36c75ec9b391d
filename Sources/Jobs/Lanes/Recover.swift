import Core

extension IngressJob {
  /// Every row of the table -> Campaign, where the ledger does not prove it equal.
  ///
  /// What is known and not among them is looked for afterwards. A safe point is a slice of a page for
  /// the ledger, and a page for the position.
  func recover(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "recover") { [self] emit throws(SyncError) in
      guard var slot = state.recovery else { return }
      let target = try await target()
      let scan = try await ports.ledger.lastScan()
      var query = target.query
      if slot.link != nil, let standing = state.query, standing.columns == query.columns,
        state.scans == scan
      {
        query = standing
      } else {
        slot.link = nil
        slot.rows = 0
        slot.began = ports.clock.now
        let settle = Settlement(entries: [.chainBegan, .scanBegan(scan + 1)])
        try await emit(
          Advance(settle: settle, now: true) { [slot, query] in
            $0.recovery = slot
            $0.query = query
            $0.scans = scan + 1
          })
      }
      do throws(SyncError) {
        try await recoverPages(of: target, query, &slot, emit)
      } catch {
        guard error.isLinkRefused else { throw error }
        // The service no longer takes the link: the scan begins again, which changes nothing.
        try await emit(Advance(now: true) { $0.recovery?.link = nil })
      }
    }
  }

  private func recoverPages(
    of target: IngressTarget, _ query: TableQuery, _ slot: inout RecoverySlot,
    _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    for try await page in ports.source.scan(query, from: slot.link) {
      var token: DeltaToken?
      if page.next == nil {
        guard let link = page.delta, let began = slot.began else { throw .noDeltaLink(name) }
        token = DeltaToken(link: link, taken: began, days: target.tokenDays)
      }
      let collects = try await writeRows(page, of: target, as: .recovery, emit)
      slot.link = page.next
      slot.rows += page.rows
      let now = ports.clock.now
      // Parts that were never staged hold nothing that this scan has not written.
      let facts = [LedgerEntry.scanned(page.keys)] + (token == nil ? [] : [.stagedArrived])
      try await emit(
        Advance(settle: Settlement(entries: facts)) { [slot, token] state in
          state.recovery = slot
          if collects { state.delta.collected = state.delta.collected ?? now }
          if let token { state.recovered(with: token) }
        })
    }
  }

  /// The token tells nothing any more: routine, and the same run goes on.
  ///
  /// - Errors: `protocolBroken` where the token is as young as this run.
  func beginRecovery(
    _ state: IngressState, after error: SyncError, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    if state.delta.token != before.token, state.delta.rounds == before.rounds {
      throw .tokenRefusedAtOnce(name, code: error.code)
    }
    let reason = error.isTokenExpired ? RecoverySlot.Reason.tokenExpired : .tokenRefused
    try await emit(
      Advance(now: true) { state in
        state.delta.link = nil
        state.delta.began = nil
        state.collect = nil
        // A ledger that was lost stays the reason; there is nothing to be followed any more.
        state.recovery = RecoverySlot(state.recovery?.reason ?? reason)
      })
  }
}

extension IngressState {
  /// The scan is over: the changes after it are in its token, what it did not have is absent.
  fileprivate mutating func recovered(with token: DeltaToken) {
    recovery = nil
    absence = AbsenceSlot()
    delta.token = token
    delta.link = nil
    delta.began = nil
  }
}

extension Page {
  /// The keys of its rows, where they are keys.
  var keys: [RowKey] { (0..<rows).compactMap { RowKey(bytes(of: self[$0, 0])) } }
}
