import Core
import TestSupport
import Testing

/// New profiles and the opt-outs that an opt-out job decides.
@Suite(.timeLimit(.minutes(15))) struct OptOutColumnsTests {
  private static let contacts = """
    kind: ingress
    from: { table: contact }
    to:   { resource: profile, key: externalId }
    fields:
      - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
      - { from: donotfax, to: denyListFax }
      - { from: followemail, to: denyList }
    """
  private static let api = contacts + "\ninitial: { via: api }\n"
  private static let file =
    contacts + """

      import: { workflow: WKF101, signal: signal1, parameters: { files: "{files}" }, done: "imports/{run}.done" }

      """
  private static let optOut = """
    kind: opt-out
    direction: campaign-to-dynamics
    from: { files: exports/optout_*.csv, key: externalId, modified: "{campaign}_modified" }
    fields:
      - { dynamics: donotbulkemail, campaign: denyListEmail }

    """
  private static let path = "jobs/opt-out.yaml"

  private func world(_ job: String) async throws -> SandboxProcess {
    try await SandboxProcess.ofSmallPieces(contacts: 40, page: 20, jobs: ["contacts": job])
  }

  /// What the record holds, as `inspect` shows it.
  private func flag(_ key: String, _ world: SandboxProcess) async throws -> String? {
    let end = try await world.sync("inspect", "contacts", key, "--json")
    let fields = end.json["fields"]?.items ?? []
    let field = try #require(fields.first { $0["to"]?.text == "denyListEmail" }, "\(end)")
    #expect(field["written"] == .bool(false), "\(end)")
    return field["campaign"]?.items?.first?.text
  }

  @Test("`disabled` says nothing of what an ingress job feeds: `check` does, field by field")
  func disabledAndFed() async throws {
    let world = try await world(Self.api)
    try world.write("kind: opt-out\ndirection: disabled\n", to: Self.path)
    let check = try await world.sync("check", "opt-out")
    for field in ["denyListFax from donotfax", "denyList from followemail"] {
      let words = "warn  opt-out: disabled, and the ingress job contacts feeds \(field) of Dynamics"
      #expect(check.output.contains(words), "\(check)")
    }
    let warnings = check.output.split(separator: "\n").filter { $0.hasPrefix("warn  opt-out: ") }
    #expect(warnings.count == 2, "\(check)")
    let run = try await world.sync("opt-out")
    #expect(run.output.contains("this job moves no opt-out"), "\(run)")
  }

  @Test(
    "Other pairs of the opt-out job are taken over by a job that is loaded, and stop nothing",
    arguments: [true, false])
  func takenOver(isSelectRefused: Bool) async throws {
    let world = try await world(Self.api)
    if isSelectRefused { try await world.turn("dataverse.rejectsOtherSelect=true") }
    #expect(try await world.sync("initial", "contacts").status == 0)

    try world.write(Self.optOut, to: Self.path)
    let plan = try await world.sync("plan", "contacts", "--json")
    #expect(plan.status == 0 && plan.json["drift"]?.items == [], "\(plan)")
    #expect((plan.json["recovery"] ?? .null) == .null || isSelectRefused, "\(plan)")
    try await world.sandbox("mutate", "--set", "donotbulkemail=true", "--rows", "3")
    try await world.sandbox("mutate", "--creates", "30")
    let run = try await world.sync("run", "contacts", "--json")
    #expect(run.status == 0, "\(run)")
    #expect(run.errors.contains("opt-out denyListEmail: added"), "\(run)")
    #expect(run.json.items?.first?["created"]?.integer == 30, "\(run)")
    #expect(run.json.items?.first?["updated"]?.integer == 0, "\(run)")
    let again = try await world.sync("run", "contacts", "--json")
    #expect(again.status == 0 && !again.errors.contains("opt-out denyListEmail"), "\(again)")
    #expect(again.json.items?.first?["read"]?.integer == 0, "\(again)")
    #expect(try await world.sync("verify", "contacts", "--all").status == 0)
    try await expectOnNewOnesOnly(world)

    try world.write(
      Self.optOut.replacing(
        "campaign: denyListEmail", with: "campaign: denyListEmail, invert: true"),
      to: Self.path)
    let turned = try await world.sync("run", "contacts", "--json")
    #expect(turned.status == 0, "\(turned)")
    #expect(turned.errors.contains("invert false -> true"), "\(turned)")
    #expect(turned.json.items?.first?["read"]?.integer == 0, "the columns are the same: \(turned)")
  }

  /// Who was opted out in Dynamics and created later is opted out; who was there is as before.
  private func expectOnNewOnesOnly(_ world: SandboxProcess) async throws {
    let state = try await world.order("state dataverse/contact --count 100")
    let rows = try #require(state["rows"]?.items)
    #expect(rows.count == 70)
    var seen: Set<String> = []
    for row in rows where row["donotbulkemail"] == .bool(true) {
      let key = try #require(row["contactid"]?.text)
      seen.insert(try await flag(key, world) ?? "")
    }
    #expect(seen == ["true", "false"] || seen == ["true", ""], "\(seen)")
  }

  @Test("In the middle of a load the pairs stay as they are; then a part has their columns")
  func inMidLoad() async throws {
    let world = try await world(Self.file)
    #expect(try await world.sync("export", "contacts").status == 0)
    try world.write(Self.optOut, to: Self.path)
    for line in ["initial contacts", "run contacts", "run contacts --keep-position"] {
      try await world.type(line).expect(
        78, "opt-out denyListEmail: added", "middle of a load", "initial contacts")
    }
    try await world.type("checkpoint clear contacts --yes").expect(0)
    try await world.type("run contacts").expect(0)
    let manifest = try FixtureJSON.parse(
      Array(
        world.text(of: ".sandbox/sftp/home/d365_loads/imports/contacts-000001.manifest.json").utf8))
    #expect(
      manifest["columns"]?.items?.compactMap(\.text) == [
        "externalId", "firstName", "denyListFax", "denyList", "denyListEmail",
      ])
  }

  @Test("The import workflow, the sample file and check know them")
  func told() async throws {
    let world = try await world(Self.file)
    try world.write(Self.optOut, to: Self.path)
    let sheet = try await world.sync("discover", "--workflow", "contacts")
    #expect(sheet.status == 0, "\(sheet)")
    #expect(
      sheet.output.contains("denyListEmail  Integer, remap true -> 1 (never false)"), "\(sheet)")
    #expect(sheet.output.contains("Insert only: denyListFax, denyList, denyListEmail"), "\(sheet)")

    #expect(try await world.sync("export", "contacts", "--sample", "4").status == 0)
    let sample = world.text(of: ".sandbox/spool/test/contacts/contacts-sample.csv")
    let lines = sample.split(separator: "\n")
    #expect(lines.first == "externalId;firstName;denyListFax;denyList;denyListEmail")
    #expect(lines.dropFirst().first?.hasSuffix(";true;true;true") == true, "\(sample)")
    #expect(lines.dropFirst(2).first?.hasSuffix(";;;") == true, "\(sample)")

    let check = try await world.sync("check", "contacts")
    #expect(check.output.contains("warn  contacts: jobs/contacts.yaml:7: followemail"), "\(check)")
    #expect(!check.output.contains("donotfax feeds"), "\(check)")
    try world.write(
      Self.optOut.replacing("donotbulkemail", with: "donotbulkemial"), to: Self.path)
    let wrong = try await world.sync("check", "contacts")
    #expect(wrong.status == 78, "\(wrong)")
    #expect(wrong.output.contains("jobs/opt-out.yaml:5: contact has no column"), "\(wrong)")
  }
}
