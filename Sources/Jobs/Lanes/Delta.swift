import Core

extension IngressJob {
  /// What changed since the token -> Campaign, record by record.
  ///
  /// A safe point is a slice of a page for the ledger, and a page for the position.
  func delta(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "delta") { [self] emit throws(SyncError) in
      guard let token = state.delta.token else { throw .noToken(name) }
      try await followDepartures(state, emit)
      let hasCollected = try await retryPending(emit)
      let query = try await query(of: state)
      var slot = state.delta
      if hasCollected { slot.collected = slot.collected ?? ports.clock.now }
      if slot.link == nil { slot.began = ports.clock.now }
      do throws(SyncError) {
        let pages = ports.source.changes(query, from: slot.link ?? token.link)
        try await follow(pages, of: query, &slot, emit)
      } catch {
        guard error.isTokenExpired || error.isLinkRefused else { throw error }
        if state.delta.link == nil { return try await beginRecovery(state, after: error, emit) }
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
      try ports.requireParents(.loaded)
      let target = try await target()
      let query = target.query
      var slot = state.delta
      if slot.link == nil {
        slot.began = ports.clock.now
        let scan = try await ports.ledger.lastScan() + 1
        let settle = Settlement(entries: [.chainBegan, .scanBegan(scan)])
        try await emit(
          Advance(settle: settle, now: true) { [slot] in
            $0.delta = slot
            $0.query = query
            $0.scans = scan
            $0.labels = target.labels
          })
      }
      do throws(SyncError) {
        let pages = ports.source.scan(query, from: slot.link)
        let reading = state.absence == nil ? Reading.load : .reload
        try await follow(pages, of: query, &slot, as: reading, emit)
      } catch {
        guard error.isLinkRefused else { throw error }
        try await emit(
          Advance(now: true) { [collected = slot.collected] in
            $0.delta = DeltaSlot()
            $0.delta.collected = collected
          })
      }
    }
  }

  /// One record, whatever the ledger says of it.
  func only(_ key: RowKey) -> Lane<IngressState> {
    Lane(name: "only") { [self] emit throws(SyncError) in
      let target = try await target()
      guard let page = try await ports.source.row(target.query, key: key), page.rows == 1 else {
        throw .noSuchRow(name, key)
      }
      let written = try await write(
        [target.plan.record(page, row: 0)], of: target, as: .single, emit)
      var tally = written.tally
      tally.read = 1
      let now = ports.clock.now
      try await emit(
        Advance(tally: tally, settle: Settlement(entries: written.entries), now: true) {
          $0.delta.singles += 1
          if written.hasCollected { $0.delta.collected = $0.delta.collected ?? now }
        })
      if let failure = written.failure { throw failure }
    }
  }

  /// What is read: as the load began, so that a link and its columns belong together.
  func query(of state: IngressState) async throws(SyncError) -> TableQuery {
    if let query = state.query { return query }
    return try await target().query
  }

