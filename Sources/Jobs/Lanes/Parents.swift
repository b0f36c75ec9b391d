import Core

extension IngressJob {
  /// The rows of a page that wait for a parent, and for which.
  ///
  /// - Shape: a load goes by the parents' ledgers alone: a look-up a row would take longer than the
  ///   export. For changes Campaign is asked too, a few hundred times a page at most; what is held
  ///   back all the same is asked for when it is tried again.
  func heldBack(
    _ page: Page, _ plan: RowPlan, asking target: IngressTarget?
  ) async throws(SyncError) -> HeldRows {
    var held = HeldRows()
    guard plan.hasParents else { return held }
    let parents = (0..<page.rows).map { plan.parents(page, row: $0) }
    var missing = try await unknown(Set(parents.joined()))
    if let target {
      let asked = Set(missing.prefix(200))
      missing.subtract(try await found(asked, target))
      held.asks = asked.count
    }
    for (row, parents) in parents.enumerated() {
      guard let parent = parents.first(where: missing.contains),
        let key = RowKey(page.bytes(of: page[row, 0]))
      else { continue }
      held.parents[key] = parent
    }
    return held
  }

  /// What the ledger has to know of the parents of rows that were written to a part.
  func links(_ page: Page, _ plan: RowPlan, of keys: [RowKey]) -> [LedgerEntry] {
    guard plan.hasParents else { return [] }
    let written = Set(keys)
    return (0..<page.rows).compactMap { row in
      guard let key = RowKey(page.bytes(of: page[row, 0])), written.contains(key) else {
        return nil
      }
      return .linked(key, parents: plan.parents(page, row: row).map(\.key))
    }
  }

  /// Rows that waited for a parent, and travel with one that is there now.
  ///
  /// What they wait for may be another parent, which need not come. Their own children go on waiting
  /// until the files have arrived.
  func noLongerHeld(
    _ written: [RowKey], _ plan: RowPlan
  ) async throws(SyncError) -> [LedgerEntry] {
    guard plan.hasParents, try await ports.ledger.pendingCount() > 0 else { return [] }
    let held = try await ports.ledger.held(written)
    if held.isEmpty { return [] }
    return held.map { .settled($0.description) } + [.staged(Array(held))]
  }

  /// Divides rows into those that can be written and those that wait for a parent.
  ///
  /// - Parameter known: rows that are proven equal need no call, and so no parent.
  func holdBack(
    _ rows: [MappedRow], of target: IngressTarget, known: [RowKey: KnownRow]
  ) async throws(SyncError) -> (ready: [MappedRow], held: WrittenRows) {
    var held = WrittenRows()
    guard target.plan.hasParents else { return (rows, held) }
    let open = rows.filter { known[$0.key] != .proven(ports.digest($0.canonicalBytes)) }
    var missing = try await unknown(Set(open.flatMap(\.parents)))
    let found = try await found(missing, target)
    held.tally.engineCalls = missing.count
    missing.subtract(found)
    var ready: [MappedRow] = []
    for row in rows {
      if let parent = row.parents.first(where: missing.contains) {
        held.tally.held += 1
        held.entries.append(.held(row.key, for: parent))
      } else {
        ready.append(row)
      }
    }
    return (ready, held)
  }

  /// Parents that are not in Campaign, as far as their jobs know.
  func unknown(_ parents: Set<ParentKey>) async throws(SyncError) -> Set<ParentKey> {
    var missing = parents
    for (job, records) in ports.parents {
      let keys = missing.filter { $0.job == job }.map(\.key)
      if keys.isEmpty { continue }
      let standing = try await records.standing(keys)
      missing = missing.filter { !standing.contains($0.key) || $0.job != job }
    }
    return missing
  }

  /// Those that Campaign has all the same, from before the job or by other ways.
  private func found(
    _ parents: Set<ParentKey>, _ target: IngressTarget
  ) async throws(SyncError) -> Set<ParentKey> {
    let answers = await WrittenRows.working(on: Array(parents), atOnce: ports.writes) { parent in
      var done = WrittenRows()
      do throws(SyncError) {
        let records = try await target.parentStores[parent.job]?
          .find(key: parent.key.description, fields: [])
        if records?.isEmpty == false { done.entries = [.sent(parent.key)] }
      } catch {
        done.failure = error
      }
      return done
    }
    if let failure = answers.failure { throw failure }
    let keys = Set(
      answers.entries.compactMap { if case .sent(let key) = $0 { key } else { nil } })
    return parents.filter { keys.contains($0.key) }
  }

