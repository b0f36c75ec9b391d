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
  /// `--approve-deletes N`.
  package var approvedDeletes: Int?

  package init(
    source: any TableSource,
    spool: @escaping @Sendable (_ run: Int) throws(SyncError) -> any Spool, ledger: any Ledger,
    digest: @escaping @Sendable ([UInt8]) -> RowDigest, clock: any Clock, writes: Int,
    approvedDeletes: Int? = nil
  ) {
    self.source = source
    self.spool = spool
    self.ledger = ledger
    self.digest = digest
    self.clock = clock
    self.writes = writes
    self.approvedDeletes = approvedDeletes
  }
}
