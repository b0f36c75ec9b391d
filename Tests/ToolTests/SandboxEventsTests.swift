import Core
import Glibc
import TestSupport
import Testing

@Suite("Exported events of the built sandbox")
struct SandboxEventsTests {
  static let click = """
    kind: egress
    event: click
    from:
      files: exports/tracking_*.csv
      csv: { separator: ";", quote: none, timeZone: UTC }
      columns: { id: trackId, contact: externalId, at: logDate, type: urlType,
                 message: messageType, campaign: campaignId, delivery: deliveryId, url: url,
                 mirror: mirrorPage }
    to:
      table: adobe_campaignemailclick
      columns: { campaign: adobe_campaignname, delivery: adobe_deliveryname,
                 at: adobe_dateclicked, url: adobe_trackingurl, mirror: adobe_mirrorpageurl }
    """

  private func sandbox() async throws -> SandboxProcess {
    var jobs = SandboxProcess.committedJobs.filter { $0.key == "contacts" }
    jobs["egress-click"] = Self.click
    return try await SandboxProcess(contacts: 60, jobs: jobs)
  }

  @Test("Files come to the storage, and compare asks for their events on the timelines")
  func exportsAndCompares() async throws {
    let sandbox = try await sandbox()
    let exported = try await sandbox.sandbox(
      "export-events", "--plain", "--only", "tracking", "--types", "1", "--events", "3", "--json")
    #expect(exported.status == 0, "\(exported.errors)")
    let name = try #require(exported.json["files"]?.items?.first?["name"]?.text)
    let lines = sandbox.text(of: ".sandbox/sftp/home/d365_loads/" + name).split(separator: "\n")
    #expect(lines.count == 4)

    let before = try await sandbox.sandbox("compare", "egress-click")
    #expect(before.status == 1)
    #expect(before.output == "different: 3 missing\n")
    for line in lines.dropFirst() {
      try await post(line.split(separator: ";", omittingEmptySubsequences: false), sandbox)
    }
    let after = try await sandbox.sandbox("compare", "egress-click")
    #expect(after.output == "equal: 3 click events = 3 activities\n")
    #expect(after.status == 0)
    let all = try await sandbox.sandbox("compare", "--all", "--json")
    #expect(all.json["jobs"]?["egress-click"]?["equal"]?.flag == true)
    #expect(all.json["jobs"]?["contacts"]?["missing"]?.integer == 60)
  }

  @Test("Halves, replacements and odd dialects are told in a line for each file")
  func faults() async throws {
    let sandbox = try await sandbox()
    let half = try await sandbox.sandbox(
      "export-events", "--half", "--events", "20", "--quote", "double", "--separator", "tab",
      "--crlf", "--bom", "--time-zone", "Europe/Paris", "--age", "13d")
    #expect(half.status == 0, "\(half.errors)")
    #expect(half.output.split(separator: "\n").count == 2)
    #expect(half.output.contains(": 10 rows (half-uploaded)"))
    let finished = try await sandbox.sandbox("export-events", "--finish", "--age", "13d")
    #expect(!finished.output.contains("half"))
    let name = finished.output.prefix { $0 != ":" }
    var facts = stat()
    #expect(stat("\(sandbox.sftpHome)/d365_loads/\(name)", &facts) == 0)
    #expect(time(nil) - facts.st_mtim.tv_sec > 12 * 86_400)
    let replaced = try await sandbox.sandbox("export-events", "--replace", "--events", "4")
    #expect(replaced.output.contains(": 12 rows"))
    let packed = try await sandbox.sandbox("export-events", "--gzip", "--files", "2", "--json")
    #expect(packed.json["files"]?.items?.count == 4)
    #expect(packed.json["files"]?.items?.last?["name"]?.text?.hasSuffix(".csv.gz") == true)
  }

  static let refused: [([String], Int32, String)] = [
    (["--half", "--replace"], 64, "choose one"), (["--finish"], 78, "--half makes one"),
    (["--deleted-contacts", "1"], 78, "mutate --deletes"), (["--types", "click"], 64, "1,2,10"),
    (["--time-zone", "Mars/Olympus"], 78, "zone"), (["--folder", "../x"], 78, "d365_loads"),
    (["--separator", "x"], 78, "tab"), (["--age", "soon"], 64, "13d"),
    (["--repeats", "200"], 64, "percentage"),
  ]

  @Test("What cannot be exported is said, and nothing is written")
  func explains() async throws {
    let sandbox = try await sandbox()
    for (arguments, status, words) in Self.refused {
      let result = try await Program.run(
        "campaign-sync-sandbox", ["export-events"] + arguments, in: sandbox.folder)
      #expect(result.status == status, "\(arguments): \(result.errors)")
      #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
    }
    let status = try await sandbox.sandbox("status", "--json")
    #expect(status.json["exports"]?.integer == 0)
  }

  @Test("Several application users have tokens, and the environment names them")
  func clients() async throws {
    let sandbox = try await SandboxProcess(contacts: 10, arguments: ["--clients", "2"])
    let environment = Program.text(sandbox.environmentFile)
    #expect(environment.contains("id: 22222222-2222-3333-4444-555555555555"))
    let token = try await token(sandbox, client: "22222222-2222-3333-4444-555555555555")
    #expect(!token.isEmpty)
  }

  // MARK: the Web API

  private func post(_ fields: [Substring], _ sandbox: SandboxProcess) async throws {
    let subject = "Campaign Name: \(fields[9]); Delivery Name: \(fields[7])"
    var members: [JSONValue.Member] = [
      .init("subject", .string(subject)), .init("statecode", 1),
      .init("actualend", .string(String(fields[6]))), .init("sortdate", .string(String(fields[6]))),
      .init(
        "regardingobjectid_contact_adobe_campaignemailclick@odata.bind",
        .string("/contacts(\(fields[2]))")),
    ]
    for (column, place) in [
      ("adobe_campaignname", 9), ("adobe_deliveryname", 7), ("adobe_dateclicked", 6),
      ("adobe_trackingurl", 5), ("adobe_mirrorpageurl", 10),
    ] where !fields[place].isEmpty {
      members.append(.init(column, .string(String(fields[place]))))
    }
    let token = try await token(sandbox, client: "11111111-2222-3333-4444-555555555555")
    let body = String(decoding: JSONValue.object(members).encoded, as: UTF8.self)
    let result = try await Program.run(
      "/usr/bin/curl",
      [
        "-s", "-i", "-H", "Authorization: Bearer \(token)", "-H", "Content-Type: application/json",
        "-d", body,
        (sandbox.about["dataverse"]?.text ?? "")
          + "/api/data/v9.2/adobe_campaignemailclicks",
      ], in: sandbox.folder)
    #expect(result.output.contains(" 204 "), "\(result.output)")
  }

  private func token(_ sandbox: SandboxProcess, client: String) async throws -> String {
    let secret = sandbox.text(of: ".sandbox/dynamics.secret").filter { !$0.isWhitespace }
    let address = sandbox.about["dataverse"]?.text ?? ""
    let result = try await Program.run(
      "/usr/bin/curl",
      [
        "-s", "-d", "grant_type=client_credentials", "-d", "client_id=\(client)",
        "--data-urlencode", "client_secret=\(secret)", "--data-urlencode",
        "scope=\(address)/.default",
        "\(address)/6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d/oauth2/v2.0/token",
      ], in: sandbox.folder)
    return result.json["access_token"]?.text ?? ""
  }
}
