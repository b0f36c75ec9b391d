import Core

extension OptOutJob {
  /// Contacts that changed since the token, or all of them where there is none -> due in the ledger.
  ///
  /// A safe point is a page. A scan is bulk: it makes due who is opted out in Dynamics, and nobody
  /// else. Of changes everything is due that stands otherwise than it was last seen.
  func followContacts(
    _ standing: ContactChanges, _ emit: Emit<OptOutState>
  ) async throws(SyncError) {
    let target = try await ports.target()
    var slot = standing
    // Links and tokens answer to the columns they were made for.
    if let query = slot.query, query.columns != target.query.columns { slot.forget() }
    for _ in 0..<3 {
      slot.query = target.query
      do throws(SyncError) {
        return try await follow(&slot, target, emit)
      } catch {
        guard error.isTokenExpired || error.isLinkRefused else { throw error }
        if slot.link != nil, !error.isTokenExpired {
          // The chain begins again at its token, the scan at its beginning, which changes nothing.
          (slot.link, slot.began) = (nil, nil)
        } else {
          slot.forget()
          ports.export.note("the delta token is no longer taken; all contacts are read again")
        }
        try await emit(Advance(now: true) { [slot] in $0.changes = slot })
      }
    }
    throw SyncError(
      .protocolBroken, "follow the contacts of \(name)",
      "Dynamics refused the links that it had just given", next: "campaign-sync run \(name)")
  }

  private func follow(
    _ slot: inout ContactChanges, _ target: OptOutTarget, _ emit: Emit<OptOutState>
  ) async throws(SyncError) {
    let token = slot.token
    if slot.link == nil { slot.began = ports.patience.clock.now }
    let pages =
      token.map { ports.source.changes(target.query, from: slot.link ?? $0.link) }
      ?? ports.source.scan(target.query, from: slot.link)
    for try await page in pages {
      let settle = try await due(page, target, isScan: token == nil)
      slot.link = page.next
      if page.next == nil {
        guard let link = page.delta, let began = slot.began else { throw .noDeltaLink(name) }
        slot.token = DeltaToken(link: link, taken: began, days: target.tokenDays)
        slot.began = nil
        if token == nil { slot.scans += 1 }
      }
      var tally = Tally()
      tally.read = page.rows
      tally.removed = page.removed.count
      try await emit(
        Advance(tally: tally, settle: settle) { [slot] in $0.changes = slot })
    }
    // What is decided next must see what was emitted here.
    try await emit(Advance(now: true))
  }

  private func due(
    _ page: Page, _ target: OptOutTarget, isScan: Bool
  ) async throws(SyncError) -> Settlement {
    let keys = (0..<page.rows).map { page.key(of: $0) }
    let known = try await ports.ledger.consents(of: keys.compactMap(\.self))
    var records: [ConsentRecord] = []
    for (row, key) in keys.enumerated() {
      guard let key else { continue }
      for (index, pair) in target.pairs.enumerated() {
        let value = pair.turned(page[row, OptOutTarget.leading + index].flag)
        let record = known[key]?[pair.attribute]
        var next = record ?? ConsentRecord(key, pair.attribute)
        let isNew = next.dynamics != .init(value)
        if isScan {
          let isOpen = value == true && next.knownInCampaign != true
          guard isOpen || isNew && (value == true || record != nil) else { continue }
          next.raise(.bulk)
        } else {
          // Seen before, by a job of another direction, and never carried over.
          let isOpen = value == true && next.knownInCampaign == false
          guard isNew || isOpen else { continue }
          next.raise(.dynamics)
        }
        if next != record { records.append(next) }
      }
    }
    var entries: [LedgerEntry] = records.isEmpty ? [] : [.consents(records)]
    // A removed contact may be there again: that is seen when it is decided about.
    let gone = try await ports.ledger.consents(of: page.removed).values.flatMap(\.values)
    if !gone.isEmpty {
      entries.append(
        .consents(
          gone.map { record in
            var record = record
            record.dynamics = .never
            record.raise(.dynamics)
            return record
          }))
    }
    return Settlement(entries: entries)
  }
}

extension ContactChanges {
  /// The next read is a full scan.
  fileprivate mutating func forget() { (token, link, began) = (nil, nil, nil) }
}

extension Page {
  /// Nil where the first cell is no guid.
  fileprivate func key(of row: Int) -> RowKey? { RowKey(bytes(of: self[row, 0])) }
}

extension Cell {
  /// Of a two-option column.
  fileprivate var flag: Bool? { kind == .yes ? true : kind == .no ? false : nil }
}
