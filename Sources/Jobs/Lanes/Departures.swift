import Core

extension IngressJob {
  /// The children of what the parent jobs have deleted wait for its return.
  ///
  /// Campaign deletes them with their parent, or hides them, or leaves them: as each link is
  /// published there. When the parent is back they are read and sent again; at once, where they have
  /// moved to another parent since.
  func followDepartures(
    _ state: IngressState, _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    for (job, records) in ports.parents.sorted(by: { $0.key < $1.key }) {
      let serial = try await records.serial()
      let standing = state.parents?[job]
      var mark = standing ?? ParentMark(serial: serial)
      if standing == nil { try await emit(Advance { [mark] in $0.know(job, mark) }) }
      if mark.serial != serial {
        mark = ParentMark(serial: serial)
        while let last = try await records.departed(after: mark.position, limit: 1000).last {
          mark.position = last.position
        }
        try await doubtAll(below: job, mark, emit)
      }
      while true {
        let departed = try await records.departed(after: mark.position, limit: 200)
        guard let last = departed.last else { break }
        for departure in departed {
          try await hold(childrenOf: ParentKey(job: job, key: departure.key), emit)
        }
        mark.position = last.position
        try await emit(  // on disk before the retry looks for them
          Advance(now: true) { [mark] in $0.know(job, mark) })
      }
    }
  }

  /// Another ledger than before: what the old one knew to have departed is in none.
  ///
  /// A parent may have gone and come back without a word, so that its children have no record. The
  /// children of these are told by the serial of this ledger, which changes too.
  private func doubtAll(
    below job: String, _ mark: ParentMark, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    try await emit(
      Advance(settle: Settlement(entries: [.allDoubted]), now: true) { state in
        state.know(job, mark)
        state.recovery = state.recovery ?? RecoverySlot(.ledgerLost)
      })
  }

  private func hold(
    childrenOf parent: ParentKey, _ emit: @escaping Emit<IngressState>
  ) async throws(SyncError) {
    var last: RowKey?
    while true {
      let children = try await ports.ledger.children(of: parent.key, after: last, limit: 500)
      guard let final = children.last else { return }
      last = final
      var tally = Tally()
      tally.held = children.count
      let named = try await ports.ledger.parents(of: children)
      let entries = children.map { child in
        let isStill = named[child]?.contains(parent.key) == true
        return LedgerEntry.orphaned(child, isStill ? .held(child, for: parent) : .moved(child))
      }
      try await emit(Advance(tally: tally, settle: Settlement(entries: entries)))
    }
  }
}

extension IngressState {
  /// How far the departures of a parent job were followed.
  fileprivate mutating func know(_ job: String, _ mark: ParentMark) {
    parents = (parents ?? [:]).merging([job: mark]) { $1 }
  }
}

extension Rejection {
  /// When its parent went, the link in Campaign may still have been that to this one.
  fileprivate static func moved(_ key: RowKey) -> Rejection {
    Rejection(
      key: key.description, rule: "movedParent",
      reason: "the parent that it had before has left Campaign, and its record perhaps with it")
  }
}
