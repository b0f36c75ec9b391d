import Core
import Threads

/// The connection that reads, on a thread of its own; it sees what was recorded, never half of it.
actor LedgerReader {
  private let thread = ThreadExecutor(name: "ledger")
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private let selectKnown, selectCount: Statement
  private let selectPending, selectRest, countPending: Statement
  private let selectFile: Statement
  private let selectDeletions, countDeletions, countDeleted: Statement
  private let selectSerial, selectStanding, selectHeld, countHeld, selectParents, selectChildren,
    selectAbsent,
    selectDeparted, selectScan, selectStaged, selectArrived: Statement

  private let consents: ConsentReader
  private let list: ListReader

  init(_ path: String) throws(SyncError) {
    let database = try Database(at: path)
    try database.run("PRAGMA query_only = 1; PRAGMA cache_size = -4096")
    let columns = "key, what, rule, reason, excerpt, first, attempts, job, parent, line"
    selectKnown = try database.prepare("SELECT state, digest FROM known WHERE key = ?")
    selectCount = try database.prepare("SELECT value FROM meta WHERE name = 'known'")
    selectPending = try database.prepare(
      "SELECT \(columns) FROM pending WHERE key > ? ORDER BY key, what LIMIT ?")
    selectRest = try database.prepare(
      "SELECT \(columns) FROM pending WHERE key = ? AND what > ? ORDER BY what")
    countPending = try database.prepare("SELECT count(*) FROM pending")
    selectFile = try database.prepare(
      "SELECT size, modified, offset, done, head FROM files WHERE name = ?")
    selectDeletions = try database.prepare(
      """
      SELECT key, state FROM deletions WHERE key > ? AND state BETWEEN ? AND ?
      ORDER BY key LIMIT ?
      """)
    countDeletions = try database.prepare(
      "SELECT count(*) FROM deletions WHERE state BETWEEN ? AND ?")
    countDeleted = try database.prepare(
      "SELECT count(*) FROM deleted WHERE at >= ? AND approved = 0")
    selectStaged = try database.prepare("SELECT 1 FROM staged WHERE key = ?")
    selectSerial = try database.prepare("SELECT value FROM meta WHERE name = 'serial'")
    selectStanding = try database.prepare(
      """
      SELECT 1 FROM known WHERE key = ?1 AND NOT EXISTS
      (SELECT 1 FROM pending WHERE key = ?2 AND parent IS NOT NULL)
      AND NOT EXISTS (SELECT 1 FROM staged WHERE key = ?1)
      """)
    selectHeld = try database.prepare(
      "SELECT 1 FROM pending WHERE key = ? AND parent IS NOT NULL")
    countHeld = try database.prepare("SELECT count(*) FROM pending WHERE parent IS NOT NULL")
    selectParents = try database.prepare("SELECT parent FROM links WHERE key = ?")
    selectChildren = try database.prepare(
      """
      SELECT key FROM links WHERE parent = ?1 AND key > ?2
      UNION SELECT key FROM formerly WHERE parent = ?1 AND key > ?2 ORDER BY key LIMIT ?3
      """)
    selectAbsent = try database.prepare(
      """
      SELECT key FROM known WHERE key > ? AND scan < (SELECT value FROM meta WHERE name = 'scan')
      ORDER BY key LIMIT ?
      """)
    consents = try ConsentReader(database)
    list = try ListReader(database)
    selectArrived = try database.prepare("SELECT 1 FROM arrived WHERE id = ?")
    selectScan = try database.prepare("SELECT value FROM meta WHERE name = 'scan'")
    selectDeparted = try database.prepare(
      "SELECT position, key FROM departed WHERE position > ? ORDER BY position LIMIT ?")
  }

  func known(_ keys: [RowKey]) throws(SyncError) -> [RowKey: KnownRow] {
    var rows: [RowKey: KnownRow] = [:]
    rows.reserveCapacity(keys.count)
    for key in keys {
      selectKnown.bind(1, key.rank.high, key.rank.low)
      guard try selectKnown.step() else { continue }
      let digest = selectKnown.words(1)
      rows[key] = digest.map { .proven(RowDigest(high: $0.high, low: $0.low)) } ?? .sent
      selectKnown.reset()
    }
    return rows
  }

  func knownCount() throws(SyncError) -> Int { try number(selectCount) }
  func pendingCount() throws(SyncError) -> Int { try number(countPending) }

  /// At most `limit` records, and what else belongs to the last one's key, so that the next call
  /// passes over nothing.
  func pending(after key: String?, limit: Int) throws(SyncError) -> [PendingRecord] {
    selectPending.bind(1, key ?? "")
    selectPending.bind(2, limit)
    var records = try read(selectPending)
    guard records.count == limit, let last = records.last else { return records }
    selectRest.bind(1, last.rejection.key)
    selectRest.bind(2, last.rejection.what.rawValue)
    records += try read(selectRest)
    return records
  }

  func file(_ name: String) throws(SyncError) -> FileMark? {
    selectFile.bind(1, name)
    guard try selectFile.step() else { return nil }
    defer { selectFile.reset() }
    return FileMark(
      name: name, size: UInt64(bitPattern: selectFile.integer(0)),
      modified: selectFile.integer(1), offset: UInt64(bitPattern: selectFile.integer(2)),
      isDone: selectFile.integer(3) == 1, head: selectFile.text(4) ?? "")
  }

  func deletions(
    released: Bool, after key: RowKey?, limit: Int
  ) throws(SyncError) -> [Deletion] {
    selectDeletions.bind(1, after: key)
    let states = Self.states(released: released)
    selectDeletions.bind(2, states.lowerBound)
    selectDeletions.bind(3, states.upperBound)
    selectDeletions.bind(4, limit)
    var deletions: [Deletion] = []
    while try selectDeletions.step() {
      guard let words = selectDeletions.words(0) else { continue }
      let isApproved = selectDeletions.integer(1) == 3
      deletions.append(Deletion(key: RowKey(rank: words), isApproved: isApproved))
    }
    return deletions
  }

  func deletionCounts(since: Instant) throws(SyncError) -> DeletionCounts {
    func count(_ states: ClosedRange<Int>) throws(SyncError) -> Int {
      countDeletions.bind(1, states.lowerBound)
      countDeletions.bind(2, states.upperBound)
      return try number(countDeletions)
    }
    countDeleted.bind(1, since.milliseconds)
    return DeletionCounts(
      waiting: try count(Self.states(released: false)),
      released: try count(Self.states(released: true)), recent: try number(countDeleted))
  }

  func serial() throws(SyncError) -> String {
    defer { selectSerial.reset() }
    return try selectSerial.step() ? selectSerial.text(0) ?? "" : ""
  }

  func standing(_ keys: [RowKey]) throws(SyncError) -> Set<RowKey> {
    var standing: Set<RowKey> = []
    for key in keys {
      selectStanding.bind(1, key.rank.high, key.rank.low)
      selectStanding.bind(2, key.description)
      if try selectStanding.step() { standing.insert(key) }
      selectStanding.reset()
    }
    return standing
  }

  func staged(_ keys: [RowKey]) throws(SyncError) -> Set<RowKey> {
    var staged: Set<RowKey> = []
    for key in keys {
      selectStaged.bind(1, key.rank.high, key.rank.low)
      if try selectStaged.step() { staged.insert(key) }
      selectStaged.reset()
    }
    return staged
  }

  func held(_ keys: [RowKey]) throws(SyncError) -> Set<RowKey> {
    var held: Set<RowKey> = []
    for key in keys {
      selectHeld.bind(1, key.description)
      if try selectHeld.step() { held.insert(key) }
      selectHeld.reset()
    }
    return held
  }

  func heldCount() throws(SyncError) -> Int { try number(countHeld) }

  func parents(of keys: [RowKey]) throws(SyncError) -> [RowKey: [RowKey]] {
    var parents: [RowKey: [RowKey]] = [:]
    for key in keys {
      selectParents.bind(1, key.rank.high, key.rank.low)
      let found = try self.keys(selectParents)
      if !found.isEmpty { parents[key] = found }
    }
    return parents
  }

  func children(
    of parent: RowKey, after key: RowKey?, limit: Int
  ) throws(SyncError) -> [RowKey] {
    selectChildren.bind(1, parent.rank.high, parent.rank.low)
    selectChildren.bind(2, after: key)
    selectChildren.bind(3, limit)
    return try keys(selectChildren)
  }

  func lastScan() throws(SyncError) -> Int { try number(selectScan) }

  func absent(after key: RowKey?, limit: Int) throws(SyncError) -> [RowKey] {
    selectAbsent.bind(1, after: key)
    selectAbsent.bind(2, limit)
    return try keys(selectAbsent)
  }

  func departed(after position: Int, limit: Int) throws(SyncError) -> [Departure] {
    selectDeparted.bind(1, position)
    selectDeparted.bind(2, limit)
    var departed: [Departure] = []
    while try selectDeparted.step() {
      guard let words = selectDeparted.words(1) else { continue }
      departed.append(
        Departure(
          position: Int(selectDeparted.integer(0)), key: RowKey(rank: words)))
    }
    return departed
  }

  func arrived(_ ids: [RowKey]) throws(SyncError) -> Set<RowKey> {
    var arrived: Set<RowKey> = []
    for id in ids {
      selectArrived.bind(1, id.rank.high, id.rank.low)
      if try selectArrived.step() { arrived.insert(id) }
      selectArrived.reset()
    }
    return arrived
  }

  func consents(
    of contacts: [RowKey]
  ) throws(SyncError) -> [RowKey: [ConsentAttribute: ConsentRecord]] {
    try consents.records(of: contacts)
  }

  func listedCount() throws(SyncError) -> Int { try list.listedCount() }
  func boundaries(of pieces: Int) throws(SyncError) -> [RowKey] { try list.boundaries(of: pieces) }
  func unread(in range: KeyRange, limit: Int) throws(SyncError) -> [RowKey] {
    try list.unread(in: range, limit: limit)
  }

  func due(after contact: RowKey?, limit: Int) throws(SyncError) -> [RowKey] {
    try consents.due(after: contact, limit: limit)
  }

  func dueCount() throws(SyncError) -> Int { try consents.dueCount() }

  func decisions(of contact: RowKey?, limit: Int) throws(SyncError) -> [ConsentDecision] {
    try consents.decisions(of: contact, limit: limit)
  }

  private func keys(_ statement: Statement) throws(SyncError) -> [RowKey] {
    var keys: [RowKey] = []
    while try statement.step() {
      if let words = statement.words(0) { keys.append(RowKey(rank: words)) }
    }
    return keys
  }

  private static func states(released: Bool) -> ClosedRange<Int> { released ? 2...3 : 1...1 }

  private func number(_ statement: Statement) throws(SyncError) -> Int {
    defer { statement.reset() }
    return try statement.step() ? Int(statement.integer(0)) : 0
  }

  private func read(_ statement: Statement) throws(SyncError) -> [PendingRecord] {
    var records: [PendingRecord] = []
    while try statement.step() {
      var rejection = Rejection(
        key: statement.text(0) ?? "",
        what: Rejection.What(rawValue: statement.text(1) ?? "") ?? .row,
        rule: statement.text(2) ?? "", reason: statement.text(3) ?? "", excerpt: statement.text(4))
      if let job = statement.text(7), let words = statement.words(8) {
        rejection.parent = ParentKey(job: job, key: RowKey(rank: words))
      }
      rejection.line = statement.text(9)
      let first = Instant(milliseconds: statement.integer(5))
      records.append(
        PendingRecord(rejection: rejection, first: first, attempts: Int(statement.integer(6))))
    }
    return records
  }
}

extension Statement {
  /// Of rows in the order of their keys, those behind this one; nil: all.
  func bind(_ index: Int32, after key: RowKey?) {
    if let rank = key?.rank {
      bind(index, rank.high, rank.low)
    } else {
      bind(index, "")  // every blob comes after every text
    }
  }
}
