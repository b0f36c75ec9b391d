import Core
import Glibc
import TestSupport
import Testing

@Suite("The built sandbox")
struct SandboxSmokeTests {
  @Test("Starts on free ports, answers, takes files, and leaves no process behind")
  func livesAndEnds() async throws {
    let sandbox = try await SandboxProcess(contacts: 100)
    let status = try await sandbox.sandbox("status", "--json")
    #expect(status.status == 0)
    #expect(status.json["contacts"]?.integer == 100)
    #expect(status.json["workflows"]?["WKF101"]?.text == "started")

    let token = try await curl(
      sandbox, "-d", "grant_type=client_credentials&client_id=nobody",
      "\(sandbox.about["dataverse"]?.text ?? "")/\(tenant)/oauth2/v2.0/token")
    #expect(token.output.contains("unauthorized_client"))
    let probe = try await curl(sandbox, "\(sandbox.about["campaign"]?.text ?? "")/r/test")
    #expect(probe.output.contains("status='OK'"))

    try sandbox.write(
      "put sftp.batch d365_loads/one.part\nrename d365_loads/one.part d365_loads/one.csv\n",
      to: "sftp.batch")
    let sftp = try await sftp(sandbox, "sftp.batch")
    #expect(sftp.status == 0, "\(sftp.errors)")
    #expect(access(sandbox.sftpHome + "/d365_loads/one.csv", F_OK) == 0)

    let end = await sandbox.stop()
    #expect(end.status == 0, "\(end.errors)")
    #expect(try await comes { processes(naming: sandbox.folder).isEmpty })
  }

