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
  /// `--approve-deletes N`.
  package var approvedDeletes: Int?

  package init(
    source: any TableSource,
    spool: @escaping @Sendable (_ run: Int) throws(SyncError) -> any Spool, ledger: any Ledger,
    digest: @escaping @Sendable ([UInt8]) -> RowDigest, clock: any Clock, writes: Int,
    reads: Int, readsWholeOrganization: @escaping @Sendable () async throws(SyncError) -> Bool?,
    approvedDeletes: Int? = nil
  ) {
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
