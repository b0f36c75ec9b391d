import Core

extension IngressJob {
  /// Every listed row was read, or Dynamics says what became of it: only then a load by ranges counts.
  ///
  /// - Shape: first the changes since the scan of keys: what they name is gone, or comes with the
  ///   catch-up delta, which begins at the same token. What is left is asked for by its id, and goes
  ///   into the first reader's part where it is there all the same.
  func prove(_ state: IngressState, _ partition: PartitionSlot) -> Lane<IngressState> {
    Lane(name: "prove") { [self] emit throws(SyncError) in
      let target = try await target()
      guard let token = partition.token,
        let link = ports.source.retarget(token, to: target.query)
      else { return try await readStrictly(.selectRefused, emit) }
      if try await !unread(1, of: partition).isEmpty {
        do throws(SyncError) {
          try await crossOffChanges(since: partition.changes ?? token, target.query.ofKeys, emit)
        } catch {
          guard error.isTokenExpired || error.isLinkRefused else { throw error }
          if partition.changes != nil, error.isLinkRefused {
            // The service no longer takes the kept link: the changes are read from the token.
            return try await emit(Advance(now: true) { $0.export.partition?.changes = nil })
          }
          // A load that outlived its token tells nothing: it begins again.
          let settle = Settlement(entries: [.listCleared])
          return try await emit(Advance(settle: settle, now: true) { $0.beginAgain() })
        }
        // The ledger is asked again: it has to know of what was crossed off.
        try await emit(Advance(now: true))
        let missing = try await unread(ports.baseline.lookUps + 1, of: partition)
        if missing.count > ports.baseline.lookUps {
          return try await readStrictly(.rowsMissing, emit)
        }
        try await look(for: missing, target, state, partition, emit)
      }
      let settle = Settlement(entries: [.listCleared])
      try await emit(
        Advance(settle: settle, now: true) {
          guard $0.export.partition != nil else { return }
          $0.export.partition?.ranges = []
          $0.export.partition?.token = nil
          $0.export.partition?.changes = nil
          $0.scanned(link, days: target.tokenDays)
        })
    }
  }

  /// Range by range: a walk through all of a long list would keep a signal waiting.
  private func unread(
    _ limit: Int, of partition: PartitionSlot
  ) async throws(SyncError) -> [RowKey] {
    var keys: [RowKey] = []
    for slot in partition.ranges where keys.count < limit {
      keys += try await ports.ledger.unread(in: slot.range, limit: limit - keys.count)
    }
    return keys
  }

  /// A safe point is a page: a proof that was interrupted goes on with the next one, or behind the last.
  private func crossOffChanges(
    since link: String, _ query: TableQuery, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    for try await page in ports.source.changes(query, from: link) {
      let settle = Settlement(entries: [.crossedOff(page.keys + page.removed)])
      let next = page.next ?? page.delta
      try await emit(Advance(settle: settle) { $0.export.partition?.changes = next })
    }
  }

  private func look(
    for missing: [RowKey], _ target: IngressTarget, _ state: IngressState,
    _ partition: PartitionSlot, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    var reader = RangeReader(0, of: state, partition)
    let spool = try ports.spool(state.run)
    for start in stride(from: 0, to: missing.count, by: 200) {
      let found = try await read(
        Array(missing[start..<min(start + 200, missing.count)]), target)
      for page in found.compactMap(\.page) {
        try await reader.write(page, of: self, target, in: spool, nil, range: nil, emit)
      }
      let settle = Settlement(entries: [.crossedOff(found.map(\.key))])
      try await emit(Advance(settle: settle))
    }
  }
}
