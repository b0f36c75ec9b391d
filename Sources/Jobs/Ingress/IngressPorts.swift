import Core

/// What the reading and writing lanes of an ingress job work with.
package struct IngressPorts: Sendable {
  package var source: any TableSource
  package var spool: @Sendable (_ run: Int) throws(SyncError) -> any Spool
  package var ledger: any Ledger
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

  package init(
    source: any TableSource,
    spool: @escaping @Sendable (_ run: Int) throws(SyncError) -> any Spool, ledger: any Ledger,
    digest: @escaping @Sendable ([UInt8]) -> RowDigest, clock: any Clock, writes: Int,
    reads: Int, readsWholeOrganization: @escaping @Sendable () async throws(SyncError) -> Bool?,
    parents: [String: any ParentRecords] = [:],
    requireParents: @escaping @Sendable (ParentNeed) throws(SyncError) -> Void = { _ in },
    approvedDeletes: Int? = nil
  ) {
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

/// How far the parents of a job have to be.
package enum ParentNeed: Sendable, Equatable {
  /// Their ledgers know which records Campaign has, or will have once their import is proven.
  case exported
  /// Campaign has them.
  case loaded
}
