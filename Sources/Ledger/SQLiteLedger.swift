import Core
import Glibc
import Synchronization

/// `state/ENV/JOB/ledger.sqlite`: known rows, pending records, files of one job.
///
/// One connection records, one reads on its own thread; write-ahead log, flushed at each `record`.
/// Mode 0600, and SQLite gives its side files the same.
package final class SQLiteLedger: Ledger, ParentRecords, ArrivedEvents, ConsentRecords,
  KeyList
{
  /// The secret of the row digests: 32 random bytes, made with the ledger.
  package let digestKey: [UInt8]
  /// What the ledger was made for.
  package let identity: JobIdentity

  private let writer: Mutex<LedgerWriter>
  private let reader: LedgerReader

  package static func exists(in folder: String) -> Bool {
    access(path(in: folder), F_OK) == 0
  }

  /// Makes an empty ledger; the folder exists.
  ///
  /// A crash leaves a whole ledger or none.
  ///
  /// - Parameter folder: of the job: `state/ENV/JOB`.
  package static func create(
    in folder: String, identity: JobIdentity
  ) throws(SyncError) -> SQLiteLedger {
    let path = path(in: folder)
    guard !exists(in: folder) else {
      throw SyncError(.storage, "make \(path)", "it is there already", next: SyncError.wayOut(path))
    }
    let temporary = path + ".new"
    unlink(temporary)
    unlink(temporary + "-journal")
    removeSideFiles(path)  // of a ledger that somebody removed: they would be read into this one
    let file = Glibc.open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0, fchmod(file, 0o600) == 0 else {
      throw SyncError(
        .storage, "make \(path)", "the system refused it", code: "errno \(errno)",
        next: "check the owner, the mode and the free space of the folder")
    }
    close(file)
    try fill(temporary, identity)
    guard rename(temporary, path) == 0 else {  // the first checkpoint flushes the folder
      throw SyncError(.storage, "make \(path)", "the rename failed", code: "errno \(errno)")
    }
    return try open(in: folder)
  }

  /// Removes the ledger; the checkpoint goes first, as without its log a ledger may be older.
  package static func remove(in folder: String) throws(SyncError) {
    let path = path(in: folder)
    removeSideFiles(path)
    guard unlink(path) == 0 || errno == ENOENT else {
      throw SyncError(
        .storage, "remove \(path)", "the system refused it", code: "errno \(errno)",
        next: "check the owner and the mode of the folder")
    }
  }

  private static func removeSideFiles(_ path: String) {
    for suffix in ["-wal", "-shm", "-journal"] { unlink(path + suffix) }
  }

  /// Opens a ledger that is there, and brings an older one to today's format.
  ///
  /// - Parameter identity: of the checkpoint beside it; another one is refused.
  package static func open(
    in folder: String, identity: JobIdentity? = nil
  ) throws(SyncError) -> SQLiteLedger {
    let ledger = try SQLiteLedger(path(in: folder), isLooking: false)
    guard let identity, identity != ledger.identity else { return ledger }
    let path = path(in: folder)
    throw SyncError(
      .storage, "open \(path)", "it belongs to another job than the checkpoint beside it",
      next: SyncError.wayOut(path))
  }

  /// Opens a ledger that is there to be read only: nothing of it changes.
  ///
  /// - Errors: 74 where it is of an older format.
  package static func look(in folder: String) throws(SyncError) -> SQLiteLedger {
    try SQLiteLedger(path(in: folder), isLooking: true)
  }

  /// Gives the ledger to another pair of systems: what was proven of the old one is proven no more.
  ///
  /// The job's run does not hold it meanwhile.
  package static func adopt(in folder: String, for identity: JobIdentity) throws(SyncError) {
    let path = path(in: folder)
    guard access(path, F_OK) == 0 else {
      throw SyncError(.storage, "open \(path)", "it is missing", next: SyncError.wayOut(path))
    }
    let database = try Database(at: path)
    try database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    try bringToToday(database, path)
    try database.transaction { () throws(SyncError) in
      for row in identity.rows { try Schema.set(row.name, row.text, in: database) }
      try database.run(LedgerWriter.doubtingAll)
    }
  }

  private init(_ path: String, isLooking: Bool) throws(SyncError) {
    guard access(path, F_OK) == 0 else {
      throw SyncError(.storage, "open \(path)", "it is missing", next: SyncError.wayOut(path))
    }
    let database = try Database(at: path)
    if isLooking {
      try database.run("PRAGMA query_only = 1")
      try Self.requireToday(database, path)
    } else {
      try database.run(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -2048;"
          + "PRAGMA journal_size_limit = 16777216")
      try Self.bringToToday(database, path)
    }
    let read = try Self.readMeta(database)
    guard read.key.count == 32 else { throw .sqlite(11, "open \(path)", path) }  // SQLITE_CORRUPT
    (digestKey, identity) = (read.key, read.identity)
    reader = try LedgerReader(path)
    writer = Mutex(try LedgerWriter(database))
  }

  package func record(_ entries: [LedgerEntry], at now: Instant) throws(SyncError) {
    try writer.withLock { writer throws(SyncError) in try writer.record(entries, at: now) }
  }

  package func known(_ keys: [RowKey]) async throws(SyncError) -> [RowKey: KnownRow] {
    try await reader.known(keys)
  }

  package func knownCount() async throws(SyncError) -> Int { try await reader.knownCount() }
  package func pendingCount() async throws(SyncError) -> Int { try await reader.pendingCount() }

  package func pending(after key: String?, limit: Int) async throws(SyncError) -> [PendingRecord] {
    try await reader.pending(after: key, limit: limit)
  }

  package func file(_ name: String) async throws(SyncError) -> FileMark? {
    try await reader.file(name)
  }

  package func deletions(
    released: Bool, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [Deletion] {
    try await reader.deletions(released: released, after: key, limit: limit)
  }

  package func deletionCounts(since: Instant) async throws(SyncError) -> DeletionCounts {
    try await reader.deletionCounts(since: since)
  }

  package func serial() async throws(SyncError) -> String { try await reader.serial() }
  package func standing(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try await reader.standing(keys)
  }
  package func staged(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try await reader.staged(keys)
  }

  package func held(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try await reader.held(keys)
  }

  package func heldCount() async throws(SyncError) -> Int { try await reader.heldCount() }

  package func parents(of keys: [RowKey]) async throws(SyncError) -> [RowKey: [RowKey]] {
    try await reader.parents(of: keys)
  }

  package func children(
    of parent: RowKey, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [RowKey] {
    try await reader.children(of: parent, after: key, limit: limit)
  }

  package func lastScan() async throws(SyncError) -> Int { try await reader.lastScan() }

  package func absent(after key: RowKey?, limit: Int) async throws(SyncError) -> [RowKey] {
    try await reader.absent(after: key, limit: limit)
  }

  package func listedCount() async throws(SyncError) -> Int { try await reader.listedCount() }

  package func boundaries(of pieces: Int) async throws(SyncError) -> [RowKey] {
    try await reader.boundaries(of: pieces)
  }

  package func unread(
    in range: KeyRange, limit: Int
  ) async throws(SyncError) -> [RowKey] {
    try await reader.unread(in: range, limit: limit)
  }

  package func departed(
    after position: Int, limit: Int
  ) async throws(SyncError) -> [Departure] {
    try await reader.departed(after: position, limit: limit)
  }

  package func arrived(_ ids: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try await reader.arrived(ids)
  }

  package func consents(
    of contacts: [RowKey]
  ) async throws(SyncError) -> [RowKey: [ConsentAttribute: ConsentRecord]] {
    try await reader.consents(of: contacts)
  }

  package func due(after contact: RowKey?, limit: Int) async throws(SyncError) -> [RowKey] {
    try await reader.due(after: contact, limit: limit)
  }

  package func dueCount() async throws(SyncError) -> Int { try await reader.dueCount() }

  package func decisions(
    of contact: RowKey?, limit: Int
  ) async throws(SyncError) -> [ConsentDecision] {
    try await reader.decisions(of: contact, limit: limit)
  }

  private static func path(in folder: String) -> String { folder + "/ledger.sqlite" }

  private static func fill(_ path: String, _ identity: JobIdentity) throws(SyncError) {
    let database = try Database(at: path)
    try database.run("PRAGMA synchronous = FULL")
    try Schema.migrate(database, from: 0, by: Schema.steps)
    var random = SystemRandomNumberGenerator()  // getrandom(2)
    let key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    try database.transaction { () throws(SyncError) in
      try Schema.set("digestKey", bytes: key, in: database)
      for row in identity.rows { try Schema.set(row.name, row.text, in: database) }
    }
  }

  private static func bringToToday(_ database: Database, _ path: String) throws(SyncError) {
    let format = try format(of: database, path)
    if format < Schema.current {
      try Schema.migrate(database, from: format, by: Schema.steps)
    }
  }

  private static func requireToday(_ database: Database, _ path: String) throws(SyncError) {
    let format = try format(of: database, path)
    guard format == Schema.current else {
      let job = path.split(separator: "/").dropLast().last ?? "JOB"
      throw SyncError(
        .storage, "open \(path)",
        "it has format \(format); this version reads \(Schema.current), and a command that only "
          + "looks changes nothing", next: "campaign-sync run \(job) brings it to today's format")
    }
  }

  /// - Errors: 74 where this version does not know it.
  private static func format(of database: Database, _ path: String) throws(SyncError) -> Int {
    guard let format = try Schema.format(of: database) else {
      throw SyncError(.storage, "open \(path)", "it is no ledger", next: SyncError.wayOut(path))
    }
    guard format <= Schema.current else {
      throw SyncError(
        .storage, "open \(path)",
        "it has format \(format); this version knows up to \(Schema.current)",
        next: "install the version of campaign-sync that wrote it, or a newer one")
    }
    return format
  }

  private static func readMeta(
    _ database: Database
  ) throws(SyncError) -> (key: [UInt8], identity: JobIdentity) {
    let statement = try database.prepare("SELECT name, value FROM meta")
    var texts: [String: String] = [:]
    var key: [UInt8] = []
    while try statement.step() {
      let name = statement.text(0) ?? ""
      if name == "digestKey" {
        key = statement.bytes(1)
      } else {
        texts[name] = statement.text(1)
      }
    }
    func text(_ name: String) -> String { texts["identity." + name] ?? "" }
    return (
      key,
      JobIdentity(
        organization: text("organization"), dynamicsHost: text("dynamicsHost"),
        campaign: text("campaign"), table: text("table"), resource: text("resource"),
        key: text("key"))
    )
  }
}
