import Core

extension IngressJob {
  /// Tries once what reading by ranges relies on, and cuts the table into ranges of one size.
  ///
  /// - Shape: the token must be good for the columns of the rows, which is outside of what Dynamics
  ///   promises; ranges must be taken, and their rows come in the order that is known here. What is
  ///   refused makes the load strict: one scan, row after row.
  func probe(_ state: IngressState, _ partition: PartitionSlot) -> Lane<IngressState> {
    Lane(name: "probe") { [self] emit throws(SyncError) in
      let target = try await target()
      var slot = partition
      if slot.keys <= ports.baseline.threshold {
        return try await readStrictly(.small, emit)
      }
      do throws(SyncError) {
        guard try await canFollow(slot, with: target.query) else {
          return try await readStrictly(.selectRefused, emit)
        }
      } catch {
        guard error.isTokenExpired else { throw error }
        return try await emit(Advance(now: true) { $0.export.partition = PartitionSlot() })
      }
      let boundaries = try await ports.ledger.boundaries(of: pieces(of: slot, target.query))
      let ranges = KeyRange.split(at: boundaries)
      // The second one: it has two ends, where there is any.
      if let refusal = try await refusal(of: ranges[min(1, ranges.count - 1)], target.query) {
        return try await readStrictly(refusal, emit)
      }
      slot.ranges = ranges.map { RangeSlot($0) }
      let readers = min(max(ports.baseline.readers.count, 1), ranges.count)
      slot.parts = (1...readers).map { PartSlot(PartMark(number: $0)) }
      slot.step = .reading
      try await emit(Advance(now: true) { [slot] in $0.export.partition = slot })
    }
  }

  /// Says so, and begins again.
  func readStrictly(
    _ reason: StrictReason, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    if let words = reason.words {
      ports.note("the table is read in one piece, row after row: \(words)")
    }
    let settle = Settlement(entries: [.listCleared])
    try await emit(Advance(settle: settle, now: true) { $0.readStrictly(reason) })
  }

  /// Several ranges for each reader, so that none waits for a slow one at the end; yet some pages in
  /// each, as the last page of a range is half empty.
  private func pieces(of slot: PartitionSlot, _ query: TableQuery) -> Int {
    let readers = max(ports.baseline.readers.count, 1)
    let pages = slot.keys / max(query.pageSize, 1)
    return max(1, min(readers * 8, max(readers, pages / 4)))
  }

  private func canFollow(
    _ slot: PartitionSlot, with query: TableQuery
  ) async throws(SyncError) -> Bool {
    guard let token = slot.token, let link = ports.source.retarget(token, to: query) else {
      return false
    }
    do throws(SyncError) {
      for try await _ in ports.source.changes(query, from: link) { break }
      return true
    } catch {
      guard error.isLinkRefused else { throw error }
      return false
    }
  }

  /// Why a range cannot be read; nil where it can.
  private func refusal(
    of range: KeyRange, _ query: TableQuery
  ) async throws(SyncError) -> StrictReason? {
    var keys = query.ofKeys
    keys.pageSize = min(keys.pageSize, 100)
    do throws(SyncError) {
      for try await page in ports.source.rows(keys, in: range, after: nil) {
        return range.isInOrder(page.keys, after: nil) ? nil : .orderUnknown
      }
      return nil
    } catch {
      guard error.isRangeRefused else { throw error }
      return .rangesRefused
    }
  }
}
