import Campaign
import Core
import Dataverse

/// One job's table and resource, looked at and never written: for commands that only look.
struct BothSides: Sendable {
  let settings: IngressSettings
  let dynamics: DataverseClient
  let table: TableSchema
  let resource: ResourceSchema
  let plan: RowPlan
  let query: TableQuery
  let store: any ResourceStore
  /// Records looked up at once.
  let atOnce: Int

  /// - Errors: what the schemas of today refute in the mapping.
  init(_ settings: IngressSettings, _ connections: Connections) async throws(SyncError) {
    let campaign = try connections.campaign()
    self.settings = settings
    dynamics = try connections.dynamics()
    table = try await dynamics.table(settings.table)
    resource = try await campaign.resource(settings.resource)
    plan = try RowPlan(settings, table: table, resource: resource)
    query = TableQuery(entitySet: table.entitySet, columns: plan.columns)
    store = try campaign.store(for: resource, key: settings.key, lookup: settings.lookup)
    atOnce = max(1, connections.environment.campaign.concurrency)
  }

  /// What Campaign shows of one mapped row.
  enum Found: Sendable {
    case missing
    case equal
    /// Names of the fields that an update would write.
    case different([String])
    case several
  }

  ///
  /// - Parameter mayOptIn: false for rows that are read in bulk.
  func find(_ row: MappedRow, mayOptIn: Bool = true) async throws(SyncError) -> Found {
    let records = try await store.find(key: row.key.description, fields: plan.fieldNames)
    guard let record = records.first else { return .missing }
    if records.count > 1 { return .several }
    let names = row.differences(from: record, mayOptIn: mayOptIn).map(\.name)
    return names.isEmpty ? .equal : .different(names)
  }

  /// Looks rows up, several at once; the answers come in the order of the rows.
  func find(_ rows: [MappedRow], mayOptIn: Bool = true) async throws(SyncError) -> [Found] {
    try await inParallel(rows, atOnce: atOnce) { row async throws(SyncError) in
      try await find(row, mayOptIn: mayOptIn)
    }
  }

  /// Reads rows afresh, several at once; nil where a row is gone.
  func read(_ keys: [RowKey]) async throws(SyncError) -> [RecordOutcome?] {
    try await inParallel(keys, atOnce: 4) { key async throws(SyncError) -> RecordOutcome? in
      guard let page = try await dynamics.row(query, key: key), page.rows == 1 else { return nil }
      return plan.record(page, row: 0)
    }
  }
}

/// Works on all items, some at once; results in the order of the items, the first failure ends it.
func inParallel<Item: Sendable, Output: Sendable>(
  _ items: [Item], atOnce: Int, _ work: @escaping @Sendable (Item) async throws(SyncError) -> Output
) async throws(SyncError) -> [Output] {
  let results = await withTaskGroup(of: (Int, Result<Output, SyncError>).self) { group in
    var results = [Result<Output, SyncError>?](repeating: nil, count: items.count)
    var next = 0
    var running = 0
    var hasFailed = false
    while true {
      while running < atOnce, next < items.count, !hasFailed {
        let index = next
        group.addTask {
          do throws(SyncError) {
            return (index, .success(try await work(items[index])))
          } catch {
            return (index, .failure(error))
          }
        }
        (next, running) = (next + 1, running + 1)
      }
      guard running > 0, let (index, result) = await group.next() else { return results }
      running -= 1
      results[index] = result
      if case .failure = result { hasFailed = true }
    }
  }
  var outputs: [Output] = []
  outputs.reserveCapacity(items.count)
  for case .failure(let error)? in results { throw error }
  for case let result? in results { outputs.append(try result.get()) }
  return outputs
}
