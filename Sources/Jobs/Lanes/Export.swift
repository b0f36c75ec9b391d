import Core

extension IngressJob {
  /// Dynamics rows -> CSV parts in the spool, by one tracked scan with all columns (strict baseline).
  ///
  /// A safe point is the end of a page. Its last page carries the token from which the catch-up delta
  /// starts. Before the first page it is decided whether the table is so large that its keys are
  /// listed first, and its rows read by ranges.
  func export(_ state: IngressState, _ feed: PartFeed) -> Lane<IngressState> {
    Lane(name: "export") { [self] emit throws(SyncError) in
      try ports.requireParents(.exported)
      let target = try await target()
      var slot = state.export
      if slot.began == nil {
        slot = try await begin(state, target, emit)
        if slot.partition != nil { return }
      }
      do throws(SyncError) {
        try await exportPages(
          of: target, from: &slot, run: state.run, isReplay: state.absence != nil, feed, emit)
      } catch {
        guard error.isLinkRefused else { throw error }
        // The service no longer takes the link: the scan begins again, and so do the parts.
        try await emit(Advance(now: true) { $0.beginAgain() })
      }
    }
  }

  private func begin(
    _ state: IngressState, _ target: IngressTarget, _ emit: Emit<IngressState>
  ) async throws(SyncError) -> ExportSlot {
    var slot = ExportSlot()
    slot.strict = state.export.strict
    slot.began = ports.clock.now
    slot.dialect = settings.csv.dialectText
    if slot.strict == nil, try await ports.baseline.isLarge() { slot.partition = PartitionSlot() }
    let scan = try await ports.ledger.lastScan() + 1
    let settle = Settlement(entries: [.chainBegan, .scanBegan(scan)])
    try await emit(
      Advance(settle: settle, now: true) {
        [slot, query = target.query, labels = target.labels] in
        $0.export = slot
        $0.query = query
        $0.scans = scan
        $0.labels = labels
      })
    return slot
  }

  private func exportPages(
    of target: IngressTarget, from slot: inout ExportSlot, run: Int, isReplay: Bool,
    _ feed: PartFeed, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    var rows = RowBuffer()  // reused: memory does not grow
    var token: String?
    let spool = try ports.spool(run)
    for try await page in ports.source.scan(target.query, from: slot.link) {
      let isLast = page.next == nil
      if isLast, page.delta == nil { throw .noDeltaLink(name) }
      if let full = slot.scanned.turn(at: settings.csv.partSize, step: 1) {
        // On disk before anybody uploads it: a part that is up is never written again.
        try await emit(Advance(now: true) { [slot] in $0.export = slot })
        try await spool.close(full.number)
        await feed.put(full)
      }
      let written = try await append(
        page, by: target.plan, through: &rows, to: &slot.part, in: spool)
      slot.pages += 1
      slot.rows += written.page.keys.count
      slot.link = page.next
      token = page.delta
      let loaded = try await loaded(written, isReplay: isReplay)
      let settle = Settlement(run: run, parts: [slot.part.number], entries: loaded.entries)
      try await emit(
        Advance(tally: written.page.tally, settle: settle) { [slot, token] in
          $0.export = slot
          loaded.note(in: &$0)
          if isLast { $0.scanned(token, days: target.tokenDays) }
        })
    }
  }

  /// Maps the rows of a page and appends them to a part.
  ///
  /// - Parameter target: where Campaign is asked for parents that no ledger knows.
  /// - Returns: what became of the rows, and what the ledger has to know of those that are written,
  ///   rejected or held back.
  func append(
    _ page: Page, by plan: RowPlan, asking target: IngressTarget? = nil,
    through rows: inout RowBuffer, to part: inout PartMark, in spool: any Spool
  ) async throws(SyncError) -> AppendedPage {
    rows.removeAll()
    let held = try await heldBack(page, plan, asking: target)
    var written = plan.append(page, to: &rows, without: Set(held.parents.keys))
    written.tally.engineCalls = held.asks
    part = try await spool.append(rows.bytes, rowCount: written.keys.count, to: part)
    written.tally.bytes = rows.bytes.count
    var entries = [.sentAll(written.keys)] + written.rejections.map(LedgerEntry.pending)
    entries += links(page, plan, of: written.keys)
    entries += try await noLongerHeld(written.keys, plan)
    entries += written.held.compactMap { key in held.parents[key].map { .held(key, for: $0) } }
    return AppendedPage(page: written, entries: entries)
  }

  /// What a page of a load means for records that are pending, or known from an earlier load.
  func loaded(
    _ written: AppendedPage, isReplay: Bool
  ) async throws(SyncError) -> LoadedPage {
    var loaded = LoadedPage(entries: written.entries)
    let leftOut = written.page.filtered + written.page.parentless
    if !leftOut.isEmpty, try await ports.ledger.pendingCount() > 0 {
      loaded.entries += leftOut.map { .settled($0.description) }
    }
    if isReplay {
      let more = try await replayed(written.page)
      loaded.entries += more.entries
      if more.hasCollected { loaded.collected = ports.clock.now }
    }
    return loaded
  }
}

/// A page whose rows are in a part.
struct AppendedPage: Sendable {
  var page: WrittenPage
  var entries: [LedgerEntry]
}

/// The same, with all that a load makes of it.
struct LoadedPage: Sendable {
  var entries: [LedgerEntry]
  /// Since when deletions wait that this page made.
  var collected: Instant?

  func note(in state: inout IngressState) {
    state.delta.collected = state.delta.collected ?? collected
  }
}

extension IngressState {
  /// The table is read: its token is where the changes begin.
  mutating func scanned(_ link: String?, days: Int?) {
    guard let link, let began = export.began else { return }
    delta.token = DeltaToken(link: link, taken: began, days: days)
    phase = .sealing
  }
}
