import Core
import TestSupport
import Testing

/// Filters and deletions from end to end, typed as a user types them.
@Suite(.timeLimit(.minutes(15))) struct DeletionFlowTests {
  private static let job = """
    kind: ingress
    from: { table: contact }
    to:   { resource: profile, key: externalId }
    fields:
      - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
      - { from: emailaddress1, to: email }
    filter:
      where: [ { column: statecode, is: equals, value: 0 } ]
      whenFilteredOut: delete
    deletes: { apply: true, limit: 15%, floor: 5 }
    initial: { via: api }
    """

  @Test("Rows that go, leave the filter and come back; a wave is held back until approved")
  func goneFilteredAndHeldBack() async throws {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 200, page: 40, jobs: ["contacts": Self.job])
    let initial = try await world.sync("initial", "contacts")
    #expect(initial.status == 0 && initial.output.contains("filtered out"), "\(initial)")
    #expect(try await world.comparison() == "equal")

    try await world.sandbox(
      "mutate", "--deletes", "6", "--updates", "20", "--creates", "5", "--recreates", "4")
    try await delta(world, says: "deleted")
    try await world.sandbox(
      "mutate", "--set", "statecode=1", "--having", "statecode=0", "--rows", "8")
    try await delta(world, says: "8 deleted, 8 filtered out")
    try await world.sandbox(
      "mutate", "--set", "statecode=0", "--having", "statecode=1", "--rows", "5")
    try await delta(world, says: "5 created")
    try await aWaveIsHeldBack(world)
  }

  private func delta(_ world: SandboxProcess, says words: String) async throws {
    let plan = try await world.sync("plan", "contacts", "--json").json
    let end = try await world.sync("delta", "contacts")
    #expect(end.status == 0 && end.output.contains(words), "\(end)")
    let calls = try #require(plan["engineCalls"]?.integer)
    #expect(end.output.contains(" \(calls) engine calls"), "\(plan) \(end)")
    #expect(try await world.comparison() == "equal")
  }

  private func aWaveIsHeldBack(_ world: SandboxProcess) async throws {
    try await world.sandbox("mutate", "--deletes", "40", "--updates", "10", "--seed", "2")
    let plan = try await world.sync("plan", "contacts")
    let held = try await world.sync("run", "contacts")
    #expect(held.status == 65, "\(held)")
    #expect(held.errors.contains("nothing was deleted"), "\(held)")
    #expect(!held.errors.contains(" deleted,"), "\(held)")
    let command = try #require(
      held.errors.split(separator: "\n").last?.split(separator: " ").suffix(5))
    #expect(command.prefix(4) == ["campaign-sync", "run", "contacts", "--approve-deletes"])
    let count = try #require(command.last.flatMap { Int($0) })
    #expect(try await world.comparison() != "equal")
    let foretold = "guard         would trip: \(command.joined(separator: " "))"
    #expect(plan.status == 0 && plan.output.contains(foretold), "\(plan)")
    let waiting = try await world.sync("plan", "contacts", "--json").json
    #expect(waiting["guardTrips"]?.flag == true && waiting["deletions"]?.integer == 0)
    #expect(waiting["deletesJudged"]?.integer == count, "those that wait already")
    let show = try await world.sync("checkpoint", "show", "contacts").output
    #expect(show.contains("deletions \(count) wait, the first 20:\n"), "\(show)")
    #expect(show.split(separator: "\n").suffix(20).allSatisfy { $0.hasPrefix("          ") })

    let status = try await world.sync("status", "contacts", "--offline")
    #expect(status.output.contains("deletions     \(count) wait"), "\(status)")
    let json = try await world.sync("status", "contacts", "--offline", "--json").json
    #expect(json.items?.first?["deletionsWaiting"]?.integer == count)
    let other = try await world.sync("run", "contacts", "--approve-deletes", "\(count - 1)")
    #expect(other.status == 65 && other.errors.contains("\(count) wait"), "\(other)")
    #expect(try await world.sync("run", "contacts", "--approve-deletes", "0").status == 64)

    let approved = try await world.sync(command.dropFirst().map(String.init))
    #expect(approved.status == 0 && approved.output.contains("\(count) deleted"), "\(approved)")
    #expect(try await world.comparison() == "equal")
    let idle = try await world.sync("run", "contacts")
    #expect(idle.output.hasPrefix("contacts: nothing to do"), "\(idle)")
    let after = try await world.sync("status", "contacts", "--offline")
    #expect(!after.output.contains("deletions  "), "\(after)")
  }
}
