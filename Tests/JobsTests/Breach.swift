import Core
import Synchronization
import TestSupport

@testable import Jobs

/// The order of a commit, broken on purpose: the storm must notice.
enum Breach: CaseIterable, Sendable {
  case checkpointBeforeBytes
  case checkpointBeforeLedger

  func bend(_ ports: inout CommitPorts<IngressState>) {
    let late = Late()
    switch self {
    case .checkpointBeforeBytes:
      let spool = ports.spool
      ports.spool = { run throws(SyncError) in LateSpool(inner: try spool(run), late: late) }
    case .checkpointBeforeLedger:
      ports.ledger = LateLedger(inner: ports.ledger, late: late)
    }
    ports.checkpoints = HastyCheckpoints(inner: ports.checkpoints, late: late)
  }
}

/// What is done after the checkpoint, though it belongs before it.
private final class Late: Sendable {
  private typealias Work = @Sendable () throws(SyncError) -> Void
  private let work = Mutex<[Work]>([])

  func add(_ more: @escaping @Sendable () throws(SyncError) -> Void) {
    work.withLock { $0.append(more) }
  }

  func catchUp() throws(SyncError) {
    let all = work.withLock { work in
      defer { work = [] }
      return work
    }
    for one in all { try one() }
  }
}

private struct HastyCheckpoints: CheckpointStore {
  let inner: any CheckpointStore<IngressState>
  let late: Late

  func load() throws(SyncError) -> Checkpoint<IngressState>? { try inner.load() }

  func replace(with checkpoint: Checkpoint<IngressState>) throws(SyncError) {
    try inner.replace(with: checkpoint)
    try late.catchUp()
  }
}

private struct LateSpool: Spool {
  let inner: any Spool
  let late: Late

  func sync(_ parts: [Int]) throws(SyncError) {
    late.add { () throws(SyncError) in try inner.sync(parts) }
  }

  func append(
    _ rows: [UInt8], rowCount: Int, to mark: PartMark
  ) async throws(SyncError) -> PartMark {
    try await inner.append(rows, rowCount: rowCount, to: mark)
  }
  func close(_ part: Int) async throws(SyncError) { try await inner.close(part) }
  func seal(_ mark: PartMark) async throws(SyncError) -> SealedPart { try await inner.seal(mark) }
  func path(of name: String) -> String { inner.path(of: name) }
  func write(manifest: [UInt8], as name: String) throws(SyncError) {
    try inner.write(manifest: manifest, as: name)
  }
  func remove() throws(SyncError) { try inner.remove() }
}

private struct LateLedger: Ledger {
  let inner: any Ledger
  let late: Late

  func record(_ entries: [LedgerEntry], at now: Instant) throws(SyncError) {
    late.add { () throws(SyncError) in try inner.record(entries, at: now) }
  }

  func known(_ keys: [RowKey]) async throws(SyncError) -> [RowKey: KnownRow] {
    try await inner.known(keys)
  }
  func knownCount() async throws(SyncError) -> Int { try await inner.knownCount() }
  func pending(after key: String?, limit: Int) async throws(SyncError) -> [PendingRecord] {
    try await inner.pending(after: key, limit: limit)
  }
  func pendingCount() async throws(SyncError) -> Int { try await inner.pendingCount() }
  func file(_ name: String) async throws(SyncError) -> FileMark? { try await inner.file(name) }
  func deletions(
    released: Bool, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [Deletion] {
    try await inner.deletions(released: released, after: key, limit: limit)
  }
  func deletionCounts(since: Instant) async throws(SyncError) -> DeletionCounts {
    try await inner.deletionCounts(since: since)
  }
  func staged(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try await inner.staged(keys)
  }

  func held(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> { try await inner.held(keys) }
  func heldCount() async throws(SyncError) -> Int { try await inner.heldCount() }
  func parents(of keys: [RowKey]) async throws(SyncError) -> [RowKey: [RowKey]] {
    try await inner.parents(of: keys)
  }
  func children(
    of parent: RowKey, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [RowKey] {
    try await inner.children(of: parent, after: key, limit: limit)
  }
  func lastScan() async throws(SyncError) -> Int { try await inner.lastScan() }
  func absent(after key: RowKey?, limit: Int) async throws(SyncError) -> [RowKey] {
    try await inner.absent(after: key, limit: limit)
  }
}