  private func follow(
    _ pages: PageStream, of query: TableQuery, _ slot: inout DeltaSlot,
    as reading: Reading = .changes, _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    var isNew = slot.link == nil && tracksDeletions && !reading.isScan
    for try await page in pages {
      if isNew, page.rows > 0 || !page.removed.isEmpty {
        isNew = false
        try await emit(Advance(settle: Settlement(entries: [.chainBegan])))
      }
      if try await write(page, of: query, as: reading, emit) {
        slot.collected = slot.collected ?? ports.clock.now
      }
      slot.link = page.next
      if page.next == nil {
        guard let link = page.delta, let began = slot.began else { throw .noDeltaLink(name) }
        slot.token = DeltaToken(link: link, taken: began, days: try await tokenDays(slot))
        slot.began = nil
      }
      let isLast = page.next == nil
      let finished = ports.clock.now
      let settle = Settlement(entries: reading == .reload ? [.scanned(page.keys)] : [])
      try await emit(
        Advance(settle: settle) { [slot] state in
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
  ///
  /// - Returns: whether it made deletions wait.
  private func write(
    _ page: Page, of query: TableQuery, as reading: Reading,
    _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) -> Bool {
    var hasCollected = false
    if page.rows > 0 {
      let target = try await target()
      guard target.query.columns == query.columns else { throw .schemaDrift(name) }
      hasCollected = try await writeRows(
        page, of: target, as: reading, emit)
    }
    if page.removed.isEmpty { return hasCollected }
    let gone = removed(page.removed)
    try await emit(Advance(tally: gone.tally, settle: Settlement(entries: gone.entries)))
    return hasCollected || gone.hasCollected
  }

  /// - Returns: whether it made deletions wait.
  func writeRows(
    _ page: Page, of target: IngressTarget, as reading: Reading,
    _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) -> Bool {
    let size = 200
    var hasCollected = false
    for start in stride(from: 0, to: page.rows, by: size) {
      let rows = (start..<min(start + size, page.rows)).map { target.plan.record(page, row: $0) }
      var tally = Tally()
      tally.read = rows.count
      let written = try await write(
        rows, of: target, as: reading, emit)
      tally += written.tally
      let rejections = rows.compactMap(\.rejection)
      let entries = settledKeyless(rejections, of: rows.count) + written.entries
      try await emit(Advance(tally: tally, settle: Settlement(entries: entries)))
      if let failure = written.failure { throw failure }
      hasCollected = hasCollected || written.hasCollected
    }
    return hasCollected
  }

  /// The service's answer as far as it was asked; a lean delta keeps what the load learned.
  func tokenDays(_ slot: DeltaSlot) async throws(SyncError) -> Int? {
    if let token = slot.token { return token.days }
    return try await target().tokenDays
  }

  /// Writes some rows, several at once.
  func write(
    _ rows: [RecordOutcome], of target: IngressTarget, as reading: Reading,
    _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) -> WrittenRows {
    var done = WrittenRows()
    var mapped: [MappedRow] = []
    var filteredOut: [RowKey] = []
    for row in rows {
      switch row {
      case .mapped(let row):
        done.tally.mapped += 1
        done.tally.cut += row.cuts
        mapped.append(row)
      case .rejected(let rejection): done.add(rejection)
      case .filteredOut(let key), .parentless(let key): filteredOut.append(key)
      }
    }
    let known = try await ports.ledger.known(mapped.map(\.key) + filteredOut)
    done.add(verdicts(on: rows, known: known, isScan: reading.isScan))
    let trusted = reading.trusts ? known : [:]
    let (wanted, held) = try await holdBack(mapped, of: target, known: trusted)
    done.add(held)
    try await doubt(wanted, known, emit)
    let writer = RecordWriter(
      store: target.store, fields: target.plan.fieldNames, hasParents: target.plan.hasParents,
      written: Set(known.keys), includingCreateOnly: reading.includesCreateOnly,
      mayOptIn: reading.mayOptIn,
      digest: ports.digest)
    done.add(await writer.write(wanted, known: trusted, atOnce: ports.writes))
    return done
  }

  /// What is about to be changed is no longer proven.
  ///
  /// Otherwise a row that is changed, and changed back while the answer to the first write is lost,
  /// would look as if nothing had to be done. Where a row that leaves the filter is deleted if it is
  /// known, a row is known from before its create.
  private func doubt(
    _ rows: [MappedRow], _ known: [RowKey: KnownRow], _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    let doubted = rows.filter { row in
      switch known[row.key] {
      case .proven(let print): return print != ports.digest(row.canonicalBytes)
      case .sent: return false
      case nil: return deletesFilteredOut || deletesParentless
      }
    }
    if doubted.isEmpty { return }
    let entries = doubted.map { LedgerEntry.sent($0.key) }
    try await emit(Advance(settle: Settlement(entries: entries), now: true))
  }
}

/// How rows come: what is written of them, and what they say of others.
enum Reading: Sendable {
  /// By what changed.
  case changes
  /// By the scan of a first load.
  case load
  /// By the scan of a load that is made again: what the ledger says is proven was proven of fewer
  /// fields.
  case reload
  /// By the scan of a recovery.
  case recovery
  /// Because somebody asked for this one.
  case single
  /// Because it was pending: as it is now, whatever changed.
  case retry

  /// Also fields with `applyUpdates: false` are written.
  var includesCreateOnly: Bool { self == .load || self == .reload }
  /// Only a change that was observed lets a person in again.
  var mayOptIn: Bool { self == .changes }
  /// A scan has each row once, and says nothing of removed ones.
  var isScan: Bool { [.load, .reload, .recovery].contains(self) }
  /// What the ledger says is proven needs no look-up.
  var trusts: Bool { self != .reload && self != .single }
}

extension SyncError {
  static func noSuchRow(_ job: String, _ key: RowKey) -> SyncError {
    SyncError(
      .rejectedData, "bring one record of \(job)", "Dynamics has no row with the id \(key)",
      next: "check the id; a deleted row is no error of the job")
  }

  static func tokenRefusedAtOnce(_ job: String, code: String? = nil) -> SyncError {
    SyncError(
      .protocolBroken, "follow the changes of \(job)",
      "Dynamics does not take the delta token that it gave in this very run",
      code: code,
      next: "campaign-sync run \(job) reads the table again; if it stays, "
        + "campaign-sync check \(job)")
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
