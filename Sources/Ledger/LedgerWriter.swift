import Core

/// The connection that records; used under the ledger's lock.
final class LedgerWriter {
  private let database: Database
  private let insertKnown, updateKnown, deleteKnown: Statement
  private let upsertPending, deletePending, deleteKeyless, anyPending, isPending: Statement
  private let upsertFile: Statement
  private let events: EventWriter
  private let consents: ConsentWriter
  private let readCount, writeCount: Statement
  private let readScan, writeScan, markScanned, doubt: Statement
  private let insertSent, updateSent: KeyBatch
  private let deletions: DeletionWriter
  private let links: LinkWriter
  private let list: ListWriter
  private var known = 0
  /// Number of the newest scan.
  private var scan = 0
  private var hasPending = true

  static let doubtingAll = """
    UPDATE known SET state = 0, digest = NULL WHERE state = 1;
    UPDATE meta SET value = hex(randomblob(8)) WHERE name = 'serial';
    """

  init(_ database: Database) throws(SyncError) {
    self.database = database
    insertKnown = try database.prepare("INSERT OR IGNORE INTO known VALUES (?, ?, ?, ?)")
    updateKnown = try database.prepare(
      "UPDATE known SET state = ?2, digest = ?3, scan = ?4 WHERE key = ?1")
    deleteKnown = try database.prepare("DELETE FROM known WHERE key = ?")
    upsertPending = try database.prepare(
      """
      INSERT INTO pending (rule, job, parent, key, what, reason, excerpt, first, line, attempts)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1) ON CONFLICT DO UPDATE
      SET rule = ?1, job = ?2, parent = ?3, reason = ?6, excerpt = ?7, line = ?9,
      attempts = attempts + 1
      """)
    deletePending = try database.prepare("DELETE FROM pending WHERE key = ?")
    isPending = try database.prepare("SELECT 1 FROM pending WHERE key = ?")
    deleteKeyless = try database.prepare(
      "DELETE FROM pending WHERE what = 'row' AND rule = '\(Rejection.keyless)'")
    anyPending = try database.prepare("SELECT 1 FROM pending LIMIT 1")
    upsertFile = try database.prepare(
      "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)")
    events = try EventWriter(database)
    consents = try ConsentWriter(database)
    readCount = try database.prepare("SELECT value FROM meta WHERE name = 'known'")
    writeCount = try database.prepare("UPDATE meta SET value = ? WHERE name = 'known'")
    readScan = try database.prepare("SELECT value FROM meta WHERE name = 'scan'")
    writeScan = try database.prepare("UPDATE meta SET value = ? WHERE name = 'scan'")
    markScanned = try database.prepare("UPDATE known SET scan = ?2 WHERE key = ?1")
    doubt = try database.prepare("UPDATE known SET state = 0, digest = NULL WHERE key = ?")
    insertSent = try KeyBatch(database) { places in
      "INSERT OR IGNORE INTO known VALUES "
        + places.map { "(\($0), 0, NULL, ?1)" }.joined(separator: ", ")
    }
    updateSent = try KeyBatch(database) { places in
      "UPDATE known SET state = 0, digest = NULL, scan = ?1 WHERE key IN "
        + "(\(places.joined(separator: ", ")))"
    }
    deletions = try DeletionWriter(database)
    links = try LinkWriter(database)
    list = try ListWriter(database)
  }

  func record(_ entries: [LedgerEntry], at now: Instant) throws(SyncError) {
    if entries.isEmpty { return }
    try database.transaction { () throws(SyncError) in
      known = try readCount.step() ? Int(readCount.integer(0)) : 0
      readCount.reset()
      scan = try readScan.step() ? Int(readScan.integer(0)) : 0
      readScan.reset()
      hasPending = try anyPending.step()
      anyPending.reset()
      let before = known
      links.discard()
      for entry in entries { try record(entry, at: now) }
      try links.flush(at: now)
      guard known != before else { return }
      writeCount.bind(1, known)
      try writeCount.run()
    }
  }

