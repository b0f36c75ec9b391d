import Core
import TestSupport
import Testing

/// `delta: { via: file }` from end to end, typed as a user types it.
@Suite(.serialized, .timeLimit(.minutes(15))) struct FileDeltaTests {
  private func world(contacts: Int, page: Int) async throws -> SandboxProcess {
    let text = try #require(
      SandboxProcess.contacts(
        (", applyUpdates: false", ""), ("delta: { via: api }", "delta: { via: file }"),
        ("apply: false, limit: 10%", "apply: true, limit: 50%"),
        ("partSize: 64 MiB", "partSize: 4 KiB"))["contacts"])
    return try await SandboxProcess.ofSmallPieces(
      contacts: contacts, page: page, jobs: ["contacts": text])
  }

  private func mutate(_ world: SandboxProcess, seed: Int) async throws {
    let end = try await world.sandbox(
      "mutate", "--updates", "60", "--creates", "10", "--deletes", "8", "--recreates", "3",
      "--seed", String(seed))
    #expect(end.status == 0, "\(end)")
  }

  @Test("run stages the changes and leaves; the next run proves them, and deletes what is gone")
  func changesGoByFile() async throws {
    let world = try await world(contacts: 300, page: 30)
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")
    let before = try await world.campaignMeters()
    try await mutate(world, seed: 1)
    let plan = try await world.sync("plan", "contacts")
    #expect(plan.output.contains("changes since the checkpoint, by file"), "\(plan)")
    #expect(plan.output.contains("engine calls  8\n"), "deletions go by API: \(plan)")
    try await world.turn("campaign.importDelay=600")
    let staged = try await world.sync("run", "contacts")
    #expect(staged.status == 0 && staged.output.hasPrefix("contacts: LOADING"), "\(staged)")
    let status = try await world.sync("status", "contacts", "--offline")
    #expect(status.output.contains("campaign-sync delta contacts waits"), "\(status)")
    let barred = try await world.sync("pending", "contacts", "--retry")
    #expect(barred.status == 75 && barred.errors.contains("by file"), "\(barred)")

    try await world.sandbox("clock", "advance", "20m")
    try await world.awaitImport(of: "contacts-000002")
    let proven = try await world.sync("run", "contacts")
    #expect(proven.status == 0 && proven.output.contains("8 deleted"), "\(proven)")
    #expect(try await world.comparison() == "equal")
    let after = try await world.campaignMeters()
    #expect(after.inserts == before.inserts && after.updates == before.updates)
    #expect(DiskTree.names(in: world.imports).isEmpty)
  }

  @Test func deltaWaitsForTheProof() async throws {
    let world = try await world(contacts: 100, page: 30)
    #expect(try await world.sync("initial", "contacts").status == 0)
    try await mutate(world, seed: 2)
    let delta = try await world.sync("delta", "contacts")
    #expect(delta.status == 0 && delta.output.contains("deleted"), "\(delta)")
    #expect(try await world.comparison() == "equal")
    let idle = try await world.sync("delta", "contacts")
    #expect(idle.output.hasPrefix("contacts: nothing to do"), "\(idle)")
  }

  @Test("Killed anywhere, and run again: equal")
  func killedAnywhere() async throws {
    let world = try await world(contacts: 300, page: 300)
    #expect(try await world.sync("initial", "contacts").status == 0)
    try await world.turn("dataverse.maxPageSize=8")
    try await mutate(world, seed: 3)
    var killer = Killer(world, "delta")
    try await killer.measure()
    var seed = 3
    while killer.struck < 10 {
      seed += 1
      try await mutate(world, seed: seed)
      try await killer.story()
      #expect(try await world.comparison() == "equal", killer.comment)
    }
  }
}
