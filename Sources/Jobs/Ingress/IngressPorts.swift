import Core

/// What the reading and writing lanes of an ingress job work with.
package struct IngressPorts: Sendable {
  package var source: any TableSource
  package var spool: @Sendable (_ run: Int) throws(SyncError) -> any Spool
  package var ledger: any Ledger & KeyList
  /// Keyed, so that the ledger is no oracle for values.
  package var digest: @Sendable ([UInt8]) -> RowDigest
  package var clock: any Clock
  /// Records written at once.
  package var writes: Int
  /// Rows read one by one at once.
  package var reads: Int
  /// Whether the user may read every row of the organization; nil where the service does not say.
  package var readsWholeOrganization: @Sendable () async throws(SyncError) -> Bool?
  /// The ledgers of the parent jobs, by name.
  package var parents: [String: any ParentRecords]
  /// - Errors: `loading` where a parent job is not so far.
  package var requireParents: @Sendable (ParentNeed) throws(SyncError) -> Void
  /// `--approve-deletes N`.
  package var approvedDeletes: Int?
  package var baseline: Baseline
  /// For the log, a sentence.
  package var note: @Sendable (String) -> Void

  package init(
    source: any TableSource,
    spool: @escaping @Sendable (_ run: Int) throws(SyncError) -> any Spool,
    ledger: any Ledger & KeyList,
    digest: @escaping @Sendable ([UInt8]) -> RowDigest, clock: any Clock, writes: Int,
    reads: Int, readsWholeOrganization: @escaping @Sendable () async throws(SyncError) -> Bool?,
    parents: [String: any ParentRecords] = [:],
    requireParents: @escaping @Sendable (ParentNeed) throws(SyncError) -> Void = { _ in },
    approvedDeletes: Int? = nil, baseline: Baseline = .strict,
    note: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.baseline = baseline
    self.note = note
    self.parents = parents
    self.requireParents = requireParents
    self.source = source
    self.spool = spool
    self.ledger = ledger
    self.digest = digest
    self.clock = clock
    self.writes = writes
    self.reads = reads
    self.readsWholeOrganization = readsWholeOrganization
    self.approvedDeletes = approvedDeletes
  }
}

/// How the first reading of a table is done.
package struct Baseline: Sendable {
  /// A table with more rows is large: its keys are listed first, and its rows read by ranges.
  package var threshold: Int
  /// About how many rows the table has; nil where the service does not say.
  package var expected: @Sendable () async throws(SyncError) -> Int?
  /// One for each reader; of several application users, in turn.
  package var readers: [any TableSource]
  /// Rows that ranges have left out and that are worth a look each; more mean that the service does
  /// not do as ranges need.
  package var lookUps = 1000

  package init(
    threshold: Int, expected: @escaping @Sendable () async throws(SyncError) -> Int?,
    readers: [any TableSource]
  ) {
    (self.threshold, self.expected, self.readers) = (threshold, expected, readers)
  }

  /// Always one scan, row after row.
  package static let strict = Baseline(threshold: .max, expected: { nil }, readers: [])

  /// Where nobody knows, the scan of keys will tell.
  func isLarge() async throws(SyncError) -> Bool {
    guard !readers.isEmpty else { return false }
    return try await expected().map { $0 > threshold } ?? true
  }
}

/// How far the parents of a job have to be.
package enum ParentNeed: Sendable, Equatable {
  /// Their ledgers know which records Campaign has, or will have once their import is proven.
  case exported
  /// Campaign has them.
  case loaded
}