  private func record(_ entry: LedgerEntry, at now: Instant) throws(SyncError) {
    switch entry {
    case .sent(let key): try put(key, nil)
    case .sentAll(let keys): try put(keys)
    case .staged(let keys): try links.stage(keys)
    case .stagedArrived: try links.arrive()
    case .proven(let key, let digest):
      try put(key, digest)
      if hasPending { try settle(key.description) }
    case .forgotten(let key): _ = try forget(key)
    case .pending(let rejection): try put(rejection, at: now)
    case .settled(let key): try settle(key)
    case .keylessSettled:
      if hasPending { try deleteKeyless.run() }
    case .file(let mark):
      upsertFile.bind(1, mark.name)
      upsertFile.bind(2, Int64(bitPattern: mark.size))
      upsertFile.bind(3, mark.modified)
      upsertFile.bind(4, Int64(bitPattern: mark.offset))
      upsertFile.bind(5, mark.isDone ? 1 : 0)
      upsertFile.bind(6, mark.head)
      upsertFile.bind(7, now.milliseconds)
      try upsertFile.run()
    case .chainBegan: try deletions.beginChain()
    case .rowsSeen(let keys): try deletions.see(keys)
    case .deletionsWait(let keys):
      for key in keys where try deletions.wait(key) { try settle(key.description) }
    case .filteredOutWait(let keys): try deletions.waitThoughSeen(keys)
    case .deletionsDropped(let keys): try deletions.drop(keys)
    case .deletionFailed(let key): try deletions.fail(key)
    case .deletionsReleased(let approved): try deletions.release(approved: approved, at: now)
    case .deleted(let key, let approved):
      try deletions.finish(key, approved: approved, at: now)
      if try forget(key) { try links.depart(key) }
      try settle(key.description)
    case .linked(let key, let parents): links.keep(key, parents)
    case .orphaned(let key, let rejection):
      try doubt(key)
      try links.depart(key)
      isPending.bind(1, rejection.key)
      let waits = try isPending.step()
      isPending.reset()
      if !waits { try put(rejection, at: now) }
    case .scanBegan(let number):
      scan = number
      writeScan.bind(1, number)
      try writeScan.run()
    case .scanned(let keys):
      markScanned.bind(2, scan)
      for key in keys {
        markScanned.bind(1, key.rank.high, key.rank.low)
        try markScanned.run()
      }
    case .allDoubted: try database.run(Self.doubtingAll)
    case .listed(let keys): try list.add(keys)
    case .crossedOff(let keys): try list.crossOff(keys)
    case .listCleared: try list.clear()
    default: try recordAbroad(entry, at: now)
    }
  }

  /// What is remembered of events and opt-outs.
  private func recordAbroad(_ entry: LedgerEntry, at now: Instant) throws(SyncError) {
    switch entry {
    case .arrived(let ids): try events.put(ids, at: now)
    case .forgotEvents(let moment, let listed): try events.forget(before: moment, listed)
    case .consents(let records): try consents.put(records)
    case .consentsForgotten(let contacts): try consents.forget(contacts)
    case .allConsentsForgotten: try database.run("DELETE FROM consents")
    case .decided(let decisions): try consents.put(decisions)
    case .forgotDecisions(let moment): try consents.forgetDecisions(before: moment)
    default: throw SyncError(.bug, "record in the ledger", "an entry of this kind has no table")
    }
  }

  /// - Returns: whether the row was known.
  private func forget(_ key: RowKey) throws(SyncError) -> Bool {
    deleteKnown.bind(1, key.rank.high, key.rank.low)
    try deleteKnown.run()
    let wasKnown = database.changes > 0
    if wasKnown { known -= 1 }
    try links.forget(key)
    return wasKnown
  }

  private func put(_ keys: [RowKey]) throws(SyncError) {
    let rest = try keys.batches { (keys) throws(SyncError) in
      let new = try insertSent.run(keys, scan)
      known += new
      if new < keys.count { _ = try updateSent.run(keys, scan) }
    }
    for key in rest { try put(key, nil) }
  }

  /// Most rows are new in a load, and there in a delta: either way two look-ups at most.
  private func put(_ key: RowKey, _ digest: RowDigest?) throws(SyncError) {
    try bind(insertKnown, key, digest)
    try insertKnown.run()
    guard database.changes == 0 else {
      known += 1
      return
    }
    try bind(updateKnown, key, digest)
    try updateKnown.run()
  }

  /// The row is proven no more; no scan has had it because of that.
  private func doubt(_ key: RowKey) throws(SyncError) {
    try bind(insertKnown, key, nil)
    try insertKnown.run()
    guard database.changes == 0 else {
      known += 1
      return
    }
    doubt.bind(1, key.rank.high, key.rank.low)
    try doubt.run()
  }

  private func bind(_ statement: Statement, _ key: RowKey, _ digest: RowDigest?) throws(SyncError) {
    statement.bind(1, key.rank.high, key.rank.low)
    statement.bind(2, digest == nil ? 0 : 1)
    if let digest {
      statement.bind(3, digest.high, digest.low)
    } else {
      statement.bind(3, nil as String?)
    }
    statement.bind(4, scan)
  }

  private func put(_ rejection: Rejection, at now: Instant) throws(SyncError) {
    upsertPending.bind(1, rejection.rule)
    upsertPending.bind(2, rejection.parent?.job)
    if let parent = rejection.parent?.key.rank {
      upsertPending.bind(3, parent.high, parent.low)
    } else {
      upsertPending.bind(3, nil as String?)
    }
    upsertPending.bind(4, rejection.key)
    upsertPending.bind(5, rejection.what.rawValue)
    upsertPending.bind(6, rejection.reason)
    upsertPending.bind(7, rejection.excerpt)
    upsertPending.bind(8, now.milliseconds)
    upsertPending.bind(9, rejection.line)
    try upsertPending.run()
    hasPending = true
  }

  private func settle(_ key: String) throws(SyncError) {
    deletePending.bind(1, key)
    try deletePending.run()
  }
}
