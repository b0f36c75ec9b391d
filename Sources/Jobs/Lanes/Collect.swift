import Core

extension IngressJob {
  /// `delta: { via: file }`: what changed since the token -> CSV parts of a run of its own.
  ///
  /// A safe point is the end of a page.
  ///
  /// - Shape: rows go into parts, deletions wait in the ledger until the parts are proven to be
  ///   imported. A chain without rows stages nothing. What was pending goes before, by API.
  func collect(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "collect") { [self] emit throws(SyncError) in
      guard let token = state.delta.token else { throw .noToken(name) }
      let query = try await query(of: state)
      var chain = FileChain(state)
      if chain.isNew {
        try await followDepartures(state, emit)
        if try await retryPending(emit) {
          chain.delta.collected = chain.delta.collected ?? ports.clock.now
        }
        chain.slot.began = ports.clock.now
        chain.export.began = ports.clock.now
        chain.export.dialect = settings.csv.dialectText
      }
      do throws(SyncError) {
        let pages = ports.source.changes(query, from: chain.slot.link ?? token.link)
        try await follow(pages, of: query, &chain, emit)
      } catch {
        guard error.isTokenExpired || error.isLinkRefused else { throw error }
        if state.collect?.link == nil { return try await beginRecovery(state, after: error, emit) }
        // The chain cannot be continued: it begins again at the token, and so do its parts.
        try await emit(
          Advance(now: true) {
            $0.collect = CollectSlot()
            $0.export = ExportSlot()
          })
      }
    }
  }

  private func follow(
    _ pages: PageStream, of query: TableQuery, _ chain: inout FileChain,
    _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    var rows = RowBuffer()  // reused: memory does not grow
    var isUnmarked = chain.isNew && tracksDeletions
    for try await page in pages {
      if isUnmarked, page.rows > 0 || !page.removed.isEmpty {
        isUnmarked = false
        try await emit(Advance(settle: Settlement(entries: [.chainBegan])))
      }
      var done = WrittenRows()
      var parts: [Int] = []
      if page.rows > 0 {
        try await turn(&chain, emit)
        done = try await append(page, of: query, through: &rows, to: &chain, &parts)
      }
      if !page.removed.isEmpty { done.add(removed(page.removed)) }
      if done.hasCollected { chain.delta.collected = chain.delta.collected ?? ports.clock.now }
      chain.slot.link = page.next
      if page.next == nil {
        try await end(&chain, token: page.delta)
        let hasSaid = chain.isAgain || page.rows > 0 || !page.removed.isEmpty
        if chain.export.rows == 0, hasSaid { done.entries.append(.stagedArrived) }
      }
      try await emit(
        Advance(
          tally: done.tally,
          settle: Settlement(run: chain.run, parts: parts, entries: done.entries)
        ) { [chain] in chain.put(into: &$0) })
    }
  }

  /// Begins the next part where the one in hand is full; that one is closed once its rows are committed.
  private func turn(
    _ chain: inout FileChain, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    guard let full = chain.export.scanned.turn(at: settings.csv.partSize, step: 1) else { return }
    try await emit(Advance(now: true))
    try await ports.spool(chain.run).close(full.number)
  }

  /// Appends the rows of a page, and says what they mean for deletions.
  ///
  /// - Parameter parts: those that have to be flushed.
  private func append(
    _ page: Page, of query: TableQuery, through rows: inout RowBuffer, to chain: inout FileChain,
    _ parts: inout [Int]
  ) async throws(SyncError) -> WrittenRows {
    let target = try await target()
    guard target.query.columns == query.columns else { throw .schemaDrift(name) }
    let appended = try await append(
      page, by: target.plan, asking: target, through: &rows, to: &chain.export.part,
      in: try ports.spool(chain.run))
    let written = appended.page
    chain.export.pages += 1
    chain.export.rows += written.keys.count
    parts = [chain.export.part.number]
    let known = try await ports.ledger.known(
      written.keys + written.filtered + written.parentless)
    let rejected = written.rejections.compactMap { RowKey($0.key) }
    var done = verdicts(
      onSeen: written.keys + rejected + written.held, filtered: written.filtered,
      parentless: written.parentless, known: known, isScan: false)
    done.tally = written.tally
    done.entries.append(.staged(written.keys.filter { known[$0] == nil }))
    done.entries += settledKeyless(written.rejections, of: page.rows) + appended.entries
    return done
  }

  /// The chain is over: its token is where the next one begins.
  private func end(_ chain: inout FileChain, token: String?) async throws(SyncError) {
    guard let token, let began = chain.slot.began else { throw .noDeltaLink(name) }
    let days = try await tokenDays(chain.delta)
    chain.delta.token = DeltaToken(link: token, taken: began, days: days)
    chain.delta.lastRound = ports.clock.now
    chain.delta.rounds += 1
    chain.isOver = true
  }
}

/// A chain by file, as its lane follows it.
private struct FileChain: Sendable {
  let run: Int
  let isNew: Bool
  /// An earlier life may have told the ledger of rows that this one no longer has.
  let isAgain: Bool
  var slot: CollectSlot
  var export: ExportSlot
  var delta: DeltaSlot
  var isOver = false

  init(_ state: IngressState) {
    run = state.collect == nil ? state.run + 1 : state.run
    isAgain = state.collect != nil
    isNew = state.collect?.began == nil
    slot = isNew ? CollectSlot() : state.collect ?? CollectSlot()
    export = isNew ? ExportSlot() : state.export
    delta = state.delta
  }

  /// An empty chain of one page leaves no trace but the token's.
  func put(into state: inout IngressState) {
    state.delta = delta
    guard !isOver || export.rows > 0 else {
      state.collect = nil
      return
    }
    state.run = run
    state.collect = slot
    state.export = export
    state.stage = StageSlot()
    state.load = LoadSlot()
    if isOver { state.phase = .sealing }
  }
}
