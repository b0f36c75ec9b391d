import Core
import Synchronization

/// A ledger that forgets everything with the test; what was recorded survives `crash` of the others.
package final class MemoryLedger: Ledger {
  private struct PendingKey: Hashable {
    var key: String
    var what: Rejection.What
  }

  private struct Content {
    var known: [RowKey: KnownRow] = [:]
    var pending: [PendingKey: PendingRecord] = [:]
    var files: [String: FileMark] = [:]
  }

  private let content = Mutex(Content())

  package init() {}

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
    case .sent(let key): content.known[key] = .sent
    case .sentAll(let keys): for key in keys { content.known[key] = .sent }
    case .proven(let key, let digest):
      content.known[key] = .proven(digest)
      content.pending = content.pending.filter { $0.key.key != key.description }
    case .forgotten(let key): content.known[key] = nil
    case .pending(let rejection):
      let key = PendingKey(key: rejection.key, what: rejection.what)
      var record =
        content.pending[key] ?? PendingRecord(rejection: rejection, first: now, attempts: 0)
      record.rejection = rejection
      record.attempts += 1
      content.pending[key] = record
    case .settled(let key): content.pending = content.pending.filter { $0.key.key != key }
    case .file(let mark): content.files[mark.name] = mark
    }
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

  private static func bytes(_ key: String) -> [UInt8] { Array(key.utf8) }
}
