/// A deletion that the ledger keeps until it has been applied.
package struct Deletion: Sendable, Equatable {
  package var key: RowKey
  /// Approved by a person: it does not count for the guard.
  package var isApproved: Bool

  package init(key: RowKey, isApproved: Bool = false) {
    self.key = key
    self.isApproved = isApproved
  }
}

/// How many deletions the ledger keeps.
package struct DeletionCounts: Sendable, Equatable {
  /// Collected, and not judged yet.
  package var waiting: Int
  /// Judged, and on their way.
  package var released: Int
  /// Applied since the moment asked for, without a person's word.
  package var recent: Int

  package init(waiting: Int = 0, released: Int = 0, recent: Int = 0) {
    self.waiting = waiting
    self.released = released
    self.recent = recent
  }
}