  /// Known rows among these that no API call may reach: Campaign can hide a child without parent.
  func orphans(among keys: [RowKey]) async throws(SyncError) -> [RowKey: ParentKey] {
    guard let job = settings.parents.first?.job else { return [:] }
    let parents = try await ports.ledger.parents(of: keys)
    var missing = Set(parents.values.joined())
    for records in ports.parents.values where !missing.isEmpty {
      missing.subtract(try await records.standing(Array(missing)))
    }
    return parents.compactMapValues { parents in
      parents.first(where: missing.contains).map { ParentKey(job: job, key: $0) }
    }
  }

  /// What need not be tried before its parent is there.
  ///
  /// Campaign is asked for the parents that no ledger knows: less and less often for the same row.
  ///
  /// - Parameter asks: how often it may still be asked in this run.
  /// - Returns: those worth a try, and what becomes of the others.
  func worthATry(
    _ waiting: [PendingRecord], _ asks: inout Int
  ) async throws(SyncError) -> (ready: [PendingRecord], others: WrittenRows) {
    var others = WrittenRows()
    if goal == .retry { return (waiting, others) }
    var missing = Set(waiting.compactMap(\.rejection.parent?.key))
    for records in ports.parents.values where !missing.isEmpty {
      missing.subtract(try await records.standing(Array(missing)))
    }
    var (held, ready) = waiting.divided(by: { record in
      record.rejection.parent.map { missing.contains($0.key) } ?? false
    })
    let now = ports.clock.now
    let old = held.filter {
      $0.rejection.what == .delete && $0.first < now + (.zero - IngressJob.hiddenAtMost)
    }
    others.entries = old.map { .settled($0.rejection.key) }
    held.removeAll { $0.rejection.what == .delete || !$0.isRipe(at: now) }
    let parents = Set(Set(held.compactMap(\.rejection.parent)).prefix(asks))
    if parents.isEmpty { return (ready, others) }
    asks -= parents.count
    others.tally.engineCalls = parents.count
    let found = try await found(parents, try await target())
    for record in held {
      guard let parent = record.rejection.parent, parents.contains(parent) else { continue }
      if found.contains(parent) {
        ready.append(record)
      } else {
        others.entries.append(.pending(record.rejection))
      }
    }
    return (ready, others)
  }

  /// How long a deletion waits for the parent that hides its record.
  ///
  /// Dynamics restores a deleted row within 30 days at most.
  static var hiddenAtMost: Duration { .seconds(90 * 86_400) }
}

/// Rows of a page that wait for a parent.
struct HeldRows: Sendable {
  /// Which one, by the row's key.
  var parents: [RowKey: ParentKey] = [:]
  /// How often Campaign was asked for it.
  var asks = 0
}

extension LedgerEntry {
  static func held(_ key: RowKey, for parent: ParentKey) -> LedgerEntry {
    .pending(.held(key, for: parent))
  }
}

extension Rejection {
  static func held(_ key: RowKey, for parent: ParentKey) -> Rejection {
    Rejection(
      key: key.description, rule: "parentMissing",
      reason: "its parent of the job \(parent.job) is not in Campaign", parent: parent)
  }
}

extension Array {
  fileprivate func divided(
    by isFirst: (Element) -> Bool
  ) -> (first: [Element], second: [Element]) {
    var (first, second): ([Element], [Element]) = ([], [])
    for element in self {
      if isFirst(element) { first.append(element) } else { second.append(element) }
    }
    return (first, second)
  }
}

extension SyncError {
  /// A parent job is not so far: the next run looks again.
  package static func waitsForParent(_ job: String, _ parent: String) -> SyncError {
    SyncError(
      .unavailable, "go on with \(job)", "it waits for its parent job \(parent) to be loaded",
      code: loadingCode, next: "campaign-sync initial \(parent), then campaign-sync initial \(job)")
  }
}
