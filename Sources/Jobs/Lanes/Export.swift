import Core

extension IngressJob {
  /// Dynamics rows -> CSV parts in the spool.
  ///
  /// A safe point is the end of a page.
  ///
  /// - Shape: one tracked scan with all columns (strict baseline); its last page carries the token
  ///   from which the catch-up delta starts.
  func export(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "export") { [self] emit throws(SyncError) in
      try ports.requireParents(.exported)
      let target = try await target()
      var slot = state.export
      let spool = try ports.spool(state.run)
      if slot.began == nil {
        slot = ExportSlot()
        slot.began = ports.clock.now
        slot.dialect = settings.csv.dialectText
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
      }
      do throws(SyncError) {
        let isReplay = state.absence != nil
        try await exportPages(
          of: target, from: &slot, run: state.run, isReplay: isReplay, into: spool, emit)
      } catch {
        guard error.isLinkRefused else { throw error }
        // The service no longer takes the link: the scan begins again, and so do the parts.
        try await emit(Advance(now: true) { $0.export = ExportSlot() })
      }
    }
  }

  private func exportPages(
    of target: IngressTarget, from slot: inout ExportSlot, run: Int, isReplay: Bool,
    into spool: any Spool, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    var rows = RowBuffer()  // reused: memory does not grow
    var token: String?
    for try await page in ports.source.scan(target.query, from: slot.link) {
      let isLast = page.next == nil
      if isLast, page.delta == nil { throw .noDeltaLink(name) }
      let (mapped, facts) = try await append(
        page, by: target.plan, through: &rows, to: &slot, in: spool)
      slot.link = page.next
      token = page.delta
      var entries = facts
      let leftOut = mapped.filtered + mapped.parentless
      if !leftOut.isEmpty, try await ports.ledger.pendingCount() > 0 {
        entries += leftOut.map { .settled($0.description) }
      }
      var collected: Instant?
      if isReplay {
        let more = try await replayed(mapped)
        entries += more.entries
        if more.hasCollected { collected = ports.clock.now }
      }
      let settle = Settlement(run: run, parts: [slot.part.number], entries: entries)
      try await emit(
        Advance(tally: mapped.tally, settle: settle) { [slot, token, collected] in
          $0.export = slot
          $0.delta.collected = $0.delta.collected ?? collected
          if isLast { $0.scanned(token, days: target.tokenDays) }
        })
    }
  }

  /// Maps the rows of a page and appends them to the part in hand, or to the next one.
  ///
  /// - Returns: what became of the rows, and what the ledger has to know of those that are written,
  ///   rejected or held back.
  func append(
    _ page: Page, by plan: RowPlan, through rows: inout RowBuffer, to slot: inout ExportSlot,
    in spool: any Spool
  ) async throws(SyncError) -> (written: WrittenPage, entries: [LedgerEntry]) {
    if slot.part.size >= UInt64(settings.csv.partSize) {
      slot.full.append(slot.part)
      slot.part = PartMark(number: slot.part.number + 1)
    }
    rows.removeAll()
    let held = try await heldBack(page, plan)
    var written = plan.append(page, to: &rows, without: Set(held.keys))
    slot.part = try await spool.append(rows.bytes, rowCount: written.keys.count, to: slot.part)
    slot.pages += 1
    slot.rows += written.keys.count
    written.tally.bytes = rows.bytes.count
    var entries = [.sentAll(written.keys)] + written.rejections.map(LedgerEntry.pending)
    entries += links(page, plan, of: written.keys)
    entries += written.held.compactMap { key in held[key].map { .held(key, for: $0) } }
    return (written, entries)
  }
}

extension IngressState {
  /// The scan is over: its token is where the changes begin.
  fileprivate mutating func scanned(_ link: String?, days: Int?) {
    guard let link, let began = export.began else { return }
    delta.token = DeltaToken(link: link, taken: began, days: days)
    phase = .sealing
  }
}
