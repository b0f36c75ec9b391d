import Core

/// The ledger of a story: a transaction happens or it does not.
package struct FaultyLedger: Ledger, ArrivedEvents, ConsentRecords, KeyList {
  package typealias Inner = any Ledger & ArrivedEvents & ConsentRecords & KeyList
  private let inner: Inner
  private let world: World

  package init(_ inner: Inner, _ world: World) {
    self.inner = inner
    self.world = world
  }

  package func record(_ entries: [LedgerEntry], at now: Instant) throws(SyncError) {
    try world.point("before ledger")
    try inner.record(entries, at: now)
    try world.point("after ledger")
  }

  package func known(_ keys: [RowKey]) async throws(SyncError) -> [RowKey: KnownRow] {
    try world.checkAlive()
    return try await inner.known(keys)
  }

  package func knownCount() async throws(SyncError) -> Int {
    try world.checkAlive()
    return try await inner.knownCount()
  }

  package func pending(after key: String?, limit: Int) async throws(SyncError) -> [PendingRecord] {
    try world.checkAlive()
    return try await inner.pending(after: key, limit: limit)
  }

  package func pendingCount() async throws(SyncError) -> Int {
    try world.checkAlive()
    return try await inner.pendingCount()
  }

  package func arrived(_ ids: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try world.checkAlive()
    return try await inner.arrived(ids)
  }

  package func consents(
    of contacts: [RowKey]
  ) async throws(SyncError) -> [RowKey: [ConsentAttribute: ConsentRecord]] {
    try world.checkAlive()
    return try await inner.consents(of: contacts)
  }

  package func due(after contact: RowKey?, limit: Int) async throws(SyncError) -> [RowKey] {
    try world.checkAlive()
    return try await inner.due(after: contact, limit: limit)
  }

  package func dueCount() async throws(SyncError) -> Int {
    try world.checkAlive()
    return try await inner.dueCount()
  }

  package func decisions(
    of contact: RowKey?, limit: Int
  ) async throws(SyncError) -> [ConsentDecision] {
    try world.checkAlive()
    return try await inner.decisions(of: contact, limit: limit)
  }

  package func file(_ name: String) async throws(SyncError) -> FileMark? {
    try world.checkAlive()
    return try await inner.file(name)
  }

  package func deletions(
    released: Bool, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [Deletion] {
    try world.checkAlive()
    return try await inner.deletions(released: released, after: key, limit: limit)
  }

  package func staged(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try world.checkAlive()
    return try await inner.staged(keys)
  }

  package func held(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try world.checkAlive()
    return try await inner.held(keys)
  }

  package func heldCount() async throws(SyncError) -> Int {
    try world.checkAlive()
    return try await inner.heldCount()
  }

  package func parents(of keys: [RowKey]) async throws(SyncError) -> [RowKey: [RowKey]] {
    try world.checkAlive()
    return try await inner.parents(of: keys)
  }

  package func children(
    of parent: RowKey, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [RowKey] {
    try world.checkAlive()
    return try await inner.children(of: parent, after: key, limit: limit)
  }

  package func lastScan() async throws(SyncError) -> Int {
    try world.checkAlive()
    return try await inner.lastScan()
  }

  package func absent(after key: RowKey?, limit: Int) async throws(SyncError) -> [RowKey] {
    try world.checkAlive()
    return try await inner.absent(after: key, limit: limit)
  }

  package func listedCount() async throws(SyncError) -> Int {
    try world.checkAlive()
    return try await inner.listedCount()
  }

  package func boundaries(of pieces: Int) async throws(SyncError) -> [RowKey] {
    try world.checkAlive()
    return try await inner.boundaries(of: pieces)
  }

  package func unread(in range: KeyRange, limit: Int) async throws(SyncError) -> [RowKey] {
    try world.checkAlive()
    return try await inner.unread(in: range, limit: limit)
  }

  package func deletionCounts(since: Instant) async throws(SyncError) -> DeletionCounts {
    try world.checkAlive()
    return try await inner.deletionCounts(since: since)
  }
}
