/// What must be safe before a position may be: parts to be flushed, facts for the ledger.
package struct Settlement: Sendable, Equatable {
  /// Run whose spool holds the parts.
  package var run: Int?
  package var parts: [Int]
  package var entries: [LedgerEntry]

  package init(run: Int? = nil, parts: [Int] = [], entries: [LedgerEntry] = []) {
    self.run = run
    self.parts = parts
    self.entries = entries
  }

  /// The records that were refused; those that wait for a parent were not.
  package var rejections: [Rejection] {
    entries.compactMap { entry in
      guard case .pending(let rejection) = entry, rejection.parent == nil else { return nil }
      return rejection
    }
  }

  package mutating func add(_ more: Settlement) {
    run = more.run ?? run
    for part in more.parts where !parts.contains(part) { parts.append(part) }
    entries += more.entries
  }
}
