import Core
import TestSupport
import Testing

@testable import Jobs

/// Rows that change, and change back, between the deaths of a delta.
@Suite struct FlipFlopStormTests {
  @Test("Whatever was lost on the way, Campaign ends as Dynamics is", arguments: Seeds.all)
  func campaignEndsAsDynamicsIs(seed: UInt64) throws {
    let world = World(seed: seed, kills: 6, span: 60, isLossy: seed % 2 == 0)
    let bench = try IngressBench(world) { $0.initial = .api }
    Contacts.fill(bench.table, 20)
    #expect(bench.persist(.initial) == nil)
    for _ in 0..<8 {
      for _ in 0..<3 { flip(bench.table, Contacts.key(world.below(20)), world.below(3)) }
      bench.life(.delta)
      if world.isDead { bench.restart(losingPower: world.below(2) == 0) }
    }
    world.clearUp()
    #expect(bench.persist(.delta) == nil)

    let fresh = try IngressBench(.calm(), table: bench.table) { $0.initial = .api }
    #expect(fresh.persist(.initial) == nil)
    #expect(bench.resource.contents == fresh.resource.contents, "\(Seeds.found(seed))")
    #expect(bench.ledger.waiting == fresh.ledger.waiting, "\(Seeds.found(seed))")
    #expect(world.violations.isEmpty, "\(Seeds.found(seed))")
  }

  private func flip(_ table: MemoryTable, _ key: RowKey, _ side: Int) {
    table.change(key, ["firstname": side == 0 ? "Heads" : "Tails", "cs_points": .null])
  }
}
