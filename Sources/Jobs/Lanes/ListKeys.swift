import Core

extension IngressJob {
  /// All keys of a large table -> the ledger's list, by a tracked scan that ends before any row is
  /// read: so every later change is in the delta from its token.
  ///
  /// A safe point is a page.
  func listKeys(_ state: IngressState, _ partition: PartitionSlot) -> Lane<IngressState> {
    Lane(name: "list") { [self] emit throws(SyncError) in
      var slot = partition
      let target = try await target()
      if slot.link == nil {
        // Also a list that ended nowhere.
        slot = PartitionSlot()
        let settle = Settlement(entries: [.listCleared])
        let began = ports.clock.now
        try await emit(
          Advance(settle: settle, now: true) { [slot] in
            $0.export.partition = slot
            $0.export.began = began
          })
      }
      do throws(SyncError) {
        try await listPages(of: target, &slot, emit)
      } catch {
        guard error.isLinkRefused else { throw error }
        // The service no longer takes the link: the scan of keys begins again.
        try await emit(Advance(now: true) { $0.export.partition = PartitionSlot() })
      }
    }
  }

  private func listPages(
    of target: IngressTarget, _ slot: inout PartitionSlot, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    for try await page in ports.source.scan(target.query.ofKeys, from: slot.link) {
      if page.next == nil {
        guard let delta = page.delta else { throw .noDeltaLink(name) }
        slot.token = delta
        slot.tokenDays = target.tokenDays
        slot.step = .probing
      }
      slot.link = page.next
      slot.keys += page.rows
      let settle = Settlement(entries: [.listed(page.keys)])
      try await emit(Advance(settle: settle) { [slot] in $0.export.partition = slot })
    }
  }
}

extension TableQuery {
  /// The primary id alone.
  var ofKeys: TableQuery {
    TableQuery(entitySet: entitySet, columns: Array(columns.prefix(1)), pageSize: pageSize)
  }
}
