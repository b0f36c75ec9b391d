import Core
import Sandbox
import TestSupport
import Testing

/// The rules of parents and children, one by one, in good weather.
@Suite struct ParentRulesTests {
  private func bench(
    _ turn: (inout CampaignKnobs) -> Void = { _ in },
    jobs change: (inout IngressSettings) -> Void = { _ in }
  ) async throws -> ChainBench {
    let bench = try await ChainBench(.still(), seed: 1, turn, jobs: change)
    #expect(try await bench.runAll() == nil)
    return bench
  }

  private func allCalls(_ bench: ChainBench) async -> Int {
    await bench.campaign.meters.requests.values.reduce(0, +)
  }

  private func held(_ bench: ChainBench, _ job: String = "vehicles") -> Int {
    bench.waiting(in: job).count { $0.hasSuffix("row parentMissing") }
  }

  @Test func aChildBeforeItsParentIsHeldBackAndGoesFirstNextTime() async throws {
    let bench = try await bench()
    let before = (held(bench), await bench.campaign.count(of: "cusVehicle"))
    try await mutate(bench, "cs_vehicle") { $0.orphans = 2 }
    #expect(try await bench.runAll() == nil)
    #expect(held(bench) == before.0 + 2)
    #expect(await bench.campaign.count(of: "cusVehicle") == before.1)

    try await mutate(bench, "cs_vehicle") { $0.parents = 10 }
    #expect(try await bench.runAll() == nil)
    #expect(held(bench) == 0)
    #expect(try await bench.differences().isEmpty)
  }

  @Test func heldRowsCostNoCallWhileTheirParentIsMissing() async throws {
    let bench = try await bench()
    try await mutate(bench, "cs_vehicle") { $0.orphans = 3 }
    #expect(try await bench.runAll() == nil)
    let calls = await bench.campaign.meters.requests
    for _ in 1...3 { #expect(try await bench.runAll() == nil) }
    #expect(await bench.campaign.meters.requests == calls)

    var asked: [Int] = []
    for _ in 1...8 {
      bench.world.pass(.seconds(901))
      let before = await allCalls(bench)
      #expect(try await bench.runAll() == nil)
      asked.append(await allCalls(bench) - before)
    }
    #expect(asked == [3, 3, 0, 3, 0, 0, 0, 3], "twice as long after each")
  }

  @Test("A parent that Campaign has and its job does not know", arguments: [false, true])
  func aParentThatIsOnlyInCampaignIsFound(byReplay: Bool) async throws {
    let bench = try await bench(jobs: { job in
      if job.name == "contacts" {
        job.filter = IngressSettings.Filter(
          match: .all,
          conditions: [
            .init(
              column: "statecode", comparison: .equals, value: "0",
              position: SourcePosition(file: "contacts.yaml", line: 1))
          ], whenFilteredOut: .keep)
      }
      if job.name == "vehicles" {
        job.sendByFile()
        job.initial = .file
      }
    })
    for _ in 1...2 { #expect(try await bench.runAll(then: .seconds(700)) == nil) }
    try await mutate(bench, "contact") {
      $0.set = [.init(column: "statecode", value: "1")]
      $0.rows = 8
    }
    #expect(try await bench.runAll() == nil)
    bench.loseLedger(of: "contacts")
    #expect(try await bench.runAll(then: .seconds(700)) == nil)
    #expect(held(bench) == 0)

    try await mutate(bench, "cs_vehicle") { $0.set = [.init(column: "cs_name", value: "New")] }
    if byReplay { bench.replay("vehicles") }
    #expect(try await bench.runAll(then: .seconds(700)) == nil)
    #expect(held(bench) > 0 || !byReplay, "a load asks ledgers only")
    for _ in 1...3 { #expect(try await bench.runAll(then: .seconds(700)) == nil) }
    #expect(held(bench) == 0)
    #expect(try await bench.differences().isEmpty)
  }

  @Test(arguments: ["asPublished", "cascade", "nothing"])
  func aParentThatReturnsBringsItsChildren(whenTargetDeleted: String) async throws {
    let bench = try await bench { knobs in
      knobs.whenTargetDeleted = whenTargetDeleted
      if whenTargetDeleted == "nothing" { knobs.zeroOrOneCardinality = ["cusServiceItem"] }
    }
    try await mutate(bench, "contact") { $0.deletes = 8 }
    #expect(try await bench.runAll() == nil)
    for _ in 1...2 { #expect(try await bench.runAll() == nil) }
    #expect(try await bench.differences().isEmpty)
    #expect(held(bench) > 0)

    try await mutate(bench, "contact") { $0.restores = 8 }
    #expect(try await bench.runAll() == nil)
    #expect(try await bench.differences().isEmpty)
    #expect(held(bench) + held(bench, "services") + held(bench, "service-items") == 0)
  }

  @Test("A deletion that was cut off, and a parent that is back before anybody heard of it")
  func aCutOffDeletionCostsNoChild() async throws {
    let bench = try await bench { $0.whenTargetDeleted = "cascade" }
    for table in ["contact", "cs_vehicle", "cs_service"] {
      for round in 1...6 as ClosedRange<UInt64> {
        bench.whileDown { try await mutate(bench, table) { $0.restores = 14 } }
        try await mutate(bench, table) { ($0.deletes, $0.seed) = (1, round) }
        bench.world.die(at: "after DELETE")
        for _ in 1...2 { #expect(try await bench.runAll() == nil) }
        #expect(try await bench.differences().isEmpty, "\(table), round \(round)")
      }
    }
    #expect(bench.world.kills == 18)
  }

  @Test func aRowWithoutItsRequiredParentHasNoRecord() async throws {
    let bench = try await bench()
    let before = await bench.campaign.count(of: "cusServiceItem")
    try await mutate(bench, "cs_serviceitem") {
      $0.set = [.init(column: "cs_serviceid", value: "")]
      $0.rows = 4
    }
    #expect(try await bench.runAll() == nil)
    #expect(await bench.campaign.count(of: "cusServiceItem") < before)
    #expect(try await bench.differences().isEmpty)
  }

  @Test func childrenAreDeletedBeforeTheirParents() async throws {
    let bench = try await bench { $0.whenTargetDeleted = "nothing" }
    for table in ["cs_serviceitem", "cs_service", "cs_vehicle", "contact"] {
      try await mutate(bench, table) { $0.deletes = 100 }
    }
    #expect(try await bench.runAll() == nil)
    for resource in ["profile", "cusVehicle", "cusService", "cusServiceItem"] {
      #expect(await bench.campaign.count(of: resource) == 0, "\(resource)")
    }
    #expect(bench.waiting(in: "service-items").isEmpty)
  }
}
