import Core
import Glibc
import TestSupport
import Testing

/// Events from the export files of the built sandbox to the timelines, as a user types it.
@Suite("Egress by the built tool", .timeLimit(.minutes(15)))
struct EgressFlowTests {
  static let events = ["send", "open", "click", "bounce"]

  /// The committed job files, quick to take a file.
  static func jobs(unmatched: String = "count") -> [String: String] {
    SandboxProcess.committedJobs.filter { $0.key.hasPrefix("egress-") }.mapValues { text in
      text.replacing("  files: exports", with: "  stableFor: 1s\n  files: exports")
        + "unmatched: \(unmatched)\n"
    }
  }

  private func expectEqual(_ sandbox: SandboxProcess, after story: String) async throws {
    for event in Self.events {
      let comparison = try await sandbox.sandbox("compare", "egress-\(event)")
      #expect(
        comparison.status == 0, "\(story): \(event): \(comparison.output)\(comparison.errors)")
    }
  }

  @Test("Four jobs bring every event once; a second run creates nothing")
  func fourJobs() async throws {
    let sandbox = try await SandboxProcess(contacts: 80, jobs: Self.jobs())
    try await sandbox.order("export-events --events 400 --files 2 --repeats 15")
    let check = try await sandbox.type("check egress-click")
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    #expect(check.output.contains("has all columns"), "\(check.output)")
    try await sandbox.type("egress send open click bounce -v").expect(0)
    try await expectEqual(sandbox, after: "the first run")

    let again = try await sandbox.type("run --all --json")
    again.expect(0)
    for result in again.json.items ?? [] {
      #expect(result["created"]?.integer == 0 && result["files"]?.integer == 0, "\(again.output)")
    }
    try await sandbox.order("export-events --events 200 --repeats 40 --gzip --crlf --bom")
    try await sandbox.type("run --all").expect(0)
    try await expectEqual(sandbox, after: "a second export")

    for command in [
      "status", "history egress-send", "checkpoint show egress-open", "status --json",
    ] {
      try await sandbox.type(command).expect(0)
    }
    #expect(try await sandbox.type("status").output.contains("egress-bounce: IDLE"))
  }

  @Test("An unmatched event is kept until its contact is there, also without its file")
  func kept() async throws {
    let sandbox = try await SandboxProcess(contacts: 40, jobs: Self.jobs(unmatched: "keep"))
    try await sandbox.order("mutate --deletes 3")
    try await sandbox.order(
      "export-events --plain --only tracking --types 1 --events 50 --deleted-contacts 3")
    try await sandbox.type("run --all").expect(0)
    let pending = try await sandbox.type("pending egress-click --json").json.items ?? []
    #expect(pending.count == 3 && pending.allSatisfy { $0["rule"]?.text == "noContact" })
    let inspected = try await sandbox.type(
      "inspect egress-click \(pending.first?["key"]?.text ?? "") --json")
    #expect(inspected.json["inDynamics"]?.flag == false, "\(inspected)")

    let swept = try await sandbox.type("sweep")
    #expect(swept.output.contains("removed  exports/tracking_"), "\(swept)")
    try await sandbox.order("mutate --restores 3")
    let again = try await sandbox.type("run egress-click --json")
    again.expect(0)
    #expect(again.json.items?.first?["created"]?.integer == 3, "\(again)")
    #expect(try await sandbox.type("pending egress-click").output.contains("nothing is pending"))
    try await expectEqual(sandbox, "egress-click")
  }

  @Test("A wait that one job was asked for is kept by all four, also when that job is no more")
  func waitsTogether() async throws {
    let sandbox = try await SandboxProcess(contacts: 40, jobs: Self.jobs())
    try sandbox.useOneLane()
    try await sandbox.order("export-events --events 60")
    try await sandbox.order(
      "faults add dataverse throttled --method POST --path /api/ --retry-after 3")
    let first = try sandbox.startSync(["run", "egress-send"])
    try await sandbox.waitIsShared(by: "dataverse")
    first.kill()
    _ = await first.end()
    try await sandbox.type("egress send open click bounce").expect(0)
    try await expectEqual(sandbox, after: "a wait")
    #expect(try await sandbox.meter("dataverse.answers.POST 429") == 1)
    #expect(try await sandbox.meter("dataverse.retryAfterViolations") == 0)
  }

  private func expectEqual(_ sandbox: SandboxProcess, _ job: String) async throws {
    let comparison = try await sandbox.sandbox("compare", job)
    #expect(comparison.status == 0, "\(comparison.output)\(comparison.errors)")
  }

  @Test("Of 1,000 events 997 arrive, and three are where the contract says")
  func threeBadOnes() async throws {
    let sandbox = try await SandboxProcess(contacts: 60, jobs: Self.jobs())
    try await sandbox.order("mutate --deletes 1")
    try await sandbox.order(
      "export-events --plain --only tracking --types 1 --events 1000", "--too-long", "1",
      "--broken-dates", "1", "--deleted-contacts", "1")
    try await sandbox.type("run egress-click --reject-limit 0.1%").expect(65, "2 of 1000")
    let result = try await sandbox.type("run egress-click --reject-limit 0.2% --json")
    result.expect(0)
    try await expectEqual(sandbox, "egress-click")
    let pending = try await sandbox.type("pending egress-click").output
    #expect(pending.contains("tooLong: the text of `"), "\(pending)")
    #expect(pending.contains("notATime: the text of `at` is no date and time"), "\(pending)")
    #expect(pending.split(separator: "\n").count == 2)
    #expect(!pending.contains("xxxx"))
  }

  @Test("A half-uploaded file waits; sweep leaves what another job needs, and warns in time")
  func halvesAndSweep() async throws {
    let sandbox = try await SandboxProcess(contacts: 60, jobs: Self.jobs())
    try await sandbox.order("export-events --events 60 --half --age 13d")
    try await sandbox.type("egress send click").expect(0)
    let early = try await sandbox.type("sweep")
    #expect(early.output.contains("0 gone"), "\(early)")
    try await sandbox.order("export-events --finish --age 13d")
    try await sandbox.type("egress send click").expect(0)

    let dry = try await sandbox.type("sweep --dry-run")
    #expect(dry.output.contains("not finished by egress-open"), "\(dry)")
    #expect(dry.output.contains("not finished by egress-bounce"), "\(dry)")
    try await sandbox.type("egress open").expect(0)
    let swept = try await sandbox.type("sweep --archive exports/done")
    #expect(swept.output.contains("archived  exports/tracking_"), "\(swept)")
    #expect(swept.output.contains("warning  exports/sending_"), "\(swept)")
    try await sandbox.type("run egress-bounce").expect(0)
    #expect(try await sandbox.type("sweep").output.contains("removed  exports/sending_"))
    #expect(try await sandbox.type("sweep").output == "0 gone, 0 kept\n")
    try await expectEqual(sandbox, after: "sweeping")
  }

  @Test("Links, folders and improper names are not taken, and sweep leaves them")
  func onlyFiles() async throws {
    let sandbox = try await SandboxProcess(contacts: 40, jobs: Self.jobs())
    try await sandbox.order("export-events --events 40")
    let folder = sandbox.sftpHome + "/d365_loads/exports"
    #expect(symlink("/etc/passwd", folder + "/tracking_link.csv") == 0)
    #expect(mkdir(folder + "/tracking_folder.csv", 0o755) == 0)
    let improper = try #require(fopen(folder + "/tracking_\u{1B}[2J.csv", "w"))
    fputs("root:x:0:0\n", improper)
    fclose(improper)
    let result = try await sandbox.type("egress send open click bounce")
    result.expect(0, "a file of exports/tracking_*.csv is not taken: its name is not proper")
    #expect(!result.errors.contains("\u{1B}"))
    try await expectEqual(sandbox, after: "odd neighbours")
    let swept = try await sandbox.type("sweep")
    #expect(swept.output.contains("2 gone, 0 kept"), "\(swept)")
    for name in ["tracking_link.csv", "tracking_folder.csv", "tracking_\u{1B}[2J.csv"] {
      var facts = stat()
      #expect(lstat("\(folder)/\(name)", &facts) == 0)
    }
  }

  static let dialects: [(export: String, csv: String)] = [
    ("--quote double --separator , --dates iso", #"separator: ",", quote: double"#),
    (
      "--separator tab --crlf --bom --dates slashes --time-zone Europe/Paris",
      "separator: tab, quote: none, timeZone: Europe/Paris"
    ),
    (
      "--gzip --quote double --crlf --time-zone America/New_York",
      #"separator: ";", quote: double, timeZone: America/New_York"#
    ),
  ]

  @Test("Separators, quotes, line ends, marks, zones and packing are read as they are exported")
  func dialects() async throws {
    let standard = #"separator: ";", quote: double, timeZone: UTC"#
    for dialect in Self.dialects {
      let jobs = Self.jobs().mapValues { $0.replacing(standard, with: dialect.csv) }
      let sandbox = try await SandboxProcess(contacts: 50, jobs: jobs)
      try await sandbox.order("export-events --events 200 \(dialect.export)")
      try await sandbox.type("egress send open click bounce").expect(0)
      try await expectEqual(sandbox, after: dialect.export)
    }
  }

  @Test("A missing column and a wrong table are 78, named with what is there")
  func refusals() async throws {
    var jobs = Self.jobs()
    jobs["egress-open"] = jobs["egress-open"]?.replacing("id: trackId", with: "id: trackid")
    jobs["egress-send"] = jobs["egress-send"]?.replacing("adobe_datesent", with: "adobe_datsent")
    let sandbox = try await SandboxProcess(contacts: 20, jobs: jobs)
    try await sandbox.order("export-events --events 40")
    try await sandbox.type("run egress-open").expect(
      78, "no column trackid (did you mean trackId?)", "trackId | logId")
    try await sandbox.type("run egress-send").expect(78, "adobe_datsent", "adobe_datesent")
    let check = try await sandbox.type("check")
    #expect(check.status == 78)
    #expect(check.output.contains("FAIL  egress-send: table"), "\(check)")
    try await sandbox.type("initial egress-click").expect(64, "ingress jobs")
  }
}
