import Core
import Glibc
import TestSupport
import Testing

/// What was lost is found again: tokens, ledgers, addresses, mappings; typed as a user types it.
@Suite(.timeLimit(.minutes(15))) struct RecoveryFlowTests {
  private static let file = "jobs/contacts.yaml"
  private static let job = """
    kind: ingress
    from: { table: contact }
    to:   { resource: profile, key: externalId }
    fields:
      - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
      - { from: emailaddress1, to: email }
      - { from: cs_loyaltytier, to: cusLoyaltyTier, applyUpdates: false }
    deletes: { apply: true, limit: 15%, floor: 500 }
    initial: { via: api }
    """

  private func loaded(_ contacts: Int) async throws -> SandboxProcess {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: contacts, page: 500, jobs: ["contacts": Self.job])
    try await world.sync("initial", "contacts").expect(0)  // as long as it takes
    return world
  }

  /// What Campaign has of the loyalty tier of this contact, which updates leave alone.
  private func tier(_ key: String, _ world: SandboxProcess) async throws -> String? {
    let fields = try await world.sync("inspect", "contacts", key, "--json").json["fields"]
    let field = fields?.items?.first { $0["to"]?.text == "cusLoyaltyTier" }
    return field?["campaign"]?.items?.first?.text
  }

  private func result(_ world: SandboxProcess, _ line: String) async throws -> JSONValue {
    let words = line.split(separator: " ").map(String.init) + ["--json"]
    let end = try await world.sync(words)
    end.expect(0)
    return try #require(end.json.items?.first)
  }

  private func counts(_ json: JSONValue, _ names: String...) -> [Int?] {
    names.map { json[$0]?.integer }
  }

  @Test("The token expired after 1,000 updates and 200 deletes: one run later both sides are equal")
  func anExpiredToken() async throws {
    let world = try await loaded(1500)
    try await world.order("mutate --updates 1000 --deletes 200")
    let set = try await world.order("mutate --set cs_loyaltytier=4 --rows 40")
    let key = try #require(set["set"]?.items?.first?.text)
    let before = try await tier(key, world)
    try await world.order("clock advance 8d")

    let plan = try await world.sync("plan", "contacts", "--json").json
    #expect(plan["recovery"]?.text == "tokenExpired")
    #expect(counts(plan, "rows", "absent", "deletesJudged") == [1300, 200, 200])
    let requests = try await world.requests()
    let run = try await result(world, "run contacts")
    #expect(counts(run, "read", "removed", "deleted") == [1300, 200, 200], "\(run)")
    #expect(run["engineCalls"]?.integer == plan["engineCalls"]?.integer)
    #expect(try await world.requests() - requests > 400, "each was looked for, then deleted")
    try await world.expectEqual(after: "a recovery")
    #expect(try await tier(key, world) == before && before != "4")
    let idle = try await world.type("run contacts")
    #expect(idle.output.hasPrefix("contacts: nothing to do"), "\(idle)")
  }

  @Test("A role that hides half of the table deletes nothing: 77, and the privilege by its name")
  func aNarrowRole() async throws {
    let world = try await loaded(300)
    for knob in ["hidesOtherOwners=true", "readsWholeOrganization=false"] {
      let writes = try await world.campaignMeters().writes
      try await world.order("mutate --deletes 5")
      try await world.order("change-metadata")
      try await world.turn("dataverse." + knob)
      for _ in 0..<2 {
        try await world.type("run contacts").expect(77, "prvRead", "rganization")
      }
      #expect(try await world.campaignMeters().writes == writes)
      if knob.hasPrefix("hides") {
        let hidden = try await world.type("run contacts")
        hidden.expect(77, "prvReadContact", "organization level", "nothing was deleted")
        let status = try await world.type("status contacts --offline")
        #expect(status.output.contains("did not reach every row"), "\(status)")
      }
      try await world.turn(
        "dataverse.hidesOtherOwners=false", "dataverse.readsWholeOrganization=true")
      let run = try await result(world, "run contacts")
      #expect(counts(run, "removed", "deleted") == [5, 5], "\(run)")
      try await world.expectEqual(after: knob)
    }
  }

  @Test("A killed recovery goes on, and ends equal")
  func aKilledRecovery() async throws {
    let world = try await loaded(1500)
    try await world.order("mutate --updates 600 --deletes 30")
    try await world.order("change-metadata")
    try await world.turn("dataverse.maxPageSize=100")
    for count in [20, 20, 20] {
      let goal = try await world.campaignMeters().reads + count
      let run = try world.startSync(["run", "contacts"])
      while run.isRunning, try await world.campaignMeters().reads < goal {}
      run.kill(SIGKILL)
      _ = await run.end()
      let status = try await world.type("status contacts --offline")
      let states = ["contacts: RECOVERING ", "contacts: IDLE"]
      #expect(states.contains { status.output.hasPrefix($0) }, "\(status)")
    }
    try await world.type("run contacts").expect(0)
    try await world.expectEqual(after: "a killed recovery")
  }

  @Test("A changed mapping goes on by a replay, or from where it is")
  func aChangedMapping() async throws {
    let world = try await loaded(200)
    let set = try await world.order("mutate --set cs_loyaltytier=4 --rows 10")
    let key = try #require(set["set"]?.items?.first?.text)
    try await world.type("run contacts").expect(0)
    #expect(try await tier(key, world) != "4")
    let more = Self.job.replacing(
      "deletes:", with: "  - { from: lastname, to: lastName }\ndeletes:")
    try world.write(more, to: Self.file)
    try await world.type("run contacts").expect(78, "field lastName: added", "replay contacts")

    try await world.order("mutate --deletes 4")
    let marked = try await world.type("replay contacts")
    #expect(marked.status == 0 && marked.output.contains("marked; "), "\(marked)")
    #expect(try await world.type("replay contacts").output.contains("marked already"))
    #expect(try await world.type("status contacts --offline").output.contains("for a replay"))
    try await world.type("delta contacts").expect(78, "initial contacts")
    let run = try await result(world, "run contacts")
    #expect(counts(run, "read", "deleted", "run") == [196, 4, 2], "\(run)")
    #expect(try await tier(key, world) == "4", "a replay is a load")
    try await world.expectEqual(after: "a replay")
    try await keepingPosition(world, more)
  }

  private func keepingPosition(_ world: SandboxProcess, _ more: String) async throws {
    try world.write(Self.job, to: Self.file)
    try await world.order("mutate --updates 20")
    let kept = try await world.type("run contacts --keep-position")
    kept.expect(0)
    #expect(kept.errors.contains("the position is kept"), "\(kept)")
    #expect(kept.errors.contains("field lastName: removed"), "\(kept)")
    try await world.type("run contacts").expect(0)
    try await world.expectEqual(after: "fewer columns")

    try await world.turn("dataverse.rejectsOtherSelect=true")
    try await world.type("replay contacts").expect(0)
    try await world.type("run contacts").expect(0)
    try world.write(more, to: Self.file)
    try await world.type("delta contacts --keep-position")
      .expect(78, "nothing was changed", "campaign-sync replay contacts")
    #expect(try await world.type("run --all --keep-position").status == 64)
    try world.write(Self.job.replacing("tooLong: cut", with: "tooLong: reject"), to: Self.file)
    let reject = try await world.type("delta contacts --keep-position")
    #expect(reject.status == 0 && reject.errors.contains("tooLong cut -> reject"), "\(reject)")
    try await world.type("run contacts").expect(0)
  }

  @Test("Neither way is open in the middle of a load; a replay of what was never loaded says so")
  func inMidLoad() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 100, page: 50)
    #expect(try await world.type("replay contacts").output.contains("never loaded"))
    try await world.type("export contacts").expect(0)
    #expect(try await world.type("replay contacts").output.contains("loading already"))
    let job = world.text(of: Self.file)
    try world.write(job.replacing("maxLength: 30", with: "maxLength: 29"), to: Self.file)
    for line in ["replay contacts", "run contacts --keep-position", "run contacts"] {
      try await world.type(line).expect(78, "middle of a load", "checkpoint clear contacts")
    }
    try world.write(job, to: Self.file)
    try await world.type("initial contacts").expect(0)
    try await world.type("replay contacts").expect(0)
    try await world.type("export contacts").expect(0)
    #expect(DiskTree.names(in: world.spool + "/contacts").contains("000002"))
    try await world.type("initial contacts").expect(0)
    try await world.expectEqual(after: "a replay by file")
  }

  @Test("A ledger that was lost is made again: deletions are found, then every row is compared")
  func aLostLedger() async throws {
    let world = try await loaded(300)
    try await world.order("mutate --updates 40 --deletes 10")
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
      unlink(world.state + "/contacts/" + name)
    }
    try await world.type("run contacts").expect(74, "it is missing", "checkpoint adopt contacts")
    try await world.type("checkpoint adopt contacts").expect(64, "--yes")
    let adopted = try await world.type("checkpoint adopt contacts --yes")
    #expect(adopted.status == 0 && adopted.output.contains("a new ledger"), "\(adopted)")
    let status = try await world.type("status contacts --offline")
    #expect(
      status.output.contains("the ledger was lost, or that of a parent job: the changes since"),
      "\(status)")
    let run = try await result(world, "run contacts")
    #expect(counts(run, "deleted") == [10], "\(run)")
    try await world.expectEqual(after: "a lost ledger")
    let show = try await world.type("checkpoint show contacts")
    #expect(show.output.contains("known     290 rows"), "\(show)")
  }

  @Test("Another organization, and another address of Dynamics, are adopted; another key is not")
  func anotherPairOfSystems() async throws {
    let world = try await loaded(200)
    try await world.turn("dataverse.organization=2")
    try await world.order("mutate --updates 10 --deletes 3")
    try await world.type("run contacts").expect(78, "Dynamics organization", "checkpoint adopt")
    try await world.type("checkpoint adopt contacts --yes").expect(0)
    let first = try await result(world, "run contacts")
    #expect(counts(first, "read", "deleted", "engineCallsSaved") == [197, 3, 0], "\(first)")
    try await world.expectEqual(after: "another organization")

    try await world.turn("dataverse.organization=3")
    try world.write(
      Self.job.replacing("key: externalId", with: "key: cusAccountId"), to: Self.file)
    try await world.type("checkpoint adopt contacts --yes").expect(78, "checkpoint clear contacts")
    try world.write(Self.job, to: Self.file)
    try await world.order("mutate --updates 10 --deletes 3")
    try await world.type("replay contacts").expect(0)
    try await world.type("run contacts").expect(78, "Dynamics organization", "checkpoint adopt")
    try await world.type("checkpoint adopt contacts --yes").expect(0)
    let second = try await result(world, "run contacts")
    #expect(counts(second, "read", "deleted", "run") == [194, 3, 2], "\(second)")
    try await world.expectEqual(after: "another organization, and a replay")
    let idle = try await world.type("run contacts")
    #expect(idle.output.hasPrefix("contacts: nothing to do"), "\(idle)")
  }
}
