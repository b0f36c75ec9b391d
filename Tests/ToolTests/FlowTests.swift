import Core
import TestSupport
import Testing

/// The main job from end to end, typed as a user types it.
@Suite(.timeLimit(.minutes(15))) struct FlowTests {
  @Test("From nothing to equal, then the changes, then nothing at all")
  func fullLoadAndDeltas() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 1000, page: 50)
    let check = try await world.sync("check")
    #expect(check.status == 0, "\(check)")
    #expect(check.output.split(separator: "\n").allSatisfy { $0.hasPrefix("ok ") }, "\(check)")

    let initial = try await world.sync("initial", "contacts")
    #expect(initial.status == 0, "\(initial)")
    #expect(initial.output.hasPrefix("contacts: loaded: 1,000 read, 20 parts, "), "\(initial)")
    #expect(try await world.comparison() == "equal")
    let again = try await world.sync("initial", "contacts")
    #expect(again.status == 0 && again.output.contains("already loaded"), "\(again)")

    try await world.sandbox("mutate", "--updates", "120", "--creates", "30")
    let delta = try await world.sync("delta", "contacts", "--json")
    #expect(delta.status == 0, "\(delta)")
    let result = try #require(delta.json.items?.first)
    #expect(result["outcome"]?.text == "done")
    #expect((result["read"]?.integer, result["created"]?.integer) == (150, 30))
    #expect(try await world.comparison() == "equal")

    let before = try await world.campaignMeters()
    let idle = try await world.sync("delta", "contacts")
    #expect(idle.output.hasPrefix("contacts: nothing to do, "), "\(idle)")
    let after = try await world.campaignMeters()
    #expect((after.engineCalls, after.writes) == (before.engineCalls, before.writes))
    #expect(after.reads - before.reads <= 1, "the resource's description, and no record")
    try await looks(world)
  }

  /// `status`, `history`, `pending` and `checkpoint` after a load and two deltas.
  private func looks(_ world: SandboxProcess) async throws {
    let status = try await world.sync("status", "--max-age", "2h")
    #expect(status.status == 0, "\(status)")
    for words in [
      "contacts: IDLE", "last success", "1,030 rows in Campaign", "0 changes", "0 records",
      "expires in", "next          campaign-sync run contacts",
    ] { #expect(status.output.contains(words), "\(words): \(status)") }
    let json = try #require(try await world.sync("status", "--json").json.items?.first)
    #expect(json["state"]?.text == "IDLE")
    #expect((json["known"]?.integer, json["backlog"]?.integer) == (1030, 0))

    let history = try await world.sync("history", "contacts")
    let commands = history.output.split(separator: "\n").map { $0.split(separator: " ")[1] }
    #expect(commands == ["initial", "initial", "delta", "delta"], "\(history)")
    #expect(try await world.sync("history", "contacts", "--json").json.items?.count == 4)

    let pending = try await world.sync("pending", "contacts")
    #expect(pending.output == "contacts: nothing is pending\n")
    #expect(try await world.sync("pending", "contacts", "--json").json == .array([]))
    let show = try await world.sync("checkpoint", "show", "contacts")
    #expect(show.output.contains("phase     loaded") && show.output.contains("doneFile"))
  }

  @Test("Step by step: export, stage, run, confirm; each says where the job stands")
  func stepByStep() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 300, page: 30, part: "1 KiB")
    let early = try await world.sync("stage", "contacts")
    #expect(early.status == 78 && early.errors.contains("campaign-sync export contacts"))
    let export = try await world.sync("export", "contacts")
    #expect(export.output.hasPrefix("contacts: exported: 300 read, 10 parts"), "\(export)")
    let twice = try await world.sync("export", "contacts")
    #expect(twice.output.hasPrefix("contacts: already exported: 300 rows in 10 parts"))

    let stage = try await world.sync("stage", "contacts")
    #expect(stage.status == 0 && stage.output.hasPrefix("contacts: staged, "), "\(stage)")
    #expect(try await world.sync("stage", "contacts").output.contains("already staged"))
    #expect(DiskTree.names(in: world.imports).count == 11)
    let barred = try await world.sync("delta", "contacts")
    #expect(barred.status == 75 && barred.errors.contains("LOADING"), "\(barred)")

    try await world.turn("campaign.importDelay=600")
    let run = try await world.sync("run", "contacts")
    #expect(run.status == 0 && run.output.hasPrefix("contacts: LOADING"), "\(run)")
    #expect(try await world.sync("status", "--offline").output.hasPrefix("contacts: LOADING"))
    try await world.sandbox("clock", "advance", "20m")
    try await world.awaitImport(of: "contacts-000001")
    let confirm = try await world.sync("confirm", "contacts")
    #expect(confirm.status == 0 && confirm.output.hasPrefix("contacts: loaded"), "\(confirm)")
    #expect(try await world.sync("confirm", "contacts").output.contains("already loaded"))
    let words = try await world.sync("history", "contacts").output
    for word in ["exported: 300 read", "staged", "LOADING", "loaded"] {
      #expect(words.contains(word), "\(words)")
    }
    #expect(try await world.sync("run", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")
    #expect(DiskTree.names(in: world.imports).isEmpty)
  }

  @Test("run --all goes through every phase without waiting, and leaves paused jobs alone")
  func runAll() async throws {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 300, page: 100, jobs: ["opt-outs": Self.optOuts])
    try await world.turn("campaign.importDelay=600")
    let first = try await world.sync("run", "contacts")
    #expect(first.status == 0 && first.output.hasPrefix("contacts: LOADING"), "\(first)")
    let second = try await world.sync("run", "--all")
    #expect(second.status == 0 && second.output.hasPrefix("contacts: LOADING"), "\(second)")
    #expect(
      second.output.contains("opt-outs: disabled: this job moves no opt-out in either direction\n"))
    let status = try await world.sync("status")
    #expect(status.status == 0 && status.output.hasPrefix("contacts: LOADING"), "\(status)")
    #expect(status.output.contains("opt-outs: IDLE disabled"), "\(status)")

    #expect(try await world.sync("pause", "contacts", "--reason", "new mapping").status == 0)
    let paused = try await world.sync("run", "contacts")
    #expect(paused.status == 0, "\(paused)")
    #expect(paused.output.split(separator: "\n").count == 1)
    #expect(paused.output.hasPrefix("contacts: PAUSED since "))
    #expect(paused.output.hasSuffix(": new mapping\n"))
    #expect(try await world.sync("status", "contacts").output.hasPrefix("contacts: PAUSED"))
    #expect(try await world.sync("resume", "contacts").output == "contacts: resumed\n")

    try await world.sandbox("clock", "advance", "20m")
    try await world.awaitImport(of: "contacts-000001")
    let last = try await world.sync("run", "contacts", "--json")
    #expect(last.json.items?.first?["phase"]?.text == "loaded", "\(last)")
    #expect(try await world.comparison() == "equal")
  }

  private static let optOuts = """
    kind: opt-out
    direction: disabled
    """

  @Test("A small table needs no file: initial by API, and one record by its key")
  func byAPI() async throws {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 150, page: 40, jobs: ["contacts": Self.byAPI])
    let initial = try await world.sync("initial", "contacts")
    #expect(initial.status == 0, "\(initial)")
    #expect(initial.output.hasPrefix("contacts: loaded: 150 read, 150 created"), "\(initial)")
    #expect(try await world.comparison() == "equal")

    let report = try await world.sandbox("mutate", "--creates", "2", "--json").json
    let key = try #require(report["created"]?.items?.first?.text)
    let one = try await world.sync("delta", "contacts", "--only", key)
    #expect(one.output.hasPrefix("contacts: 1 read, 1 created"), "\(one)")
    let rest = try await world.sync("delta", "contacts")
    #expect(rest.output.contains("2 read, 1 created, 1 unchanged"), "\(rest)")
    #expect(rest.output.contains("1 calls saved"), "\(rest)")
    #expect(try await world.comparison() == "equal")
    let nobody = try await world.sync("delta", "contacts", "--only", "\(RowKey(high: 1, low: 2))")
    #expect(nobody.status == 65 && nobody.errors.contains("stands: loaded"), "\(nobody)")
  }

  private static let byAPI = """
    kind: ingress
    from: { table: contact }
    to:   { resource: profile, key: externalId }
    fields:
      - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
      - { from: emailaddress1, to: email }
    initial: { via: api }
    """
}
