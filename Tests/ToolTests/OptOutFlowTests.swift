import Core
import Glibc
import TestSupport
import Testing

/// Opt-outs as a user has them: a job file, exports, commands, and the sandbox that knows the truth.
@Suite("Opt-outs by the built tool", .timeLimit(.minutes(15))) struct OptOutFlowTests {
  static func job(_ direction: String) -> String {
    """
    kind: opt-out
    direction: \(direction)
    from:
      { files: exports/optout_*.csv, key: externalId, modified: "{campaign}_modified", stableFor: 1s }
    fields:
      - { dynamics: donotbulkemail, campaign: denyListEmail }
      - { dynamics: donotphone, campaign: denyListPhone }
      - { dynamics: followemail, campaign: denyListPushnotification, invert: true }
    """
  }

  static func world(
    _ direction: String = "bidirectional", contacts: Int = 120
  ) async throws -> SandboxProcess {
    var jobs = SandboxProcess.committedJobs.filter { $0.key == "contacts" }
    jobs["opt-out"] = job(direction)
    return try await SandboxProcess(contacts: contacts, jobs: jobs)
  }

  @Test(
    "Both sides change, files come, and they agree; the next run writes nothing",
    arguments: ["bidirectional", "campaign-to-dynamics"])
  func agrees(direction: String) async throws {
    let world = try await Self.world(direction)
    let initial = try await world.sync("initial", "contacts")
    #expect(initial.status == 0, "\(initial)")
    #expect(
      initial.output.contains("\nopt-out: "), "a first load ends with an opt-out run: \(initial)")
    try await world.order("export-opt-outs --all")
    try await world.type("opt-out").expect(0)
    for seed in 1...3 {
      try await world.order("mutate --opt-outs 25 --opt-outs-in both --updates 10 --seed \(seed)")
      try await world.order("export-opt-outs")
      try await world.type("run --all").expect(0)
      let agreed = try await world.sandbox("compare", "opt-out")
      #expect(agreed.status == 0, "seed \(seed): \(agreed.output)\(agreed.errors)")
    }
    let before = try await world.campaignMeters().writes
    let idle = try await world.type("opt-out --json")
    #expect(idle.json.items?.first?["updated"]?.integer == 0, "\(idle)")
    try await world.order("export-opt-outs --all")
    let echo = try await world.type("opt-out --json")
    #expect(echo.json.items?.first?["updated"]?.integer == 0, "\(echo)")
    #expect(try await world.campaignMeters().writes == before)
    #expect(try await world.sandbox("compare", "--all").status == 0)
  }

  @Test("Late files, unknown and broken times, empty values: never opted in by accident")
  func nastyFiles() async throws {
    let world = try await Self.world()
    try await world.type("initial contacts").expect(0)
    try await world.order("export-opt-outs --all --whole-seconds")
    try await world.type("opt-out").expect(0)
    for seed in 1...4 {
      try await world.order("mutate --opt-outs 20 --opt-outs-in both --seed \(seed)")
      try await world.order("export-opt-outs --all --late --seed \(seed)")
      try await world.order("mutate --opt-outs 20 --opt-outs-in both --seed \(seed + 50)")
      try await world.order(
        "export-opt-outs --unknown-times 4 --broken-times 3 --empty-values 3 --gzip --seed \(seed)")
      try await world.type("run --all").expect(0)
      try await world.order("export-opt-outs --publish")
      try await world.type("run --all").expect(0)
    }
    try await world.order("export-opt-outs --all")
    try await world.type("opt-out").expect(0)
    let agreed = try await world.sandbox("compare", "opt-out")
    #expect(agreed.status == 0, "\(agreed.output)\(agreed.errors)")
  }

  @Test(
    "A person opts out in Campaign while a load, a replay or a recovery runs: still opted out",
    arguments: ["initial", "replay", "recovery"])
  func races(story: String) async throws {
    let world = try await Self.world(contacts: 300)
    let key: String
    if story == "initial" {
      // The profile is there before the load, as an older one whose key was filled in.
      try await world.type("initial contacts").expect(0)
      key = try await DynamicsUser(world).keys(1)[0]
      try await world.type("checkpoint clear contacts --yes").expect(0)
      try await world.type("checkpoint clear opt-out --yes").expect(0)
      try await world.type("export contacts").expect(0)
    } else {
      try await world.type("initial contacts").expect(0)
      key = try await DynamicsUser(world).keys(1)[0]
    }
    switch story {
    case "replay":
      try await world.type("replay contacts").expect(0)
      try await world.type("export contacts").expect(0)
    case "recovery":
      try await world.order("change-metadata")
    default: break
    }
    // Everything that ingress has read says "opted in"; then the person opts out.
    try await world.order("mutate --profile \(key) --set denyListEmail=true")
    let ended = try await world.sync(story == "recovery" ? "run" : "initial", "contacts")
    #expect(ended.status == 0, "\(ended)")
    let looked = try await world.sync("inspect", "opt-out", key, "--json")
    let email = looked.json["attributes"]?.items?.first
    #expect(email?["campaign"] == .bool(true), "\(looked)")
    try await world.order("export-opt-outs")
    try await world.type("opt-out").expect(0)
    let after = try await world.sync("inspect", "opt-out", key, "--json")
    #expect(after.json["attributes"]?.items?.first?["dynamics"] == .bool(true), "\(after)")
    let agreed = try await world.sandbox("compare", "opt-out")
    #expect(agreed.status == 0, "\(agreed.output)\(agreed.errors)")
  }

  @Test("A contact that is deleted while its opt-out is on the way comes back as no stub")
  func noStub() async throws {
    let world = try await Self.world("campaign-to-dynamics")
    try await world.type("initial contacts").expect(0)
    let user = try await DynamicsUser(world)
    let key = try await user.keys(1)[0]
    try await world.order("mutate --profile \(key) --set denyListEmail=true")
    try await world.order("export-opt-outs")
    try await user.delete(key)
    try await world.type("opt-out").expect(0)
    let pending = try await world.sync("pending", "opt-out", "--json")
    #expect(pending.json.items?.first?["rule"]?.text == "noContact", "\(pending)")
    #expect(pending.json.items?.first?["key"]?.text == key)
    let agreed = try await world.sandbox("compare", "opt-out")
    #expect(agreed.status == 0, "\(agreed.output)\(agreed.errors)")
    let inspected = try await world.sync("inspect", "opt-out", key)
    #expect(inspected.output.contains("Dynamics  has no such contact"), "\(inspected)")
    #expect(inspected.output.contains("It waits: a side does not have the record."))
  }

  @Test("Killed at random moments, under throttling and stale versions: the same end")
  func killed() async throws {
    let world = try await Self.world(contacts: 80)
    try await world.type("initial contacts").expect(0)
    try await world.order("export-opt-outs --all")
    try await world.type("opt-out").expect(0)
    let seed = getenv("KILL_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    var dice = SeededGenerator(seed: seed)
    var moments: [String] = []
    var (kills, lives) = (0, 0)
    while kills < 50 {
      if lives % 5 == 0 {
        let number = seed + UInt64(lives)
        try await world.order("mutate --opt-outs 15 --opt-outs-in both --seed \(number)")
        try await world.order("export-opt-outs --seed \(number)")
        try await world.turn("dataverse.staleWrites=3")
        try await world.order(
          "faults add campaign throttled --method GET --after 2 --times 1 --retry-after 1")
      }
      let program = try world.startSync(["opt-out"])
      let moment = dice.below(700)
      if try await !program.ends(within: .milliseconds(moment)) {
        program.kill(SIGKILL)
        kills += 1
        moments.append("\(moment)")
      }
      _ = await program.end()
      lives += 1
    }
    try await world.order("faults clear")
    try await world.turn("dataverse.staleWrites=0")
    try await world.type("opt-out --if-busy wait").expect(0)
    try await world.type("opt-out").expect(0)
    let agreed = try await world.sandbox("compare", "opt-out")
    #expect(agreed.status == 0, "seed \(seed), \(moments): \(agreed.output)\(agreed.errors)")
    let idle = try await world.type("opt-out --json")
    #expect(idle.json.items?.first?["updated"]?.integer == 0, "\(idle)")
  }

  @Test("An operator sees decisions in words, where the job stands, and what a change of it asks")
  func operates() async throws {
    let world = try await Self.world()
    let check = try await world.sync("check", "opt-out")
    #expect(
      check.status == 0
        && check.output.contains("opt-out: contact and profile have all columns: 3 pairs"),
      "\(check)")
    try await world.type("initial contacts").expect(0)
    let key = try await DynamicsUser(world).keys(1)[0]
    try await world.order("mutate --profile \(key) --set denyListEmail=true")
    try await world.order("export-opt-outs")
    let run = try await world.sync("opt-out")
    #expect(run.status == 0 && run.output.contains("opted out"), "\(run)")
    let told = try await world.sync("inspect", "opt-out", key)
    #expect(told.output.contains("denyListEmail: "), "\(told)")
    #expect(
      told.output.contains("Campaign is newer: Dynamics becomes opted out. Written."), "\(told)")
    let status = try await world.sync("status", "opt-out")
    #expect(
      status.output.contains("opt-out: IDLE")
        && status.output.contains("direction     bidirectional"), "\(status)")
    #expect(try await world.sync("status", "opt-out", "--max-age", "1h").status == 0)
    #expect(try await world.sync("history", "opt-out").output.contains("opted out"))
    let swept = try await world.sync("sweep")
    #expect(swept.output.contains("exports/optout_"), "\(swept)")

    try world.write(
      Self.job("bidirectional").replacing("denyListPhone", with: "denyListFax"),
      to: "jobs/opt-out.yaml")
    let changed = try await world.sync("run", "opt-out")
    #expect(changed.status == 78, "\(changed)")
    #expect(changed.errors.contains("field denyListFax: added"), "\(changed)")
    #expect(changed.errors.contains("campaign-sync replay opt-out"), "\(changed)")
    try await world.type("replay opt-out").expect(0)
    try await world.type("run opt-out").expect(0)
    try world.write(Self.job("campaign-to-dynamics"), to: "jobs/opt-out.yaml")
    #expect(try await world.sync("run", "opt-out").status == 78)
    try await world.type("run opt-out --keep-position").expect(0)
    try await world.type("run opt-out").expect(0)
    let refused = try await world.sync("plan", "opt-out")
    #expect(refused.status == 64, "\(refused)")
  }

  @Test("A lost ledger stops the job, and is adopted; a paused job is left alone")
  func recovers() async throws {
    let world = try await Self.world(contacts: 60)
    try await world.type("initial contacts").expect(0)
    try await world.order("mutate --opt-outs 20 --opt-outs-in both --seed 3")
    try await world.order("export-opt-outs --all")
    try await world.type("opt-out").expect(0)
    try await world.type("pause opt-out --reason audit").expect(0)
    #expect(try await world.type("opt-out").output.hasPrefix("opt-out: PAUSED since"))
    try await world.type("resume opt-out").expect(0)

    for suffix in ["", "-wal", "-shm"] { unlink(world.state + "/opt-out/ledger.sqlite" + suffix) }
    try await world.order("mutate --opt-outs 20 --opt-outs-in both --seed 4")
    try await world.order("export-opt-outs")
    try await world.type("run opt-out").expect(74)
    try await world.type("checkpoint adopt opt-out --yes").expect(0)
    try await world.type("run opt-out").expect(0)
    // What was exported before is there still, and read again.
    let agreed = try await world.sandbox("compare", "opt-out")
    #expect(agreed.status == 0, "\(agreed.output)\(agreed.errors)")
    #expect(try await world.type("checkpoint show opt-out").output.contains("due       0 contacts"))
  }

  @Test("Logs, output, run records and checkpoints hold no name, address or key of a person")
  func canaries() async throws {
    let world = try await Self.world(contacts: 40)
    try await world.type("initial contacts").expect(0)
    let keys = try await DynamicsUser(world).keys(40)
    try await world.order("mutate --opt-outs 20 --opt-outs-in both")
    try await world.order("export-opt-outs --all")
    let run = try await world.sync("opt-out", "-v", "--log", "json")
    #expect(run.status == 0, "\(run)")
    let kept = DiskTree.contents(of: world.state + "/opt-out").filter {
      !$0.key.contains("ledger.sqlite")
    }
    for key in keys {
      #expect(!run.output.contains(key) && !run.errors.contains(key))
      for (name, bytes) in kept {
        #expect(!String(decoding: bytes, as: UTF8.self).contains(key), "\(name)")
      }
    }
  }
}