  @Test("Killed, it takes its SSH server and every session along")
  func killedTakesAll() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    try sandbox.write("!touch inside\n!sleep 30\n", to: "long.batch")
    let session = try startSFTP(sandbox, "long.batch")
    while access(sandbox.folder + "/inside", F_OK) != 0, session.isRunning {
      try await Task.sleep(for: .milliseconds(5))
    }
    _ = await sandbox.kill()
    session.kill()
    _ = await session.end()
    #expect(try await comes { processes(naming: "\(sandbox.directory)/sftp").isEmpty })
    let status = try await sandbox.sandbox("status")
    #expect(status.status == 75)
    #expect(status.errors.contains("campaign-sync-sandbox start"))
  }

  @Test("Says what is wrong, and what to type")
  func explains() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let second = try await sandbox.sandbox("start", "--ports", "free")
    #expect(second.status == 75)
    #expect(second.errors.contains("campaign-sync-sandbox stop"))
    let job = try await sandbox.sandbox("compare", "contact")
    #expect(job.status == 78)
    #expect(job.errors.contains("did you mean contacts?"))
    let knob = try await sandbox.sandbox("knobs", "campaign.signalWindo=3")
    #expect(knob.status == 64)
    #expect(knob.errors.contains("did you mean signalWindow?"))
    let fault = try await sandbox.sandbox("faults", "add", "dataverse", "throtled")
    #expect(fault.status == 64)
    #expect(fault.errors.contains("throttled"))
  }

  @Test("Mutates, lets requests fail, turns knobs and time, and compares")
  func controls() async throws {
    let sandbox = try await SandboxProcess(contacts: 50)
    let changed = try await sandbox.sandbox(
      "mutate", "--updates", "5", "--creates", "2", "--deletes", "1", "--seed", "9")
    #expect(changed.output == "contact: 5 updated, 2 created, 1 deleted\n")
    let compared = try await sandbox.sandbox("compare", "contacts")
    #expect(compared.status == 1)
    #expect(compared.output == "different: 51 missing\n")

    try await sandbox.sandbox(
      "faults", "add", "dataverse", "throttled", "--times", "1", "--retry-after", "30")
    let throttled = try await curl(
      sandbox, "-i", "-H", "Authorization: Bearer x",
      "\(sandbox.about["dataverse"]?.text ?? "")/api/data/v9.2/WhoAmI")
    #expect(throttled.output.contains("Retry-After: 30"))
    let meters = try await sandbox.sandbox("meters", "--json")
    #expect(meters.json["dataverse"]?["answers"]?["GET 429"]?.integer == 1)

    try await sandbox.sandbox("knobs", "campaign.signalWindow=600", "dataverse.maxPageSize=7")
    let knobs = try await sandbox.sandbox("knobs", "--json")
    #expect(knobs.json["campaign"]?["signalWindow"]?.integer == 600)
    #expect(knobs.json["dataverse"]?["maxPageSize"]?.integer == 7)
    let rows = try await sandbox.sandbox("state", "dataverse/contact", "--offset", "50")
    #expect(rows.output.split(separator: "\n").count == 1)
    let clock = try await sandbox.sandbox("clock", "advance", "10m")
    #expect(clock.status == 0)
  }

  @Test("Changes rows under a reader's hands, and says which share of the limits it used")
  func changesUnderReaders() async throws {
    let sandbox = try await SandboxProcess(contacts: 300)
    let turned = try await sandbox.sandbox(
      "knobs", "--json", "dataverse.maxPageSize=20", "dataverse.mutations=9",
      "dataverse.mutateUpdates=5", "dataverse.trackedOrder=version", "dataverse.guidSort=text",
      "dataverse.guidFilter=text", "dataverse.shortPages=30", "dataverse.emptyPages=20")
    #expect(turned.json["dataverse"]?["guidSort"] == "text")
    let wrong = try await sandbox.sandbox("knobs", "dataverse.guidSort=none")
    #expect(wrong.status == 78, "\(wrong.errors)")

    let loaded = try await sandbox.sync(["initial", "contacts"])
    #expect(loaded.status == 0, "\(loaded.errors)")
    let knobs = try await sandbox.sandbox("knobs", "--json")
    #expect(knobs.json["dataverse"]?["mutations"] == 0)
    let compared = try await sandbox.sandbox("compare", "contacts")
    #expect(compared.status == 0, "\(compared.output)")

    let meters = try await sandbox.sandbox("meters", "--json", "--reset")
    let limits = try #require(meters.json["dataverse"]?["limits"]?.members)
    let server = try #require(limits.last?.value["server0"])
    #expect(server["requests"]?.integer ?? 0 > 15)
    #expect(server["violations"] == 0)
    #expect(limits.contains { $0.name == "share" })
    let again = try await sandbox.sandbox("meters", "--json")
    #expect(again.json["dataverse"]?["limits"]?["elapsedMilliseconds"] == 0)
  }

  private let tenant = "6f1c0e0e-2b5d-4e11-8179-000d3a1b2c3d"

  private func curl(_ sandbox: SandboxProcess, _ arguments: String...) async throws
    -> ProgramResult
  {
    try await Program.run("/usr/bin/curl", ["-s"] + arguments, in: sandbox.folder)
  }

  private func sftp(_ sandbox: SandboxProcess, _ batch: String) async throws -> ProgramResult {
    try await startSFTP(sandbox, batch).end()
  }

  private func startSFTP(_ sandbox: SandboxProcess, _ batch: String) throws -> Program {
    let server = sandbox.about["sftp"]
    func text(_ name: String) -> String { server?[name]?.text ?? "" }
    return try Program(
      "/usr/bin/sftp",
      [
        "-q", "-b", batch, "-P", String(server?["port"]?.integer ?? 0), "-i", text("privateKey"),
        "-F", "none", "-o", "UserKnownHostsFile=" + text("knownHosts"), "-o", "BatchMode=yes",
        text("user") + "@127.0.0.1",
      ], in: sandbox.folder)
  }

  /// Command lines of running processes that name a path, but for this test's own.
  private func processes(naming path: String) -> [String] {
    guard let folder = opendir("/proc") else { return [] }
    defer { closedir(folder) }
    var found: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let id = Int(name), id != getpid() else { continue }
      let line = Program.text("/proc/\(id)/cmdline")
      if line.contains(path) { found.append(line) }
    }
    return found
  }
}
