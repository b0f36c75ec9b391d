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

  @Test("Rows that come, go and leave the filter leave nothing behind", arguments: Seeds.all)
  func nothingStaysBehind(seed: UInt64) throws {
    let world = World(seed: seed, kills: 6, span: 60, isLossy: seed % 2 == 0)
    func change(_ settings: inout IngressSettings) {
      settings.initial = .api
      settings.deletes.apply = true
      settings.filter = Contacts.filter(.delete)
    }
    let bench = try IngressBench(world, change)
    Contacts.fill(bench.table, 20)
    #expect(bench.persist(.initial) == nil)
    for _ in 0..<8 {
      for _ in 0..<4 { toss(bench.table, world.below(24), world.below(5)) }
      bench.life(.delta)
      if world.isDead { bench.restart(losingPower: world.below(2) == 0) }
    }
    world.clearUp()
    #expect(bench.persist(.delta) == nil)

    let fresh = try IngressBench(.calm(), table: bench.table, change)
    #expect(fresh.persist(.initial) == nil)
    // A row that cannot be mapped keeps the record it had.
    let waiting = fresh.ledger.waiting.map { String($0.prefix(36)) }
    let contents = bench.resource.contents.filter { !waiting.contains($0.key) }
    #expect(contents == fresh.resource.contents, "\(Seeds.found(seed))")
    #expect(bench.ledger.waiting == fresh.ledger.waiting, "\(Seeds.found(seed))")
    #expect(bench.ledger.deletions.isEmpty, "\(Seeds.found(seed))")
    #expect(world.violations.isEmpty, "\(Seeds.found(seed))")
  }

  private func toss(_ table: MemoryTable, _ number: Int, _ side: Int) {
    let key = Contacts.key(number)
    switch side {
    case 0, 1: table.remove(key)
    case 2: table.put(key, Contacts.row(number), leavingTombstone: number % 2 == 0)
    case 3:
      let left = Contacts.row(number).merging(["cs_tier": "left"]) { $1 }
      table.put(key, left)
    default:
      table.put(key, Contacts.row(number).merging(["firstname": Contacts.tooLong]) { $1 })
    }
  }
}
