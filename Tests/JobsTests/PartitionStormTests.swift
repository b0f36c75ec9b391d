import Core
import Synchronization
import TestSupport
import Testing

@testable import Jobs

/// A table that does not stand still while it is read by ranges.
@Suite struct PartitionStormTests {
  private static func settings(_ settings: inout IngressSettings) {
    settings.deletes.apply = true
    settings.filter = Contacts.filter(.delete)
  }

  @Test(
    "Rows that come, change and go all through an export by ranges: equal after the catch-up",
    arguments: Seeds.some)
  func equalAfterTheCatchUp(seed: UInt64) throws {
    let world = World(
      seed: seed, kills: Int(seed % 4), span: 600, isLossy: seed % 2 == 0)
    let bench = try IngressBench(world, Self.settings)
    Contacts.fill(bench.table, 80)
    let table = bench.table
    table.isMoving = true
    let dice = Mutex(SeededGenerator(seed: seed &+ 7))
    bench.wish {
      $0.partitionFrom = 20
      $0.readers = 1 + Int(seed % 4)
      $0.lookUps = seed % 3 == 0 ? 2 : 1000
      $0.whenPaged = { dice.withLock { toss(table, &$0) } }
    }
    for nasty in Self.nastiness(seed) { table.be(nasty) }
    #expect(bench.persist(.initial) == nil, "\(Seeds.found(seed))")
    bench.wish { $0.whenPaged = {} }
    table.isMoving = false
    world.clearUp()
    #expect(bench.persist(.delta) == nil, "\(Seeds.found(seed))")

    let fresh = try IngressBench(.calm(), table: table) {
      Self.settings(&$0)
      $0.initial = .api
    }
    #expect(fresh.persist(.initial) == nil)
    // A row that cannot be mapped keeps the record it had.
    let waiting = fresh.ledger.waiting.map { String($0.prefix(36)) }
    let contents = bench.resource.contents.filter { !waiting.contains($0.key) }
    #expect(contents == fresh.resource.contents, "\(Seeds.found(seed))")
    #expect(bench.ledger.waiting == fresh.ledger.waiting, "\(Seeds.found(seed))")
    #expect(bench.ledger.deletions.isEmpty, "\(Seeds.found(seed))")
    #expect(world.violations.isEmpty, "\(Seeds.found(seed))")
    #expect(bench.workflow.problems.isEmpty, "\(Seeds.found(seed))")
  }

  /// Every seventh service lies about its order, and so on: each seed has its own mixture.
  private static func nastiness(_ seed: UInt64) -> [MemoryTable.Nastiness] {
    let shares: [(nasty: MemoryTable.Nastiness, everyNth: UInt64)] = [
      (.givesShortPages, 5), (.cutsRanges, 4), (.ordersByText, 7), (.sortsByText, 11),
      (.refusesRanges, 13), (.refusesOtherSelect, 17),
    ]
    return shares.filter { seed % $0.everyNth == 0 }.map(\.nasty)
  }
}

/// One row comes, changes, goes, comes back, or leaves the filter.
private func toss(_ table: MemoryTable, _ dice: inout SeededGenerator) {
  let number = dice.below(100)
  let key = Contacts.key(number)
  let row = Contacts.row(number)
  switch dice.below(6) {
  case 0, 1: table.remove(key)
  case 2: table.put(key, row, leavingTombstone: number % 2 == 0)
  case 3: table.put(key, row.merging(["cs_tier": "left"]) { $1 })
  case 4: table.put(key, row.merging(["firstname": .string("Once \(number)")]) { $1 })
  default: table.put(key, row.merging(["firstname": Contacts.tooLong]) { $1 })
  }
}
