import Core

/// What `replay` makes of a job.
package enum Replay: Sendable, Equatable {
  /// From here on a table is too large to be loaded again by mistake.
  package static let rowLimit = 2_000_000

  /// - Parameter isMeant: `--large`.
  package static func isTooLarge(_ rows: Int, isMeant: Bool) -> Bool {
    rows >= rowLimit && !isMeant
  }

  /// The first load comes anyway.
  case neverLoaded
  case alreadyMarked
  /// A load is under way.
  case loading
  case marked(IngressState)

  package init(of state: IngressState?) {
    guard let state else {
      self = .neverLoaded
      return
    }
    if state.isMarkedForReplay {
      self = .alreadyMarked
    } else if state.phase == .loaded {
      self = .marked(state.markedForReplay)
    } else {
      self = .loading
    }
  }
}

extension IngressState {
  /// Everything is to be loaded again, and nothing of it has begun.
  package var isMarkedForReplay: Bool {
    phase == .exporting && absence != nil && export.began == nil && delta.began == nil
  }

  /// Nothing of the old position is used again: what it would have told is in the scan, or absent.
  fileprivate var markedForReplay: IngressState {
    var next = IngressState()
    next.run = run + 1
    next.scans = scans
    next.parents = parents
    next.delta.collected = delta.collected
    next.absence = AbsenceSlot()
    return next
  }

  /// All rows are to be read and compared.
  ///
  /// - Parameter keepingToken: what changed since the token is followed before.
  package func recovering(
    _ reason: RecoverySlot.Reason, keepingToken: Bool = false
  ) -> IngressState {
    var next = self
    next.absence = nil
    next.delta.link = nil
    next.delta.began = nil
    if collect != nil {  // what it has brought so far is brought again
      next.collect = nil
      next.export = ExportSlot()
    }
    next.recovery = RecoverySlot(reason)
    if keepingToken, delta.token != nil {
      next.recovery?.chains = delta.rounds + 1
    } else {
      next.delta.token = nil
    }
    return next
  }
}

extension IngressJob {
  /// What a page of a load that is made again says of rows that the ledger may know.
  func replayed(_ page: WrittenPage) async throws(SyncError) -> WrittenRows {
    var done = WrittenRows()
    var seen = page.keys + page.held + page.rejections.compactMap { RowKey($0.key) }
    done.entries.append(.scanned(seen + page.filtered + page.parentless))
    var leaving: [RowKey] = []
    if deletesFilteredOut { leaving += page.filtered } else { seen += page.filtered }
    if deletesParentless { leaving += page.parentless } else { seen += page.parentless }
    let known = try await ports.ledger.known(leaving)
    if !known.isEmpty {
      done.entries.append(.filteredOutWait(leaving.filter { known[$0] != nil }))
      done.hasCollected = true
    }
    if tracksDeletions { done.entries.append(.deletionsDropped(seen)) }
    return done
  }
}
