import Core
import Sandbox
import TestSupport
import Testing

/// Three custom tables below contacts, changed, killed and cut off at random: in the end equal.
@Suite struct ChainStormTests {
  private static let tables = ["contact", "cs_vehicle", "cs_service", "cs_serviceitem"]

  @Test("Whatever changes and whoever dies, four tables end equal", arguments: Seeds.all)
  func endsEqual(seed: UInt64) async throws {
    try await Self.tell(seed) { _, _ in }
  }

  @Test("Also where tokens expire, jobs are replayed, and ledgers are lost", arguments: Seeds.some)
  func recoversToEqual(seed: UInt64) async throws {
    try await Self.tell(seed) { bench, round in
      let job = bench.jobs[Int((seed / 4 &+ round) % 4)].name
      switch (seed &+ round) % 4 {
      case 0: await bench.dataverse.invalidateTokens()
      case 1: bench.replay(job)
      case 2: bench.adopt(job, losingLedger: false)
      default: if round == 2 { bench.adopt(job, losingLedger: true) }
      }
    }
  }

  /// - Parameter trouble: what happens after the changes of a round.
  private static func tell(
    _ seed: UInt64, trouble: (ChainBench, UInt64) async throws -> Void
  ) async throws {
    let world = World(seed: seed, kills: Int(seed % 6), span: 900, isLossy: seed % 3 > 0)
    // What becomes of a record whose target goes; cleared or left, a link of 1 cardinality would
    // hide it from every call for good.
    let ends = ["asPublished", "cascade", "clear", "nothing"]
    let bench = try await ChainBench(world, seed: seed) { knobs in
      knobs.whenTargetDeleted = ends[Int(seed % 4)]
      if seed % 4 > 1 { knobs.zeroOrOneCardinality = ["cusServiceItem"] }
    }
    var problems = [try await bench.runAll()]
    for round in 1...3 as ClosedRange<UInt64> {
      try await Self.change(bench.dataverse, seed &* 31 &+ round)
      try await trouble(bench, round)
      problems.append(try await bench.runAll())
    }
    world.clearUp()
    for _ in 1...2 { problems.append(try await bench.runAll()) }
    #expect(problems.compactMap(\.self).isEmpty, "\(Seeds.found(seed))")
    let differences = try await bench.differences()
    #expect(
      differences.isEmpty,
      "\(Seeds.found(seed)); died \(world.story.joined(separator: ", "))")
  }

  /// What a busy day does to every table.
  private static func change(_ dataverse: DataverseService, _ seed: UInt64) async throws {
    for (index, table) in tables.enumerated() {
      var mutation = Mutation()
      mutation.seed = seed &+ UInt64(index)
      (mutation.updates, mutation.creates, mutation.deletes) = (3, 1, 2)
      (mutation.recreates, mutation.restores) = (1, 1)
      if index > 0 { (mutation.orphans, mutation.parents) = (1, 1) }
      _ = try await dataverse.mutate(table: table, mutation)
    }
  }
}
