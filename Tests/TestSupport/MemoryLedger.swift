import Core
import Synchronization

/// A ledger that forgets everything with the test; what was recorded survives `crash` of the others.
package final class MemoryLedger: Ledger, ParentRecords, ArrivedEvents, ConsentRecords,
  KeyList
{
  struct PendingKey: Hashable {
    var key: String
    var what: Rejection.What
  }

  enum DeletionState { case seen, waiting, released, approved }

  struct Content {
    var known: [RowKey: KnownRow] = [:]
    var pending: [PendingKey: PendingRecord] = [:]
    var files: [String: FileMark] = [:]
    var deletions: [RowKey: DeletionState] = [:]
    var deleted: [RowKey: (at: Instant, isApproved: Bool)] = [:]
    var departed: [RowKey] = []
    var links: [RowKey: Set<RowKey>] = [:]
    var formerly: [RowKey: [RowKey: Instant]] = [:]
    var scan = 0
    /// How often it was lost.
    var life = 0
    var staged: Set<RowKey> = []
    var scanned: [RowKey: Int] = [:]
    var listed: Set<RowKey> = []
    var arrived: [RowKey: Instant] = [:]
    var recorded: [String: Instant] = [:]
    var consents: [RowKey: [ConsentAttribute: ConsentRecord]] = [:]
    var decisions: [ConsentDecision] = []

    mutating func put(_ key: RowKey, _ row: KnownRow) {
      known[key] = row
      scanned[key] = scan
    }
  }

  private let content = Mutex(Content())

  package init() {}

  /// Somebody removed it, and a new one is there.
  package func lose() {
    content.withLock { content in
      let life = content.life + 1
      content = Content()
      content.life = life
    }
  }

  /// A backup.
  package func copy() -> MemoryLedger {
    let copy = MemoryLedger()
    let all = content.withLock { $0 }
    copy.content.withLock { $0 = all }
    return copy
  }

  /// All known rows, for comparing two stories.
  package var rows: [RowKey: KnownRow] { content.withLock { $0.known } }

  /// All that waits, without times and attempts: "key what rule".
  package var waiting: [String] {
    content.withLock { content in
      content.pending.values
        .map { "\($0.rejection.key) \($0.rejection.what.rawValue) \($0.rejection.rule)" }.sorted()
    }
  }

  package func record(_ entries: [LedgerEntry], at now: Instant) throws(SyncError) {
    content.withLock { content in
      for entry in entries { Self.record(entry, at: now, in: &content) }
    }
  }

  private static func record(_ entry: LedgerEntry, at now: Instant, in content: inout Content) {
    switch entry {
    case .sent(let key): content.put(key, .sent)
    case .sentAll(let keys): for key in keys { content.put(key, .sent) }
    case .staged(let keys): content.staged.formUnion(keys)
    case .stagedArrived: content.staged = []
    case .proven(let key, let digest):
      content.put(key, .proven(digest))
      content.pending = content.pending.filter { $0.key.key != key.description }
    case .forgotten(let key): content.forget(key)
    case .pending(let rejection):
      let key = PendingKey(key: rejection.key, what: rejection.what)
      var record =
        content.pending[key] ?? PendingRecord(rejection: rejection, first: now, attempts: 0)
      record.rejection = rejection
      record.attempts += 1
      content.pending[key] = record
    case .settled(let key): content.pending = content.pending.filter { $0.key.key != key }
    case .keylessSettled:
      content.pending = content.pending.filter {
        $0.key.what != .row || $0.value.rejection.rule != Rejection.keyless
      }
    case .file(let mark):
      content.files[mark.name] = mark
      content.recorded[mark.name] = now
    case .arrived(let ids): for id in ids { content.arrived[id] = now }
    case .forgotEvents(let moment, let listed):
      content.arrived = content.arrived.filter {
        $0.value.seconds / 86_400 >= moment.seconds / 86_400
      }
      for (name, time) in content.recorded where time < moment && !listed.contains(name) {
        content.files[name] = nil
        content.recorded[name] = nil
      }
    case .linked(let key, let parents): content.link(key, Set(parents), at: now)
    case .orphaned(let key, let rejection):
      // No scan has had it because of that.
      if content.known[key] == nil { content.put(key, .sent) }
      content.known[key] = .sent
      content.departed.append(key)
      if !content.pending.keys.contains(where: { $0.key == rejection.key }) {
        record(.pending(rejection), at: now, in: &content)
      }
    case .scanBegan(let number): content.scan = number
    case .scanned(let keys): for key in keys { content.scanned[key] = content.scan }
    case .listed(let keys): content.listed.formUnion(keys)
    case .crossedOff(let keys): content.listed.subtract(keys)
    case .listCleared: content.listed = []
    case .allDoubted:
      for key in content.known.keys { content.known[key] = .sent }
      content.life += 1
    case .consents(let records):
      for record in records {
        content.consents[record.contact, default: [:]][record.attribute] = record
      }
    case .consentsForgotten(let contacts): for key in contacts { content.consents[key] = nil }
    case .allConsentsForgotten: content.consents = [:]
    case .decided(let decisions):
      for decision in decisions {
        content.decisions.removeAll {
          $0.contact == decision.contact && $0.attribute == decision.attribute
            && $0.at == decision.at
        }
        content.decisions.append(decision)
      }
    case .forgotDecisions(let moment): content.decisions.removeAll { $0.at < moment }
    default: recordDeletion(entry, at: now, in: &content)
    }
  }

  private static func recordDeletion(
    _ entry: LedgerEntry, at now: Instant, in content: inout Content
  ) {
    switch entry {
    case .chainBegan: content.deletions = content.deletions.filter { $0.value != .seen }
    case .rowsSeen(let keys):
      for key in keys {
        content.departReleased(key)
        content.deletions[key] = .seen
      }
    case .deletionsWait(let keys):
      for key in keys where content.deletions[key] != .seen {
        content.deletions[key] = content.deletions[key] ?? .waiting
        content.pending = content.pending.filter { $0.key.key != key.description }
      }
    case .filteredOutWait(let keys):
      for key in keys where [nil, .seen].contains(content.deletions[key]) {
        content.deletions[key] = .waiting
      }
    case .deletionsDropped(let keys):
      for key in keys where content.deletions[key] != .seen {
        content.departReleased(key)
        content.deletions[key] = nil
      }
    case .deletionFailed(let key):
      if content.deletions[key] != .seen { content.deletions[key] = nil }
    case .deletionsReleased(let approved):
      for (key, state) in content.deletions where state == .waiting {
        content.deletions[key] = approved ? .approved : .released
        if content.known[key] != nil { content.known[key] = .sent }
      }
      content.deleted = content.deleted.filter { $0.value.at >= now + (.zero - DeleteGuard.window) }
    case .deleted(let key, let approved):
      if content.deletions[key] != .seen { content.deletions[key] = nil }
      content.deleted[key] = (now, approved)
      if content.known[key] != nil { content.departed.append(key) }
      content.forget(key)
      content.pending = content.pending.filter { $0.key.key != key.description }
    default: break
    }
  }

  /// Keys whose deletion waits or is on its way.
  package var deletions: Set<RowKey> {
    content.withLock { content in
      Set(content.deletions.filter { $0.value != .seen }.map(\.key))
    }
  }

  package func deletions(
    released: Bool, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [Deletion] {
    let all = content.withLock { $0.deletions }
      .filter { released ? [.released, .approved].contains($0.value) : $0.value == .waiting }
      .map { Deletion(key: $0.key, isApproved: $0.value == .approved) }
      .sorted { ($0.key.high, $0.key.low) < ($1.key.high, $1.key.low) }
    let rest = all.drop { one in
      key.map { (one.key.high, one.key.low) <= ($0.high, $0.low) } ?? false
    }
    return Array(rest.prefix(limit))
  }

  package func deletionCounts(since: Instant) async throws(SyncError) -> DeletionCounts {
    content.withLock { content in
      let states = content.deletions.values
      return DeletionCounts(
        waiting: states.count { $0 == .waiting },
        released: states.count { $0 == .released || $0 == .approved },
        recent: content.deleted.values.count { $0.at >= since && !$0.isApproved })
    }
  }

  package func consents(
    of contacts: [RowKey]
  ) async throws(SyncError) -> [RowKey: [ConsentAttribute: ConsentRecord]] {
    content.withLock { content in
      content.consents.filter { contacts.contains($0.key) }
    }
  }

  package func due(after contact: RowKey?, limit: Int) async throws(SyncError) -> [RowKey] {
    let due = content.withLock { $0.consents }
      .filter { $0.value.values.contains { $0.due != nil && !$0.waits } }
      .keys.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    let rest = due.drop { one in
      contact.map { (one.high, one.low) <= ($0.high, $0.low) } ?? false
    }
    return Array(rest.prefix(limit))
  }

  package func dueCount() async throws(SyncError) -> Int {
    content.withLock { content in
      content.consents.count { $0.value.values.contains { $0.due != nil && !$0.waits } }
    }
  }

  package var allDecisions: [ConsentDecision] { content.withLock { $0.decisions } }

  package func decisions(
    of contact: RowKey?, limit: Int
  ) async throws(SyncError) -> [ConsentDecision] {
    let all = content.withLock { $0.decisions }.filter { contact == nil || $0.contact == contact }
    func rank(_ one: ConsentDecision) -> (Int64, UInt64, UInt64, Int) {
      (-one.at.milliseconds, one.contact.high, one.contact.low, one.attribute.place)
    }
    return Array(all.sorted { rank($0) < rank($1) }.prefix(limit))
  }

  package func known(_ keys: [RowKey]) async throws(SyncError) -> [RowKey: KnownRow] {
    content.withLock { content in
      var rows: [RowKey: KnownRow] = [:]
      for key in keys { rows[key] = content.known[key] }
      return rows
    }
  }

  package func knownCount() async throws(SyncError) -> Int { content.withLock { $0.known.count } }

  package func pendingCount() async throws(SyncError) -> Int {
    content.withLock { $0.pending.count }
  }

  package func pending(after key: String?, limit: Int) async throws(SyncError) -> [PendingRecord] {
    let sorted = content.withLock { $0.pending }
      .filter { key.map(Self.bytes)?.lexicographicallyPrecedes(Self.bytes($0.key.key)) ?? true }
      .sorted { one, other in
        one.key.key == other.key.key
          ? one.key.what.rawValue < other.key.what.rawValue
          : Self.bytes(one.key.key).lexicographicallyPrecedes(Self.bytes(other.key.key))
      }
      .map(\.value)
    let first = sorted.prefix(limit)
    let rest = sorted.dropFirst(limit).prefix { $0.rejection.key == first.last?.rejection.key }
    return Array(first + rest)
  }

  package func file(_ name: String) async throws(SyncError) -> FileMark? {
    content.withLock { $0.files[name] }
  }

  package func arrived(_ ids: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    content.withLock { content in Set(ids.filter { content.arrived[$0] != nil }) }
  }

  /// Every activity that was ever said to have arrived and is not forgotten.
  package var arrivals: Set<RowKey> { content.withLock { Set($0.arrived.keys) } }
  /// Every file that is known.
  package var files: [String: FileMark] { content.withLock { $0.files } }

  package func serial() async throws(SyncError) -> String {
    content.withLock { "memory \($0.life)" }
  }

  package func standing(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    content.withLock { content in
      Set(keys.filter { content.known[$0] != nil }).subtracting(content.held(keys))
        .subtracting(content.staged)
    }
  }

  package func held(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    content.withLock { $0.held(keys) }
  }

  package func staged(_ keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    content.withLock { $0.staged.intersection(keys) }
  }

  package func heldCount() async throws(SyncError) -> Int {
    content.withLock { $0.pending.values.count { $0.rejection.parent != nil } }
  }

  package func parents(of keys: [RowKey]) async throws(SyncError) -> [RowKey: [RowKey]] {
    content.withLock { content in
      var parents: [RowKey: [RowKey]] = [:]
      for key in keys { parents[key] = content.links[key].map { Array($0) } }
      return parents
    }
  }

  package func children(
    of parent: RowKey, after key: RowKey?, limit: Int
  ) async throws(SyncError) -> [RowKey] {
    let all = content.withLock { $0.children(of: parent) }
    return Self.page(all, after: key, limit)
  }

  package func lastScan() async throws(SyncError) -> Int { content.withLock { $0.scan } }

  package func absent(after key: RowKey?, limit: Int) async throws(SyncError) -> [RowKey] {
    let all = content.withLock { content in
      content.known.keys.filter { content.scanned[$0, default: 0] < content.scan }
    }
    return Self.page(all, after: key, limit)
  }

  package func listedCount() async throws(SyncError) -> Int { content.withLock { $0.listed.count } }

  package func boundaries(of pieces: Int) async throws(SyncError) -> [RowKey] {
    let sorted = content.withLock { $0.listed.sorted { $0.comes(before: $1) } }
    let size = sorted.count / max(pieces, 1)
    return size == 0 ? [] : (1..<pieces).map { sorted[$0 * size] }
  }

  package func unread(in range: KeyRange, limit: Int) async throws(SyncError) -> [RowKey] {
    let unread = content.withLock { content in
      content.listed.filter { key in
        let isRead = content.known[key] != nil && content.scanned[key] == content.scan
        return range.contains(key) && !isRead
      }
    }
    return Array(unread.sorted { $0.comes(before: $1) }.prefix(limit))
  }

  package func departed(after position: Int, limit: Int) async throws(SyncError) -> [Departure] {
    content.withLock { content in
      content.departed.enumerated().dropFirst(position).prefix(limit).map { index, key in
        Departure(position: index + 1, key: key)
      }
    }
  }

  private static func page(_ keys: [RowKey], after key: RowKey?, _ limit: Int) -> [RowKey] {
    let sorted = keys.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    let rest = sorted.drop { one in
      key.map { (one.high, one.low) <= ($0.high, $0.low) } ?? false
    }
    return Array(rest.prefix(limit))
  }

  private static func bytes(_ key: String) -> [UInt8] { Array(key.utf8) }
}
