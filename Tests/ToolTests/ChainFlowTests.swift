import Core
import TestSupport
import Testing

/// Contacts and three custom tables below them, by the committed job files and the built tool.
@Suite(.timeLimit(.minutes(15))) struct ChainFlowTests {
  private static let jobs = ["contacts", "vehicles", "services", "service-items"]

  @Test("`run --all` takes parents before children, load by load, and says what waits")
  func parentsBeforeChildren() async throws {
    let world = try await SandboxProcess(contacts: 120, jobs: SandboxProcess.committedJobs)
    try await world.turn("dataverse.limitsEnabled=false", "dataverse.maxPageSize=25")
    let first = try await world.sync("run", "--all")
    #expect(first.status == 0, "\(first)")
    #expect(first.output.contains("contacts: LOADING"), "\(first)")
    #expect(
      first.output.contains("vehicles: it waits for its parent job contacts to be loaded"))
    let early = try await world.sync("initial", "vehicles")
    #expect(early.status == 75, "\(early)")
    #expect(early.errors.contains("campaign-sync initial contacts"), "\(early)")

    for job in Self.jobs {
      let end = try await world.sync("initial", job)
      #expect(end.status == 0, "\(end)")
      #expect(try await world.comparison(of: job) == "equal")
    }
    try await threeBusyDays(world)
    try await aChildBeforeItsParent(world)
  }

  private func threeBusyDays(_ world: SandboxProcess) async throws {
    let tables = ["contact", "cs_vehicle", "cs_service", "cs_serviceitem"]
    for day in 1...3 {
      for table in tables {
        try await world.sandbox(
          "mutate", "--table", table, "--updates", "8", "--creates", "3", "--deletes", "2",
          "--recreates", "2", "--restores", "1", "--seed", "\(day)")
      }
      try await world.sandbox(
        "mutate", "--table", "cs_vehicle", "--set", "statecode=\(day % 2)", "--rows", "4")
      let end = try await world.sync("-q", "run", "--all")
      #expect(end.status == 0 && end.output.isEmpty, "\(end)")
      for job in Self.jobs { #expect(try await world.comparison(of: job) == "equal") }
    }
  }

  private func aChildBeforeItsParent(_ world: SandboxProcess) async throws {
    try await world.sandbox("mutate", "--table", "cs_vehicle", "--orphans", "3")
    let plan = try await world.sync("plan", "vehicles")
    #expect(plan.output.contains("held back     3 wait for a parent"), "\(plan)")
    let held = try await world.sync("run", "vehicles")
    #expect(held.status == 0 && held.output.contains("3 held back for a parent"), "\(held)")
    let status = try await world.sync("status", "vehicles", "--offline")
    #expect(status.output.contains("3 of them wait for a parent"), "\(status)")
    let pending = try await world.sync("pending", "vehicles", "--json").json
    #expect(
      (pending.items ?? []).filter { $0["rule"]?.text == "parentMissing" }.count == 3, "\(pending)")
    let waiting = (pending.items ?? []).first { $0["rule"]?.text == "parentMissing" }
    let key = try #require(waiting?["key"]?.text)
    let look = try await world.sync("inspect", "vehicles", key)
    #expect(look.output.contains("waits for its parent"), "\(look)")
    try await world.sandbox("mutate", "--table", "cs_vehicle", "--parents", "40")
    let end = try await world.sync("run", "vehicles", "contacts")
    #expect(end.status == 0 && end.output.contains("retried"), "\(end)")
    let lines = end.output.split(separator: "\n")
    #expect(lines.first?.hasPrefix("contacts:") == true, "parents first, however they are typed")
    #expect(try await world.comparison(of: "vehicles") == "equal")
    let after = try await world.sync("status", "vehicles", "--offline")
    #expect(!after.output.contains("wait for a parent"), "\(after)")
  }
}
