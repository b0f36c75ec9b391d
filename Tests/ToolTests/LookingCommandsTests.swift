import Core
import Glibc
import TestSupport
import Testing

/// The commands that only look: plan, inspect, verify, discover, schedule.
@Suite(.timeLimit(.minutes(15))) struct LookingCommandsTests {
  @Test("A plan tells what a load and a delta would do, and leaves every byte as it was")
  func plan() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 300, page: 100)
    let before = try await world.sync("plan", "contacts")
    #expect(before.status == 0, "\(before)")
    #expect(before.output.contains("next: full load"), "\(before)")
    #expect(world.rootsOfTheTool.flatMap(DiskTree.entries).isEmpty, "not even a folder")

    #expect(try await world.sync("initial", "contacts").status == 0)
    try await world.sandbox("mutate", "--updates", "40", "--creates", "10")
    let folder = world.state + "/contacts"
    let kept = ["checkpoint.json", "ledger.sqlite", "runs.jsonl", "lock"]
    func bytes() -> [[UInt8]?] { kept.map { DiskTree.bytes(of: "\(folder)/\($0)") } }
    let (disk, meters) = (bytes(), try await world.campaignMeters())
    let plan = try await world.sync("plan", "contacts", "--json")
    #expect(plan.status == 0, "\(plan)")
    #expect(bytes() == disk)
    #expect(try await world.campaignMeters().writes == meters.writes)
    #expect(plan.json["rows"]?.integer == 50, "\(plan)")
    #expect(plan.json["created"]?.integer == 10)
    #expect(plan.json["drift"]?.items == [])

    let delta = try await world.sync("delta", "contacts", "--json")
    let done = try #require(delta.json.items?.first)
    for name in ["created", "updated", "unchanged", "engineCalls", "rejected"] {
      #expect(plan.json[name]?.integer == done[name]?.integer, "\(name): \(plan) \(delta)")
    }
    let after = try await world.sync("plan", "contacts")
    #expect(after.output.contains("rows          0"))
    #expect(after.output.contains("nothing was written"), "\(after)")
  }

  @Test("A plan of more rows than it looks up estimates fairly, and says so")
  func estimate() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 1200, page: 500)
    #expect(try await world.sync("initial", "contacts").status == 0)
    try await world.sandbox("mutate", "--updates", "900", "--creates", "600", "--deletes", "12")
    let plan = try await world.sync("plan", "contacts", "--json")
    #expect(plan.status == 0, "\(plan)")
    let rows = try #require(plan.json["rows"]?.integer)
    #expect(
      (plan.json["lookedUp"]?.integer, plan.json["estimated"]?.integer) == (1000, rows - 1000))
    let created = try #require(plan.json["created"]?.integer)
    #expect((500...700).contains(created), "\(plan)")
    #expect(plan.json["deletions"]?.integer == 12 && plan.json["knownDeletions"]?.integer == 12)
    let words = try await world.sync("plan", "contacts")
    #expect(words.output.contains("1,000 looked up, "), "\(words)")
    #expect(words.output.contains("12 of known rows; the job does not apply them"), "\(words)")
  }

  @Test("A row that cannot be written shows in plan, inspect and verify by its rule, not its value")
  func rejected() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 20, page: 50)
    #expect(try await world.sync("initial", "contacts").status == 0)
    let user = try await DynamicsUser(world)
    let key = try #require(try await user.keys(1).first)
    let long = String(repeating: "7", count: 40)
    try await user.change(key, ["mobilephone": .string(long)])
    let plan = try await world.sync("plan", "contacts")
    #expect(plan.output.contains("rejects       1\n"), "\(plan)")
    #expect(plan.output.contains("mobilephone -> mobilePhone: "), "\(plan)")
    #expect(!plan.output.contains(long))
    #expect(try await world.sync("delta", "contacts").status == 0)
    let inspect = try await world.sync("inspect", "contacts", key)
    #expect(inspect.output.contains("pending   row, tooLong: mobilephone -> "), "\(inspect)")
    #expect(inspect.output.contains("decision  rejected (tooLong)"), "\(inspect)")
    #expect(inspect.output.contains(long), "the operator asked for this record")
    let verify = try await world.sync("verify", "contacts", "--all")
    #expect(verify.status == 0 && verify.output.contains("1 rejected by the mapping"), "\(verify)")
    let again = try await world.sync("plan", "contacts", "--json")
    #expect((again.json["rows"]?.integer, again.json["pending"]?.integer) == (0, 1), "\(again)")
  }

  @Test("Inspect shows one record from everywhere; verify finds what differs and prints no value")
  func inspectAndVerify() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 120, page: 50)
    #expect(try await world.sync("initial", "contacts").status == 0)
    let equal = try await world.sync("verify", "contacts", "--all")
    #expect(equal.status == 0, "\(equal)")
    #expect(equal.output.hasPrefix("contacts: equal: 120 rows in Dynamics, "), "\(equal)")
    let sample = try await world.sync("verify", "contacts", "--sample", "30", "--json")
    #expect(sample.status == 0 && sample.json["compared"]?.integer == 30, "\(sample)")

    try await world.sandbox("mutate", "--updates", "60", "--creates", "1")
    let different = try await world.sync("verify", "contacts", "--all", "--json")
    #expect(different.status == 65, "\(different)")
    let shown = try #require(different.json["differences"]?.items)
    #expect((1...20).contains(shown.count))
    let missing = try #require(
      shown.first { $0["what"]?.text?.hasPrefix("missing") == true } ?? shown.first)
    let key = try #require(missing["key"]?.text)

    let inspect = try await world.sync("inspect", "contacts", key)
    #expect(inspect.status == 0, "\(inspect)")
    #expect(inspect.output.contains("dynamics  has the row"), "\(inspect)")
    #expect(inspect.output.contains("* would be written"), "\(inspect)")
    #expect(try await world.sync("delta", "contacts", "--only", key).status == 0)
    let proven = try await world.sync("inspect", "contacts", key, "--json")
    #expect(proven.json["ledger"]?.text == "proven", "\(proven)")
    #expect(proven.json["provenNow"]?.flag == true)
    #expect(proven.json["decision"]?.text?.hasPrefix("nothing to write") == true, "\(proven)")
    #expect(proven.json["fields"]?.items?.first?["dynamics"]?.text != nil)

    let nobody = try await world.sync("inspect", "contacts", "\(RowKey(high: 1, low: 2))")
    #expect(nobody.output.contains("on neither side"), "\(nobody)")
    #expect(try await world.sync("inspect", "contacts", "mueller").status == 64)
    #expect(try await world.sync("delta", "contacts").status == 0)
    #expect(try await world.sync("verify", "contacts").status == 0)
  }

  @Test("How long the backlog takes is told from deltas; a load by API says nothing about it")
  func forecast() async throws {
    let job = """
      kind: ingress
      from: { table: contact }
      to:   { resource: profile, key: externalId }
      fields:
        - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
        - { from: emailaddress1, to: email }
      initial: { via: api }
      """
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 400, page: 50, jobs: ["contacts": job])
    func forecast() async throws -> (backlog: Int, seconds: Int?) {
      try await world.sandbox("mutate", "--updates", "400")
      let status = try await world.sync("status", "contacts", "--json").json.items?.first
      return (try #require(status?["backlog"]?.integer), status?["forecastSeconds"]?.integer)
    }
    try await world.type("initial contacts").expect(0)
    let early = try await forecast()
    #expect(early.backlog > 100 && early.seconds == nil)
    #expect(!(try await world.sync("status", "contacts").output.contains(" of work")))

    let delta = try await world.sync("delta", "contacts", "--json").json.items?.first
    let took = try #require(delta?["milliseconds"]?.integer)
    let read = try #require(delta?["read"]?.integer)
    let late = try await forecast()
    #expect(late.seconds == late.backlog * took / read / 1000)
    #expect(try await world.sync("status", "contacts").output.contains(" of work"))
  }

  @Test("Discover prints a job file that passes check, and the workflow's settings of a job")
  func discover() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 10, page: 10)
    let tables = try await world.sync("discover")
    #expect(tables.output.contains("contact  tracked  job contacts"), "\(tables)")
    let contact = try await world.sync("discover", "contact")
    for words in [
      "gendercode  choice", "firstname  text", "resource profileAndServicesExt/profile",
    ] {
      #expect(contact.output.contains(words), "\(words): \(contact)")
    }
    let json = try await world.sync("discover", "contact", "--json")
    #expect(json.json["resource"]?.text == "profile", "\(json)")
    let sheet = try await world.sync("discover", "--workflow", "contacts")
    for words in [
      "Import workflow WKF101", "parameter       files, String", "'d365_loads/' + $(vars/@files)",
      "separator       ;", "Decompression", "externalId  Text 100", "firstName  Text 30",
      "birthDate  Date", "gender  Integer, remap", "imports/{run}.done",
    ] { #expect(sheet.output.contains(words), "\(words): \(sheet)") }

    // A shell makes the file of `discover contact --job > jobs/people.yaml` before the tool runs.
    try world.write("", to: "jobs/people.yaml")
    #expect(try await world.sync("run", "contacts").status == 78)
    let draft = try await world.sync("discover", "contact", "--job")
    #expect(draft.status == 0, "\(draft)")
    #expect(unlink(world.folder + "/jobs/people.yaml") == 0)
    #expect(draft.output.contains("from: emailaddress1,"), "\(draft)")
    try world.write(draft.output, to: "jobs/contacts.yaml")
    let check = try await world.sync("check", "contacts")
    #expect(!check.output.contains("FAIL"), "\(check)\n\(draft.output)")
    let unknown = try await world.sync("discover", "contakt")
    #expect(unknown.status == 78 && unknown.errors.contains("did you mean contact?"), "\(unknown)")
  }

  @Test("Schedule prints a line that a shell runs, and start times in both clocks")
  func schedule() async throws {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 10, page: 10)
    let cron = try await world.sync(
      ["schedule", "cron", "--every", "30m"], environment: ["TZ": "XYZ-5:45"])
    #expect(cron.status == 0, "\(cron)")
    let lines = cron.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 8, "\(cron)")
    #expect(lines[1].hasPrefix("*/30 * * * *  /"), "\(cron)")
    #expect(lines[3...].allSatisfy { $0.contains("+05:45  ") && $0.hasSuffix("Z") }, "\(cron)")
    #expect(lines[3...].allSatisfy { $0.contains(":00:00+") || $0.contains(":30:00+") }, "\(cron)")

    let command = String(lines[1].dropFirst("*/30 * * * *".count))
    let run = try await Program.run(
      "/bin/sh", ["-c", "cd / && \(command) --deadline 10m --if-busy fail"], in: world.folder)
    #expect(run.status == 0 && run.output.isEmpty, "\(run)")
    #expect(try await world.sync("schedule", "cron", "--every", "7m").status == 64)
  }
}
