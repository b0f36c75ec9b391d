/// The parts of one run on the local disk.
package protocol Spool: Sendable {
  /// Appends rows to a part as one flushed block of its stream; the file is first cut back (or
  /// created, its header line first) to the mark. The same mark and bytes give the same file.
  ///
  /// - Returns: when the bytes are written; `sync` makes them safe.
  func append(_ rows: [UInt8], rowCount: Int, to mark: PartMark) async throws(SyncError) -> PartMark
  /// Makes what was appended to these parts survive a crash; the committer calls it on its thread.
  func sync(_ parts: [Int]) throws(SyncError)
  /// No lane writes this part any more: what is held open of it is let go, after a `sync` of what was
  /// appended. Whoever comes back to it, to seal it or to go on, opens it again.
  func close(_ part: Int) async throws(SyncError)
  /// Ends the stream of a part and gives its final name; sealing twice changes nothing.
  func seal(_ mark: PartMark) async throws(SyncError) -> SealedPart
  /// Local path of a sealed part or of the manifest.
  func path(of name: String) -> String
  func write(manifest: [UInt8], as name: String) throws(SyncError)
  /// Removes the run's folder.
  func remove() throws(SyncError)
}

/// Known rows, pending records, files, deletions.
///
/// One transaction a call of `record`.
package protocol Ledger: Sendable {
  /// Called on the committer's thread only.
  func record(_ entries: [LedgerEntry], at: Instant) throws(SyncError)
  func known(_ keys: [RowKey]) async throws(SyncError) -> [RowKey: KnownRow]
  func knownCount() async throws(SyncError) -> Int
  func pending(after key: String?, limit: Int) async throws(SyncError) -> [PendingRecord]
  func pendingCount() async throws(SyncError) -> Int
  func file(_ name: String) async throws(SyncError) -> FileMark?
  /// Deletions that wait, or those that were released, in an order of the ledger's own.
  func deletions(released: Bool, after key: RowKey?, limit: Int) async throws(SyncError)
    -> [Deletion]
  /// - Parameter since: from when on applied deletions are recent.
  func deletionCounts(since: Instant) async throws(SyncError) -> DeletionCounts
  /// Those of the keys that are on their way by file, and perhaps not in Campaign before.
  func staged(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey>
  /// Pending records that wait for a parent; `pendingCount` counts them too.
  func heldCount() async throws(SyncError) -> Int
  /// Those of the keys that wait for a parent.
  func held(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey>
  /// The parents that rows name; a row without any is not in the answer.
  func parents(of keys: [RowKey]) async throws(SyncError) -> [RowKey: [RowKey]]
  /// Rows that name this parent, or did so within `LedgerEntry.formerFor`, in an order of the
  /// ledger's own.
  func children(of parent: RowKey, after key: RowKey?, limit: Int) async throws(SyncError)
    -> [RowKey]
  /// Number of the newest scan; 0 before the first.
  func lastScan() async throws(SyncError) -> Int
  /// Known rows that the last scan did not have, in an order of the ledger's own.
  func absent(after key: RowKey?, limit: Int) async throws(SyncError) -> [RowKey]
}

/// What the ledger of a job remembers of a scan of keys: rows that are still to be read.
package protocol KeyList: Sendable {
  /// Rows that a scan of keys has listed, and nobody crossed off.
  func listedCount() async throws(SyncError) -> Int
  /// Listed rows that cut the list, in the order of `KeyRange`, into so many pieces of one size;
  /// fewer where it is too short.
  func boundaries(of pieces: Int) async throws(SyncError) -> [RowKey]
  /// Listed rows of a range that this scan has not recorded since as sent or proven, in that order.
  func unread(in range: KeyRange, limit: Int) async throws(SyncError) -> [RowKey]
}

/// What the ledger of a parent job tells the jobs of its children.
package protocol ParentRecords: Sendable {
  /// Another one in every ledger: positions belong to it.
  func serial() async throws(SyncError) -> String
  /// Those of the keys whose records are in Campaign: known, not waiting for a parent of theirs, and
  /// not `staged`.
  func standing(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey>
  /// Records that the job deleted in Campaign, or may have, or that may have gone with their parent;
  /// oldest first; the same key can come again.
  ///
  /// - Parameter position: that of the last one seen; 0 at first.
  func departed(after position: Int, limit: Int) async throws(SyncError) -> [Departure]
}

/// What the ledger of an egress job remembers of events.
package protocol ArrivedEvents: Sendable {
  /// Those of the activities that Dynamics was seen to have, as far as they are remembered.
  func arrived(_ ids: [RowKey]) async throws(SyncError) -> Set<RowKey>
}

/// What the ledger of an opt-out job remembers.
package protocol ConsentRecords: Sendable {
  /// What is remembered of these contacts, by attribute; a contact of which nothing is known is not in
  /// the answer.
  func consents(of contacts: [RowKey]) async throws(SyncError)
    -> [RowKey: [ConsentAttribute: ConsentRecord]]
  /// Contacts with something to decide, in an order of the ledger's own.
  func due(after contact: RowKey?, limit: Int) async throws(SyncError) -> [RowKey]
  /// Contacts with something to decide.
  func dueCount() async throws(SyncError) -> Int
  /// Newest first; of one contact or, nil, of all.
  func decisions(of contact: RowKey?, limit: Int) async throws(SyncError) -> [ConsentDecision]
}

/// A record that left Campaign.
package struct Departure: Sendable, Equatable {
  /// From one on, without gaps; of one ledger.
  package var position: Int
  package var key: RowKey
  package init(position: Int, key: RowKey) {
    self.position = position
    self.key = key
  }
}

/// The checkpoint of one job.
package protocol CheckpointStore<State>: Sendable {
  associatedtype State: Codable & Sendable
  /// Nil where the job has never run.
  func load() throws(SyncError) -> Checkpoint<State>?
  func replace(with checkpoint: Checkpoint<State>) throws(SyncError)
}
