import Core

extension IngressJob {
  /// One reader: range after range -> its own CSV parts in the spool.
  ///
  /// A safe point is a page; a range goes on behind its last row, which needs no link.
  ///
  /// - Shape: readers share the ranges at the desk, and nothing else. Full parts go to the feed.
  func readRanges(
    _ lane: Int, of state: IngressState, _ partition: PartitionSlot, _ desk: RangeDesk,
    _ feed: PartFeed
  ) -> Lane<IngressState> {
    Lane(name: "range \(lane)") { [self] emit throws(SyncError) in
      let target = try await target()
      let source = ports.baseline.readers[lane]
      let spool = try ports.spool(state.run)
      var reader = RangeReader(lane, of: state, partition)
      while let place = await desk.take() {
        var range = partition.ranges[place]
        let pages = source.rows(target.query, in: range.range, after: range.last)
        do throws(SyncError) {
          for try await page in pages {
            if await desk.isClosed { return }
            let keys = page.keys
            guard range.range.isInOrder(keys, after: range.last) else {
              return try await close(desk, .orderUnknown, emit)
            }
            range.last = keys.last ?? range.last
            try await reader.write(
              page, of: self, target, in: spool, feed, range: (range, place), emit)
          }
        } catch {
          guard error.isRangeRefused else { throw error }
          return try await close(desk, .rangesRefused, emit)
        }
        range.isDone = true
        try await emit(Advance { [range] in $0.export.partition?.ranges[place] = range })
      }
    }
  }

  /// The first reader that sees it ends the reading by ranges for all.
  private func close(
    _ desk: RangeDesk, _ reason: StrictReason, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    if await desk.close() { try await readStrictly(reason, emit) }
  }
}

/// What one reader has in hand.
struct RangeReader {
  let lane: Int
  /// From one of its part numbers to the next.
  let step: Int
  private(set) var slot: PartSlot
  let run: Int
  let isReplay: Bool
  private var rows = RowBuffer()  // reused: memory does not grow

  init(_ lane: Int, of state: IngressState, _ partition: PartitionSlot) {
    self.lane = lane
    step = partition.parts.count
    slot = partition.parts[lane]
    run = state.run
    isReplay = state.absence != nil
  }

  /// Writes the rows of a page to the part in hand, and says so.
  ///
  /// - Parameter range: how far it is read with this page, and its place; nil where it is of none.
  mutating func write(
    _ page: Page, of job: IngressJob, _ target: IngressTarget, in spool: any Spool,
    _ feed: PartFeed?, range: (slot: RangeSlot, place: Int)?, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    if let full = slot.turn(at: job.settings.csv.partSize, step: step) {
      // On disk before anybody uploads it: a part that is up is never written again.
      try await emit(
        Advance(now: true) { [lane, slot] in $0.export.partition?.parts[lane] = slot })
      try await spool.close(full.number)
      await feed?.put(full)
    }
    let written = try await job.append(
      page, by: target.plan, through: &rows, to: &slot.part, in: spool)
    var loaded = try await job.loaded(written, isReplay: isReplay)
    // Every listed row is accounted for; those in a part by what the ledger knows of them.
    let inPart = Set(written.page.keys)
    loaded.entries.append(.crossedOff(page.keys.filter { !inPart.contains($0) }))
    let settle = Settlement(run: run, parts: [slot.part.number], entries: loaded.entries)
    try await emit(
      Advance(tally: written.page.tally, settle: settle) { [lane, slot, loaded] state in
        guard state.export.partition != nil else { return }
        state.export.pages += 1
        state.export.partition?.rows += inPart.count
        state.export.partition?.parts[lane] = slot
        if let range { state.export.partition?.ranges[range.place] = range.slot }
        loaded.note(in: &state)
      })
  }
}
