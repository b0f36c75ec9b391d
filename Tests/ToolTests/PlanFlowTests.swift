import Core
import TestSupport
import Testing

/// What `plan` foretells is what the next run does, deletions among it.
@Suite(.timeLimit(.minutes(15))) struct PlanFlowTests {
  private static let services = """
    kind: ingress
    from: { table: cs_service }
    to:   { resource: cusService, key: externalId }
    fields: [ { from: cs_name, to: name } ]
    initial: { via: api }
    """
  private static let items = """
    kind: ingress
    from: { table: cs_serviceitem }
    to:   { resource: cusServiceItem, key: externalId }
    parents: [ { field: serviceExternalId, job: services, required: true } ]
    fields:
      - { from: cs_serviceid, to: serviceExternalId }
      - { from: cs_name, to: name }
    filter:
      where: [ { column: cs_name, is: notEquals, value: gone } ]
      whenFilteredOut: delete
    deletes: { apply: true, limit: 60%, floor: 5 }
    initial: { via: api }
    """

  private func foretells(
    _ world: SandboxProcess, _ job: String
  ) async throws -> (plan: JSONValue, run: JSONValue) {
    let plan = try await world.sync("plan", job, "--json").json
    let run = try await world.sync("run", job, "--json").json
    let done = try #require(run.items?.first)
    for name in ["created", "updated", "filteredOut", "deleted", "engineCalls"] {
      #expect(plan[name]?.integer == done[name]?.integer, "\(name): \(plan) \(done)")
    }
    return (plan, done)
  }

  @Test("Rows that lose a parent they need, leave the filter or go are deletions of the plan")
  func everyKindOfDeletion() async throws {
    let world = try await SandboxProcess(
      contacts: 10, jobs: ["services": Self.services, "service-items": Self.items],
      arguments: ["--services", "20", "--service-items", "100"])
    for job in ["services", "service-items"] {
      #expect(try await world.sync("initial", job).status == 0)
    }
    let table = ["mutate", "--table", "cs_serviceitem"]
    func mutate(_ arguments: String...) async throws {
      let end = try await Program.run(
        "campaign-sync-sandbox", table + arguments, in: world.folder)
      #expect(end.status == 0, "\(end)")
    }
    try await mutate("--creates", "3", "--updates", "7", "--deletes", "6")
    try await mutate("--set", "cs_serviceid=", "--rows", "8")
    let words = try await world.sync("plan", "service-items").output
    let (parentless, _) = try await foretells(world, "service-items")
    let lost = try #require(parentless["leaving"]?.integer)
    #expect(lost > 4 && parentless["deletesJudged"]?.integer == lost + 6, "\(parentless)")
    let line =
      "6 of known rows; \(lost) left the filter or a required parent; \(lost + 6) would be made"
    #expect(words.contains(line), "\(words)")

    try await mutate("--set", "cs_name=gone", "--rows", "20")
    let (filtered, _) = try await foretells(world, "service-items")
    #expect((filtered["leaving"]?.integer ?? 0) > 4, "\(filtered)")

    try await mutate("--set", "cs_serviceid=", "--rows", "70")
    let (tripping, tripped) = try await foretells(world, "service-items")
    #expect(tripping["guardTrips"]?.flag == true && tripping["deleted"]?.integer == 0)
    #expect((tripping["deletesJudged"]?.integer ?? 0) > 30, "\(tripping)")
    #expect(tripped["status"]?.integer == 65, "\(tripped)")
  }
}
