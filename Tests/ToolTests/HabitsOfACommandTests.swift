import Core
import Glibc
import TestSupport
import Testing

/// What every command does the same way: locks, signals, deadlines, names, streams, modes.
@Suite(.timeLimit(.minutes(15))) struct HabitsOfACommandTests {
  @Test("One run a job: others skip, fail or wait; a deadline and a signal end it at a safe point")
  func interrupted() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 1500, page: 12)
    try await world.turn("dataverse.pace=2")
    let late = try await world.sync("export", "contacts", "--deadline", "1s")
    #expect(late.status == 75, "\(late)")

    // Slower than all neighbours together, however busy the machine is.
    try await world.turn("dataverse.pace=80")
    let slow = try world.startSync(["export", "contacts"])
    #expect(try await comes { world.lockHolder == slow.id })
    try await neighbours(of: slow, in: world)
    #expect(try await comes { try world.exportedPages() > 0 })
    slow.kill(SIGTERM)
    let end = try await slow.endInTime()
    #expect(end.status == 75, "\(end)")
    #expect(end.errors.contains("stands: exporting, run 1"), "\(end)")
    let pages = try world.exportedPages()
    #expect(pages > 0 && pages < 125)

    let resumed = try world.startSync(["export", "contacts"])
    #expect(try await comes { world.lockHolder == resumed.id })
    let waiting = try world.startSync(["export", "contacts", "--if-busy", "wait"])
    try await world.turn("dataverse.pace=0")
    let done = try await resumed.endInTime()
    #expect(done.status == 0 && done.output.hasPrefix("contacts: exported: "), "\(done)")
    #expect(try world.exportedPages() == 125)
    let waited = try await waiting.endInTime()
    #expect(waited.status == 0 && waited.output.contains("already exported"), "\(waited)")
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")
  }

  private func neighbours(of slow: Program, in world: SandboxProcess) async throws {
    let who = "RUNNING in another process (process \(slow.id))"
    let skipping = try await world.sync("export", "contacts", "--if-busy", "skip")
    #expect(skipping.status == 0 && skipping.output == "contacts: \(who)\n", "\(skipping)")
    let scheduled = try await world.sync("run", "contacts")
    #expect(scheduled.status == 0 && scheduled.output == "contacts: \(who)\n", "\(scheduled)")
    let failing = try await world.sync("export", "contacts", "--if-busy", "fail")
    #expect(failing.status == 75 && failing.errors.contains("another run holds its lock"))
    #expect(try await world.sync("status", "--offline").output.hasPrefix("contacts: RUNNING"))
    let clear = try await world.sync("checkpoint", "clear", "contacts", "--yes")
    #expect(clear.status == 75 && clear.errors.contains("a run holds its lock"), "\(clear)")
  }

  @Test("A deadline is that of the command: a job whose turn comes after it is not begun")
  func oneDeadline() async throws {
    let accounts = """
      kind: ingress
      from: { table: account }
      to:   { resource: cusAccount, key: externalId }
      fields: [ { from: name, to: name } ]
      initial: { via: api }
      """
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 100, page: 10, jobs: ["more-accounts": accounts])
    try await world.turn("dataverse.pace=50")  // a second for each request
    let late = try await world.sync("run", "--all", "--deadline", "1s")
    #expect(late.status == 75 && late.output.isEmpty, "\(late)")
    #expect(late.errors.contains("contacts: cannot go on: asked to stop"), "\(late)")
    let words = "more-accounts: cannot begin more-accounts: the deadline of the command was over"
    #expect(late.errors.contains(words), "\(late)")
    #expect(DiskTree.bytes(of: world.state + "/more-accounts/runs.jsonl") == nil, "not begun")

    try await world.turn("dataverse.pace=0")
    let next = try await world.sync("run", "--all", "--deadline", "5m")
    #expect(next.status == 0 && next.output.contains("more-accounts: loaded"), "\(next)")
  }

  @Test("A second signal ends a run at once, wherever it is")
  func secondSignal() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 10, page: 10)
    try await world.turn("dataverse.pace=3000")  // a minute for each request
    let stuck = try world.startSync(["export", "contacts"])
    // Before its request is under way, the first signal may end it while the second is on its way.
    #expect(try await comes { try await world.limitMeter("mostAtOnce") > 0 })
    stuck.kill(SIGTERM)
    stuck.kill(SIGINT)
    let end = try await stuck.endInTime()
    #expect(end.status == 128 + SIGTERM || end.status == 128 + SIGINT, "\(end)")
  }

  @Test("A wrong name is refused before anything runs, and the nearest right one is said")
  func names() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 10, page: 10)
    for command in ["run", "delta", "initial", "status", "pending", "check"] {
      let end = try await world.sync(command, "contcts")
      #expect(end.status == 64, "\(command): \(end)")
      #expect(end.errors.contains("did you mean contacts?"), "\(command): \(end)")
      #expect(end.output.isEmpty, "\(command): \(end)")
      #expect(!end.errors.contains("(usage)"))
    }
    #expect(try await world.sync("frobnicate").status == 64)
    #expect(try await world.sync("delta", "contacts", "--only", "7").status == 64)
    #expect(try await world.sync("run").status == 64)
    let environment = try await world.sync("--env", "tets", "status")
    #expect(environment.status == 78, "\(environment)")
    #expect(environment.errors.contains("did you mean test?"))
    #expect(DiskTree.entries(world.state + "/contcts").isEmpty)
  }

  @Test("--env before the command chooses the environment, and each has a state of its own")
  func environments() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 50, page: 50)
    try world.write(
      world.text(of: "jobs/environments/test.yaml"), to: "jobs/environments/other.yaml")
    #expect(try await world.sync("export", "contacts").status == 0)
    let other = try await world.sync("--env", "other", "status", "contacts")
    #expect(other.output.hasPrefix("contacts: NEVER RUN"), "\(other)")
    #expect(try await world.sync("--env=other", "export", "contacts").status == 0)
    let spools = ["test", "other"].map { name in
      DiskTree.contents(of: "\(world.directory)/spool/\(name)/contacts/000001")
    }
    #expect(spools[0] == spools[1] && !spools[0].isEmpty)
    let unset = try await world.sync(["status"], environment: ["CAMPAIGN_SYNC_ENV": "nowhere"])
    #expect(unset.status == 78)
  }

  @Test("Results go to standard output, the log to standard error, as text or as JSON")
  func streams() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 50, page: 50)
    let end = try await world.sync("--log", "json", "-v", "initial", "contacts", "--json")
    #expect(end.json.items?.first?["job"]?.text == "contacts", "\(end)")
    let lines = end.errors.split(separator: "\n")
    #expect(!lines.isEmpty)
    for line in lines {
      let entry = try FixtureJSON.parse(Array(line.utf8))
      #expect(entry["level"]?.text != nil && entry["message"]?.text != nil, "\(line)")
    }
    let quiet = try await world.sync("-q", "delta", "contacts")
    #expect(quiet.status == 0 && quiet.output.isEmpty && quiet.errors.isEmpty, "\(quiet)")
  }

  @Test("A failure before the first page still says where the job stands")
  func failureBeforeWork() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 50, page: 50)
    #expect(try await world.sync("initial", "contacts").status == 0)
    try world.write(Canary.secret + "\n", to: ".sandbox/dynamics.secret")
    let end = try await world.sync("delta", "contacts")
    #expect(end.status == 77, "\(end)")
    #expect(end.errors.contains("stands: loaded, run 1"), "\(end)")
    #expect(!(end.output + end.errors).contains(Canary.secret))
    let status = try await world.sync("status", "--offline", "--max-age", "2h")
    #expect(status.status == 1 && status.output.hasPrefix("contacts: FAILED exit 77"), "\(status)")
  }

  @Test("Everything below state and spool is its owner's alone, whatever the umask")
  func modes() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 100, page: 50)
    for command in ["export", "initial"] {
      let end = try await Program.run(
        "/bin/sh",
        [
          "-c", "umask 000; exec \"$0\" \"$@\"", Program.folder + "/campaign-sync", command,
          "contacts", "--env", "test",
        ], in: world.folder)
      #expect(end.status == 0, "\(end)")
      let entries = world.rootsOfTheTool.flatMap(DiskTree.entries)
      #expect(entries.count > 8)
      for entry in entries {
        #expect(entry.mode == (entry.isFolder ? 0o700 : 0o600), "\(entry)")
      }
    }
  }

  @Test("A monitor hears of the start, and of success or failure")
  func heartbeats() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 50, page: 50)
    let monitor = try LoopbackServer { _ in
      [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")]
    }
    defer { monitor.stop() }
    let file = "jobs/environments/test.yaml"
    try world.write(
      world.text(of: file) + "heartbeat: \(monitor.url)/ping/{job}\n", to: file)
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(monitor.paths == ["/ping/contacts/start", "/ping/contacts"])
    let nobody = "\(RowKey(high: 1, low: 2))"
    #expect(try await world.sync("delta", "contacts", "--only", nobody).status == 65)
    #expect(monitor.paths.dropFirst(2) == ["/ping/contacts/start", "/ping/contacts/fail"])
    monitor.stop()
    #expect(try await world.sync("delta", "contacts").status == 0, "nobody listens: no harm")
  }

  @Test("The sample has the columns of a part and no value of Dynamics")
  func sample() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 50, page: 50)
    let end = try await world.sync("export", "contacts", "--sample", "5")
    #expect(end.status == 0, "\(end)")
    let text = world.text(of: ".sandbox/spool/test/contacts/contacts-sample.csv")
    let lines = text.split(separator: "\n")
    #expect(lines.count == 6)
    #expect(lines[0].hasPrefix("externalId;firstName;lastName;email;"))
    #expect(lines.dropFirst().allSatisfy { $0.hasPrefix("00000000-0000-4000-8000-") })
    #expect(try await world.sync("status", "--offline").output.hasPrefix("contacts: NEVER RUN"))
  }

  @Test("checkpoint clear asks; off a terminal it wants --yes; then everything loads again")
  func clear() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 100, page: 50)
    #expect(try await world.sync("export", "contacts").status == 0)
    let asked = try await world.sync("checkpoint", "clear", "contacts")
    #expect(asked.status == 64 && asked.errors.contains("clear contacts --yes"), "\(asked)")
    #expect(try world.exportedPages() == 2)
    #expect(try await world.sync("checkpoint", "clear", "contacts", "--yes").status == 0)
    #expect(DiskTree.names(in: world.spool + "/contacts").isEmpty)
    let show = try await world.sync("checkpoint", "show", "contacts")
    #expect(show.output.contains("no checkpoint"), "\(show)")
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")
  }
}

extension SandboxProcess {
  /// The process that took the lock of `contacts` last.
  fileprivate var lockHolder: Int32? {
    Int32(text(of: ".sandbox/state/test/contacts/lock").filter { $0 != "\n" })
  }

  /// Pages of the export that are committed.
  fileprivate func exportedPages() throws -> Int {
    let text = text(of: ".sandbox/state/test/contacts/checkpoint.json")
    if text.isEmpty { return 0 }
    return try FixtureJSON.parse(Array(text.utf8))["state"]?["export"]?["pages"]?.integer ?? 0
  }
}

extension LoopbackServer {
  fileprivate var paths: [String] {
    requests.map { String($0.line.split(separator: " ").dropFirst().first ?? "") }
  }
}
