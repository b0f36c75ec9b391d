import Core

extension IngressJob {
  /// Known rows that the last scan did not have -> deletions that wait.
  ///
  /// Each is looked for by its id: only what Dynamics says is gone may go. A safe point is a slice.
  func absence(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "absence") { [self] emit throws(SyncError) in
      guard var slot = state.absence else { return }
      guard try await ports.ledger.lastScan() == state.scans else {
        // Another ledger than the one that saw the scan: its absences would mean nothing.
        return try await emit(Advance(now: true) { $0 = $0.recovering(.ledgerLost) })
      }
      do throws(SyncError) {
        try await lookForAbsent(&slot, emit)
      } catch {
        guard error.kind == .permission else { throw error }
        // Half a table looked for row by row would take days: it is scanned again.
        try await emit(
          Advance(now: true) { $0 = $0.recovering(.narrowRole, keepingToken: true) })
        throw error
      }
      try await emit(Advance(now: true) { $0.absence = nil })
    }
  }

  private func lookForAbsent(
    _ slot: inout AbsenceSlot, _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    if settings.deletes.apply { try await proveReach() }
    while true {
      let keys = try await ports.ledger.absent(after: slot.last, limit: 200)
      guard let last = keys.last else { break }
      let done = try await settings.deletes.apply ? look(for: keys, emit) : keep(keys)
      slot.last = last
      slot.checked += keys.count
      let now = ports.clock.now
      try await emit(
        Advance(tally: done.tally, settle: Settlement(entries: done.entries)) { [slot] state in
          state.absence = slot
          if done.hasCollected { state.delta.collected = state.delta.collected ?? now }
        })
      if let failure = done.failure { throw failure }
    }
    if settings.deletes.apply { try await proveReach() }
  }

  /// The job applies no deletions: the records stay, and are counted.
  private func keep(_ keys: [RowKey]) -> WrittenRows {
    var done = WrittenRows()
    done.tally.absent = keys.count
    return done
  }

  private func look(
    for keys: [RowKey], _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) -> WrittenRows {
    let target = try await target()
    let found = try await read(keys, target)
    var rows: [RecordOutcome] = []
    var done = removed(found.compactMap { $0.isGone ? $0.key : nil })
    for one in found {
      if let page = one.page { rows.append(target.plan.record(page, row: 0)) }
    }
    done.hasCollected = done.tally.removed > 0
    guard !rows.isEmpty else { return done }
    // The scan missed them: they came back while it ran.
    done.add(try await write(rows, of: target, as: .recovery, emit))
    done.tally.read += rows.count
    done.entries.append(.scanned(found.filter { $0.page != nil }.map(\.key)))
    return done
  }

  /// What Dynamics says of one id.
  struct Found: Sendable {
    var key: RowKey
    var isGone = false
    var page: Page?
  }

  /// Reads rows by their ids, some at once.
  ///
  /// - Errors: the first failure; then nothing of the slice counts.
  func read(
    _ keys: [RowKey], _ target: IngressTarget
  ) async throws(SyncError) -> [Found] {
    let results = await withTaskGroup(of: Result<Found, SyncError>.self) { group in
      var results: [Result<Found, SyncError>] = []
      var next = keys.makeIterator()
      var running = 0
      var hasFailed = false
      while true {
        while running < max(ports.reads, 1), !hasFailed, let key = next.next() {
          running += 1
          group.addTask { await read(key, target) }
        }
        guard running > 0, let result = await group.next() else { return results }
        running -= 1
        if case .failure = result { hasFailed = true }
        results.append(result)
      }
    }
    var found: [Found] = []
    for result in results { found.append(try result.get()) }
    return found
  }

  private func read(
    _ key: RowKey, _ target: IngressTarget
  ) async -> Result<Found, SyncError> {
    do throws(SyncError) {
      var found = Found(key: key)
      found.isGone = try await ports.source.isGone(target.query, key: key)
      if !found.isGone {
        let page = try await ports.source.row(target.query, key: key)
        // A row that is there and cannot be listed is no longer in reach.
        guard let page, page.rows == 1 else { return .success(found) }
        found.page = page
      }
      return .success(found)
    } catch {
      guard error.kind == .permission else { return .failure(error) }
      return .failure(.narrowRole(settings, code: error.code))
    }
  }

  /// A row that may not be read looks like one that is gone.
  private func proveReach() async throws(SyncError) {
    guard try await ports.readsWholeOrganization() != false else {
      throw .narrowRole(settings, code: nil)
    }
  }
}

extension SyncError {
  static func narrowRole(_ settings: IngressSettings, code: String?) -> SyncError {
    // As the schema writes it: prvReadContact, prvReadcs_Vehicle.
    let table = settings.table
    let isBuiltIn = !table.contains("_")
    let name = isBuiltIn ? table.prefix(1).uppercased() + table.dropFirst() : table
    return SyncError(
      .permission, "tell deleted rows of \(settings.name) from hidden ones",
      "the application user does not read every \(settings.table) of the organization, and a row "
        + "out of its reach looks like a deleted one: nothing was deleted",
      code: code,
      next: "give its security role Read on the table (prvRead\(name)) at organization "
        + "level, then campaign-sync run \(settings.name)")
  }
}
