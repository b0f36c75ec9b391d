import Core
import TestSupport
import Testing

@testable import Jobs

/// What a delta costs of which most rows changed in columns that nobody maps.
@Suite struct DeltaSavingsTests {
  @Test("100,000 changed rows, of which 2,000 differ: 2 x 2,000 engine calls, and not one more")
  func onlyWhatDiffersCosts() throws {
    let (rows, different) = (100_000, 2000)
    let bench = try IngressBench { $0.initial = .api }
    bench.wish { $0.pageSize = 5000 }
    try prove(rows, in: bench)
    for number in 0..<rows {
      let isDifferent = number % (rows / different) == 0
      bench.table.change(
        Contacts.key(number), isDifferent ? ["firstname": "New"] : ["cs_other": "touched"])
    }
    let before = bench.resource.meter
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.read, outcome.tally.updated) == (rows, different))
    #expect(outcome.tally.engineCalls == 2 * different)
    #expect(outcome.tally.engineCallsSaved == rows - different)
    let after = bench.resource.meter
    #expect(after.engineCalls - before.engineCalls == 2 * different)
    #expect(after.finds - before.finds == different, "not even a look-up for the others")
  }

  /// As a load by API leaves it, without the time that one takes.
  private func prove(_ rows: Int, in bench: IngressBench) throws {
    #expect(bench.life(.initial).failure == nil)
    let query = TableQuery(entitySet: "contacts", columns: bench.plan.columns)
    var entries: [LedgerEntry] = []
    for number in 0..<rows {
      let key = Contacts.key(number)
      bench.table.put(key, Contacts.row(number))
      guard let page = bench.table.page(query, of: key),
        case .mapped(let row) = bench.plan.record(page, row: 0)
      else { continue }
      entries.append(.proven(key, digest: bench.digest(row)))
      if number % 50 == 0 { bench.resource.put(["externalId": key.description]) }
    }
    #expect(entries.count == rows)
    try bench.ledger.record(entries, at: bench.world.clock.now)
  }
}
