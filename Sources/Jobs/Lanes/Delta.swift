import Core

extension IngressJob {
  /// What changed since the token -> Campaign, record by record. A safe point is a slice of a page
  /// for the ledger, and a page for the position.
  func delta(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "delta") { [self] emit throws(SyncError) in
      guard let token = state.delta.token else { throw .noToken(name) }
      try await retryPending(emit)
      var slot = state.delta
      if slot.link == nil { slot.began = ports.clock.now }
      do throws(SyncError) {
        try await follow(ports.source.changes(query, from: slot.link ?? token.link), &slot, emit)
      } catch {
        guard error.isLinkRefused else { throw error }
        // The chain cannot be continued: it begins again at the token, which changes nothing.
        try await emit(
          Advance(now: true) { state in
            state.delta.link = nil
            state.delta.began = nil
          })
      }
    }
  }

  /// `initial: { via: api }`: the rows of the scan go to Campaign at once, by API.
  func copy(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "copy") { [self] emit throws(SyncError) in
      var slot = state.delta
      if slot.link == nil {
        slot.began = ports.clock.now
        try await emit(Advance(now: true) { [slot] in $0.delta = slot })
      }
      do throws(SyncError) {
        try await follow(ports.source.scan(query, from: slot.link), &slot, emit)
      } catch {
        guard error.isLinkRefused else { throw error }
        try await emit(Advance(now: true) { $0.delta = DeltaSlot() })
      }
    }
  }

  /// One record, whatever the ledger says of it.
  func only(_ key: RowKey) -> Lane<IngressState> {
    Lane(name: "only") { [self] emit throws(SyncError) in
      guard let page = try await ports.source.row(query, key: key), page.rows == 1 else {
        throw .noSuchRow(name, key)
      }
      let written = try await write([plan.record(page, row: 0)], trusting: false)
      var tally = written.tally
      tally.read = 1
      try await emit(
        Advance(tally: tally, settle: Settlement(entries: written.entries), now: true) {
          $0.delta.singles += 1
        })
    }
  }

  private func follow(
    _ pages: PageStream, _ slot: inout DeltaSlot, _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    for try await page in pages {
      try await write(page, emit)
      slot.link = page.next
      if page.next == nil {
        guard let link = page.delta, let began = slot.began else { throw .noDeltaLink(name) }
        slot.token = DeltaToken(link: link, taken: began, days: tokenDays)
        slot.began = nil
      }
      let isLast = page.next == nil
      let finished = ports.clock.now
      try await emit(
        Advance { [slot] state in
          let rounds = state.delta.rounds
          state.delta = slot
          guard isLast else { return }
          state.delta.lastRound = finished
          state.delta.rounds = state.phase == .loaded ? rounds + 1 : rounds
          state.phase = .loaded
        })
    }
  }

  /// Writes the rows of a page, slice by slice; each slice is recorded as soon as it is accepted.
  private func write(
    _ page: Page, _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    let size = 200
    for start in stride(from: 0, to: page.rows, by: size) {
      let rows = (start..<min(start + size, page.rows)).map { plan.record(page, row: $0) }
      var tally = Tally()
      tally.read = rows.count
      let written = try await write(rows)
      tally += written.tally
      try await emit(Advance(tally: tally, settle: Settlement(entries: written.entries)))
    }
    let gone = page.removed.map { LedgerEntry.settled($0.description) }
    if !gone.isEmpty { try await emit(Advance(settle: Settlement(entries: gone))) }
  }

  /// Writes some rows, several at once.
  ///
  /// - Parameter trusting: false looks up what the ledger says is proven.
  func write(
    _ rows: [RecordOutcome], trusting: Bool = true
  ) async throws(SyncError) -> WrittenRows {
    var done = WrittenRows()
    var wanted: [MappedRow] = []
    for row in rows {
      switch row {
      case .mapped(let row):
        done.tally.mapped += 1
        done.tally.cut += row.cuts
        wanted.append(row)
      case .rejected(let rejection): done.add(rejection)
      }
    }
    let known = trusting ? try await ports.ledger.known(wanted.map(\.key)) : [:]
    let writer = RecordWriter(
      store: ports.store, fields: plan.fieldNames, digest: ports.digest)
    done.add(try await writer.write(wanted, known: known, atOnce: ports.writes))
    return done
  }
}

extension SyncError {
  static func noSuchRow(_ job: String, _ key: RowKey) -> SyncError {
    SyncError(
      .rejectedData, "bring one record of \(job)", "Dynamics has no row with the id \(key)",
      next: "check the id; a deleted row is no error of the job")
  }

  static func noToken(_ job: String) -> SyncError {
    SyncError(
      .storage, "follow the changes of \(job)", "the checkpoint holds no delta token",
      next: "campaign-sync checkpoint show \(job)")
  }

  static func noDeltaLink(_ job: String) -> SyncError {
    SyncError(
      .protocolBroken, "follow the changes of \(job)",
      "the last page came without a delta link; nothing was skipped",
      next: "run again; if it stays, `campaign-sync check \(job)`")
  }
}
