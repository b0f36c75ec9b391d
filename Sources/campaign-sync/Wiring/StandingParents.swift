import Core
import Ledger

/// Which parents are in Campaign, as far as the ledgers of their jobs know; for commands that look.
struct StandingParents: Sendable {
  private let ledgers: [String: any ParentRecords]

  init(_ state: JobState) throws(SyncError) {
    ledgers = try state.parentLedgers { folder throws(SyncError) in
      try SQLiteLedger.look(in: folder)
    }
  }

  /// By key: the first parent that is not there, of the rows that have one.
  func missing(for rows: [MappedRow]) async throws(SyncError) -> [RowKey: ParentKey] {
    var missing = Set(rows.flatMap(\.parents))
    for (job, ledger) in ledgers {
      let standing = try await ledger.standing(missing.filter { $0.job == job }.map(\.key))
      missing = missing.filter { $0.job != job || !standing.contains($0.key) }
    }
    var waits: [RowKey: ParentKey] = [:]
    for row in rows { waits[row.key] = row.parents.first(where: missing.contains) }
    return waits
  }
}
