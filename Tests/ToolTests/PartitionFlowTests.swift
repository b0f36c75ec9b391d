import Core
import Glibc
import TestSupport
import Testing

/// A table that is large for its settings, loaded by the built tool: by ranges, several at a time.
@Suite(.timeLimit(.minutes(15))) struct PartitionFlowTests {
  /// 1,200 contacts, fifty a page, ranges from a hundred rows on.
  private func world(page: Int = 50, users: Int = 1) async throws -> SandboxProcess {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 1200, page: page, part: "4 KiB", arguments: ["--clients", String(users)])
    let text = world.text(of: "jobs/environments/test.yaml")
    let line = "dynamics:\n"
    try world.write(
      text.replacing(line, with: line + "  partitionFrom: 100\n", maxReplacements: 1),
      to: "jobs/environments/test.yaml")
    return world
  }

  private func status(_ world: SandboxProcess) async throws -> JSONValue {
    let end = try await world.sync("status", "contacts", "--json", "--offline")
    return try #require(end.json.items?.first)
  }

  @Test("Loaded by ranges, and staged meanwhile: equal, and the next delta goes on from the token")
  func loaded() async throws {
    let world = try await world()
    let end = try await world.sync("initial", "contacts")
    #expect(end.status == 0, "\(end)")
    #expect(try await world.comparison() == "equal")
    #expect(try await status(world)["strict"] == .null)
    _ = try await world.sandbox("mutate", "--updates", "20", "--creates", "5", "--deletes", "5")
    #expect(try await world.sync("delta", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")

    #expect(try await world.sync("replay", "contacts").status == 0)
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")
  }

  @Test(
    "A service that does not do as ranges need: equal all the same, and the second choice is named",
    arguments: [
      (["rejectsGuidRanges=true"], "takes no ranges of primary ids"),
      (["rejectsOtherSelect=true"], "does not follow changes with other columns"),
      (["guidSort=text", "guidFilter=text"], "does not order primary ids as SQL Server does"),
      (["guidSort=text"], "does not order primary ids as SQL Server does"),
      (["guidFilter=text"], "does not order primary ids as SQL Server does"),
      (["shortPages=40", "emptyPages=20"], nil),
      (["trackedOrder=version", "tokenMarks=end", "emptyLastPage=true"], nil),
    ] as [([String], String?)])
  func nasty(knobs: [String], words: String?) async throws {
    let world = try await world()
    for knob in knobs { try await world.turn("dataverse." + knob) }
    let end = try await world.sync("initial", "contacts")
    #expect(end.status == 0, "\(end)")
    #expect(try await world.comparison() == "equal")
    if let words {
      #expect(end.errors.contains(words), "\(end)")
      #expect(try await status(world)["strict"]?.text?.contains(words) == true)
    } else {
      #expect(!end.errors.contains("in one piece"), "\(end)")
    }
  }

  @Test("Rows come, change and go all through the load: equal after the catch-up", arguments: 1...4)
  func movingTarget(seed: Int) async throws {
    let world = try await world(page: 25)
    try await world.turn(
      "dataverse.mutateSeed=\(seed)", "dataverse.mutateEvery=\(1 + seed % 2)",
      "dataverse.mutateUpdates=3", "dataverse.mutateDeletes=2", "dataverse.mutateCreates=2",
      "dataverse.mutateRecreates=1", "dataverse.mutations=40")
    let end = try await world.sync("initial", "contacts")
    #expect(end.status == 0, "\(end)")
    try await world.turn("dataverse.mutations=0")
    #expect(try await world.sync("delta", "contacts").status == 0)
    #expect(try await world.comparison() == "equal", "seed \(seed)")
  }

  @Test("Several application users share the readers")
  func severalUsers() async throws {
    let world = try await world(page: 10, users: 3)
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")
    let limits = try await world.sandbox("meters", "--json").json["dataverse"]?["limits"]
    let users = limits?.members?.filter { $0.value["server0"] != nil || $0.value["server1"] != nil }
    #expect(users?.count == 3)
    for user in users ?? [] {
      let servers = user.value.members?.compactMap { $0.value["requests"]?.integer } ?? []
      #expect(servers.reduce(0, +) > 10, "\(user.name): 120 pages of ranges among three")
    }
  }

  @Test("Killed anywhere and run again: every row is loaded once, and both sides are equal")
  func killed() async throws {
    let world = try await world(page: 25)
    var killer = Killer(world, "export")
    try await killer.measure()
    while killer.struck < 12 {
      #expect(try await world.sync("checkpoint", "clear", "contacts", "--yes").status == 0)
      try await killer.story()
      let rows = try await world.sync("checkpoint", "show", "contacts").output
      #expect(rows.contains("exported  1,200 rows"), "\(killer.comment): \(rows)")
    }
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal", killer.comment)
  }

  @Test("While it runs, status says how far it is, by lane; afterwards nothing is left of that")
  func progress() async throws {
    let world = try await world(page: 10)
    // Pages with all columns are slow until that was seen; listing the keys, before them, is not.
    try await world.turn("dataverse.cellCostMicroseconds=5000", "dataverse.pace=1")
    let program = try world.startSync(["initial", "contacts"])
    var progress = JSONValue.null
    let isSeen = try await comes {
      progress = try await status(world)["progress"] ?? .null
      return progress["lanes"]?.items?.count ?? 0 >= 2 && progress["records"]?.integer ?? 0 > 0
    }
    try await world.turn("dataverse.pace=0")
    let end = try await program.endInTime()
    #expect(isSeen && end.status == 0, "\(progress), \(end)")
    #expect(progress["expected"]?.integer == 1200)
    #expect(progress["doing"]?.text == "exporting")
    let lanes = progress["lanes"]?.items?.compactMap { $0["name"]?.text } ?? []
    #expect(lanes.allSatisfy { $0.hasPrefix("range ") }, "\(lanes)")
    #expect(try await status(world)["progress"] == .null)
    #expect(access(world.state + "/contacts/progress.json", F_OK) != 0)
  }

  @Test("A load that is older than half of its token's life is warned of, while it is read too")
  func warnsInTime() async throws {
    let world = try await world(page: 10)
    try await world.turn("dataverse.pace=20")
    let program = try world.startSync(["export", "contacts"])
    let file = ".sandbox/state/test/contacts/checkpoint.json"
    while !world.text(of: file).contains("\"reading\""), program.isRunning {}
    program.kill(SIGTERM)
    let young = await program.end()
    #expect(young.status == 75 && !young.errors.contains("of this load's token"), "\(young)")
    try await world.turn("dataverse.pace=0")
    #expect(try await status(world)["tokenExpires"]?.text != nil)

    // As if it had begun four days ago, of the seven that the service keeps a token.
    let text = world.text(of: file)
    let began = try #require(text.firstMatch(of: /"began" : (\d+)/))
    let before = try #require(Int(began.1)) - 4 * 86_400_000
    try world.write(text.replacing(began.0, with: "\"began\" : \(before)"), to: file)
    let lines = try await world.sync("status", "contacts", "--offline").output
    #expect(lines.contains("token         4 d 0 h old, expires in 2 d 23 h"), "\(lines)")
    let end = try await world.sync("initial", "contacts")
    #expect(end.status == 0, "\(end)")
    let warnings = end.errors.split(separator: "\n").count { $0.contains("of this load's token") }
    #expect(warnings == 1, "\(end)")
    #expect(try await world.comparison() == "equal")
  }

  @Test("While the import runs, status says so, and counts nothing")
  func progressOfTheImport() async throws {
    let world = try await world()
    try await world.turn("campaign.importEnd=never")
    let program = try world.startSync(["initial", "contacts"])
    var seen: JSONValue?
    while seen?["doing"]?.text != "waiting for the import", program.isRunning {
      seen = try await status(world)["progress"]
    }
    let lines = try await world.sync("status", "contacts", "--offline").output
    program.kill(SIGTERM)
    let end = await program.end()
    #expect(seen?["doing"]?.text == "waiting for the import", "\(end)")
    #expect(seen?["records"] == .null && seen?["perSecond"] == .null)
    #expect(lines.contains("progress      waiting for the import\n"), "\(lines)")
  }
}
