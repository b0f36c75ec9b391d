import Core
import TestSupport
import Testing

@testable import Jobs

/// What a delta costs of which most rows changed in columns that nobody maps.
@Suite struct DeltaSavingsTests {
  @Test("100,000 changed rows, of which 2,000 differ: 2 x 2,000 engine calls, and not one more")
  func onlyWhatDiffersCosts() throws {
    let changes = LongChain(rows: 100_000, pageSize: 5000, oneDiffersIn: 50)
    let bench = try IngressBench { $0.initial = .api }
    #expect(bench.life(.initial).failure == nil)
    let different = try prove(changes, in: bench)
    #expect(different == 2000)
    let before = bench.resource.meter
    let job = bench.job(.delta)
    var ports = job.ports
    ports.source = changes
    let outcome = bench.perform(
      IngressJob(
        settings: job.settings, goal: .delta, before: job.before, target: job.target, ports: ports,
        staging: job.staging, loading: job.loading))
    #expect(outcome.failure == nil)
    #expect((outcome.tally.read, outcome.tally.updated) == (changes.rows, different))
    #expect(outcome.tally.engineCalls == 2 * different)
    #expect(outcome.tally.engineCallsSaved == changes.rows - different)
    let after = bench.resource.meter
    #expect(after.engineCalls - before.engineCalls == 2 * different)
    #expect(after.finds - before.finds == different, "not even a look-up for the others")
  }

  /// As a load by API leaves it, without the time that one takes.
  ///
  /// - Returns: how many rows will differ.
  private func prove(_ changes: LongChain, in bench: IngressBench) throws -> Int {
    let query = TableQuery(entitySet: "contacts", columns: bench.plan.columns)
    var different = 0
    for number in 0..<changes.rows / changes.pageSize {
      let page = changes.page(number, query, isBefore: true)
      var entries: [LedgerEntry] = []
      for row in 0..<page.rows {
        guard case .mapped(let mapped) = bench.plan.record(page, row: row) else { continue }
        entries.append(.proven(mapped.key, digest: bench.digest(mapped)))
        if changes.differs(number * changes.pageSize + row) {
          different += 1
          bench.resource.put(["externalId": mapped.key.description])
        }
      }
      try bench.ledger.record(entries, at: bench.world.clock.now)
    }
    return different
  }
}

/// A chain that is made page by page: nothing of it is kept.
private struct LongChain: TableSource {
  let rows: Int
  let pageSize: Int
  let oneDiffersIn: Int

  func differs(_ number: Int) -> Bool { number % oneDiffersIn == 0 }

  func page(_ page: Int, _ query: TableQuery, isBefore: Bool) -> Page {
    let cells = (page * pageSize..<(page + 1) * pageSize).map { number in
      let name = !isBefore && differs(number) ? "New" : "Old"
      return query.columns.map { column -> JSONValue? in
        switch column {
        case "contactid": .string(Contacts.key(number).description)
        case "firstname": .string(name)
        case "cs_points": .number(String(number))
        case "cs_tier": .string(isBefore ? "gold" : "silver")  // `applyUpdates: false`
        default: .null
        }
      }
    }
    return PageBuilder.page(cells, columns: query.columns.count)
  }

  func changes(_ query: TableQuery, from link: String) -> PageStream {
    MemoryPages(from: link) { link, isFirst throws(SyncError) in
      let number = isFirst ? 0 : link.flatMap { Int($0) } ?? 0
      var page = page(number, query, isBefore: false)
      let isLast = (number + 1) * pageSize >= rows
      if isLast { page.delta = "delta" } else { page.next = String(number + 1) }
      return page
    }
  }

  func scan(_ query: TableQuery, from link: String?) -> PageStream { changes(query, from: "") }
  func rows(_ query: TableQuery, in range: KeyRange, after last: RowKey?) -> PageStream {
    changes(query, from: "")
  }
  func retarget(_ link: String, to query: TableQuery) -> String? { link }
  func row(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Page? { nil }
  func isGone(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Bool { true }
  func pendingChanges(
    _ query: TableQuery, from link: String
  ) async throws(SyncError) -> Int? { rows }
}
