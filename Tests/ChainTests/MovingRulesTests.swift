import Core
import Sandbox
import TestSupport
import Testing

/// What becomes of a row that gets another parent while its old one goes, or is awaited.
@Suite struct MovingRulesTests {
  private let pause = Duration.seconds(700)

  private func bench(
    _ turn: (inout CampaignKnobs) -> Void = { _ in },
    jobs change: (inout IngressSettings) -> Void = { _ in }
  ) async throws -> ChainBench {
    let bench = try await ChainBench(
      .still(), seed: 1,
      { knobs in
        knobs.whenTargetDeleted = "cascade"
        turn(&knobs)
      }, jobs: change)
    #expect(try await bench.runAll(then: pause) == nil)
    return bench
  }

  /// Rows of one table get the parent that others have.
  private func move(
    _ bench: ChainBench, _ table: String, _ column: String, from parents: [RowKey]
  ) async throws {
    let all = try await mutate(bench, "contact") { $0.updates = 14 }.updated
    let other = try #require(all.first { !parents.contains($0) })
    for parent in parents {
      try await mutate(bench, table) {
        $0.set = [.init(column: column, value: other.description)]
        $0.having = [.init(column: column, value: parent.description)]
      }
    }
  }

  @Test func movesByFileWhileItsParentGoes() async throws {
    let bench = try await bench {
      $0.importDelay = 30
    } jobs: {
      if $0.name == "vehicles" { $0.sendByFile() }
    }
    let gone = try await mutate(bench, "contact") { $0.deletes = 6 }.deleted
    try await move(bench, "cs_vehicle", "cs_contactid", from: gone)
    for _ in 1...6 { #expect(try await bench.runAll(then: pause) == nil) }
    #expect(try await bench.differences().isEmpty)
  }

  @Test func movesBeforeACutOffDeletionIsHeardOf() async throws {
    let bench = try await bench()
    let gone = try await mutate(bench, "contact") { $0.deletes = 6 }.deleted
    let world = bench.world
    bench.whileDown { [self] in
      if world.kills < gone.count { return world.die(at: "after DELETE") }
      try await move(bench, "cs_vehicle", "cs_contactid", from: gone)
    }
    world.die(at: "after DELETE")
    for _ in 1...3 { #expect(try await bench.runAll(isOneProcess: true) == nil) }
    #expect(world.kills == gone.count, "all are deleted, and nobody knows")
    #expect(try await bench.differences().isEmpty)
  }

  @Test("A row that waits for its parent and gets another one by file", arguments: [false, true])
  func movesWhileItWaits(byReplay: Bool) async throws {
    let bench = try await bench(jobs: { job in
      guard job.name == "vehicles" else { return }
      if byReplay { job.initial = .file } else { job.sendByFile() }
    })
    #expect(try await bench.runAll(then: pause) == nil)
    let orphan = try #require(
      try await mutate(bench, "cs_vehicle") { $0.orphans = 1 }.orphans.first)
    for _ in 1...2 { #expect(try await bench.runAll(then: pause) == nil) }
    try await mutate(bench, "cs_service") {
      $0.set = [.init(column: "cs_vehicleid", value: orphan.description)]
      $0.rows = 2
    }
    #expect(try await bench.runAll(then: pause) == nil)
    #expect(bench.waiting(in: "vehicles").contains("\(orphan) row parentMissing"))

    let contact = try #require(
      try await mutate(bench, "contact") { $0.updates = 1 }.updated.first)
    try await mutate(bench, "cs_vehicle") {
      $0.set = [.init(column: "cs_contactid", value: contact.description)]
      $0.rows = 100
    }
    if byReplay { bench.replay("vehicles") }
    for _ in 1...6 { #expect(try await bench.runAll(then: pause) == nil) }
    #expect(bench.waiting(in: "vehicles").isEmpty && bench.waiting(in: "services").isEmpty)
    #expect(try await bench.differences().isEmpty)
  }
}
