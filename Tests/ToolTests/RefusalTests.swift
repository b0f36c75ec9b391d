import Core
import Glibc
import TestSupport
import Testing

/// A configuration that cannot work is refused with its place and its cure, before anybody is asked.
@Suite("Refusals", .timeLimit(.minutes(15)))
struct RefusalTests {
  private static let jobFile = "jobs/contacts.yaml"
  private static let environmentFile = "jobs/environments/test.yaml"

  /// One line of a file of the user, written wrongly.
  private struct Slip {
    var file: String
    var right: String
    var wrong: String
    var says: [String]

    static func job(_ right: String, _ wrong: String, _ says: String...) -> Slip {
      Slip(file: jobFile, right: right, wrong: wrong, says: says)
    }

    static func environment(_ right: String, _ wrong: String, _ says: String...) -> Slip {
      Slip(file: environmentFile, right: right, wrong: wrong, says: says)
    }
  }

  private static let slips: [Slip] = [
    .job("choices: values", "choises: values", "`choises` is no key here", "`choices`?"),
    .job("choices: values", "choices: value", "must be one of", "did you mean `values`?"),
    .job("kind: ingress", "kind: ingres", "kind", "`ingress`?"),
    .job("resource: profile", "resuorce: profile", "resuorce", "`resource`?"),
    .job("tooLong: cut }", "tooLong: cute }", "tooLong", "`cut`?"),
    .job("maxLength: 30", "maxLength: thirty", "maxLength", "whole number"),
    .job("timeout: 2h", "timeout: two hours", "import.timeout", "such as 30s, 10m"),
    .job("partSize: 64 MiB", "partSize: 64 MB", "csv.partSize", "such as 512 KiB"),
    .job("limit: 1%", "limit: 1", "rejects.limit", "such as 1%"),
    .job("to: lastName", "to: firstName", "firstName", "fields"),
    .job("apply: false", "apply: no", "deletes.apply", "true or false"),
    .job("via: api", "via: apis", "delta.via", "`api`?"),
    .job("separator: \";\"", "separator: \":\"", "csv.separator", "must be"),
    .job("compress: gzip", "compress: zip", "csv.compress", "`gzip`?"),
    .job("  - { from: lastname,", "  - { from: lastname", "YAML"),
    .job("  signal: signal1", "\tsignal: signal1", "tab"),
    .job("choices: values", "choices: values\nchoices: labels", "twice"),
    .environment("tenant:", "tenent:", "tenent", "`tenant`?"),
    .environment("signalInterval: 1s", "signalIntervall: 1s", "`signalInterval`?"),
    .environment("signalInterval: 1s", "signalInterval: 1", "such as 30s"),
    .environment("port: ", "port: 1", "sftp.port", "whole number from 1 to 65535"),
    .environment("directory: d365_loads", "directory: /d365_loads", "relative to the login"),
    .environment("directory: d365_loads", "directory: ../up", "`..`"),
    .environment("tenant: ", "guardrails: none\n  tenant: ", "guardrails"),
  ]

  @Test("A slip in a file is refused with file, line and remedy, and no request is made")
  func slipsAreRefused() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let before = try await sandbox.requests()
    for slip in Self.slips {
      let text = sandbox.text(of: slip.file)
      let place = try #require(text.firstRange(of: slip.right), "\(slip.right) is no text")
      let line = text[..<place.lowerBound].count { $0 == "\n" } + 1
      var wrong = text
      wrong.replaceSubrange(place, with: slip.wrong)
      try sandbox.write(wrong, to: slip.file)
      let result = try await sandbox.type("run contacts")
      result.expect(78, "docs/jobs.md")
      // The place is the line, or the one below where YAML sees it or something was put in before.
      let places = [line, line + 1].map { "\(slip.file):\($0):" }
      #expect(
        places.contains { result.errors.contains($0) }, "\(slip.wrong): \(result.errors)")
      for word in slip.says {
        #expect(result.errors.contains(word), "\(slip.wrong): no \(word) in \(result.errors)")
      }
      try sandbox.write(text, to: slip.file)
    }
    #expect(try await sandbox.requests() == before)
    #expect(DiskTree.entries(sandbox.directory + "/state").isEmpty)
    try await sandbox.type("initial contacts").expect(0)
  }

  @Test(
    "A parent job of another table than its lookup leads to is refused before any row is held back")
  func parentOfAnotherTable() async throws {
    let accounts = """
      kind: ingress
      from: { table: account }
      to:   { resource: cusAccount, key: externalId }
      parents: [ { field: ownerId, job: contacts } ]
      fields: [ { from: name, to: name }, { from: ownerid, to: ownerId } ]
      initial: { via: api }
      """
    var jobs = SandboxProcess.contacts()
    jobs["accounts"] = accounts
    let sandbox = try await SandboxProcess(contacts: 10, jobs: jobs)
    let says = "ownerid is a lookup of systemuser, team, and the parent job contacts brings contact"
    let check = try await sandbox.type("check accounts")
    #expect(check.status == 78 && check.output.contains(says), "\(check)")
    try await sandbox.type("initial contacts").expect(0)
    try await sandbox.type("initial accounts").expect(78, says)
    let right = accounts.replacing("ownerid, to: ownerId", with: "primarycontactid, to: ownerId")
    try sandbox.write(right, to: "jobs/accounts.yaml")
    try await sandbox.type("initial accounts").expect(0)
  }

  @Test("A literal secret, and plain http off loopback, are refused and not repeated")
  func unsafeTexts() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let before = try await sandbox.requests()
    let right = sandbox.text(of: Self.environmentFile)
    func refuse(_ old: String, _ new: String, _ says: String) async throws {
      #expect(right.contains(old), "\(old)")
      try sandbox.write(right.replacing(old, with: new), to: Self.environmentFile)
      let result = try await sandbox.type("run contacts")
      result.expect(78, says, Self.environmentFile + ":")
      #expect(!result.errors.contains(Canary.secret), "\(result.errors)")
      #expect(!result.output.contains(Canary.secret), "\(result.output)")
    }
    let file = "{ file: \"\(sandbox.directory)/campaign.secret\" }"
    try await refuse(file, Canary.secret, "keep secrets out of it")
    try await refuse(file, "{ value: \(Canary.secret) }", "`{ env: NAME }`")
    try await refuse(file, "{ env: A, file: B }", "either `{ env: NAME }`")
    let dynamics = sandbox.about["dataverse"]?.text ?? ""
    try await refuse("url: \(dynamics)", "url: http://contoso.crm4.dynamics.com", "plain http")
    try await refuse("authority: \(dynamics)", "authority: http://10.0.0.1", "plain http")
    try await refuse("url: \(dynamics)", "url: http://127.0.0.1.example.org", "plain http")
    try await refuse(
      "url: \(dynamics)", "url: https://me:\(Canary.secret)@contoso.example", "a user or a password"
    )
    #expect(try await sandbox.requests() == before)
  }

  @Test("A secret or a key that others may read, or that is missing, is refused")
  func unsafeFiles() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let before = try await sandbox.requests()
    let secret = sandbox.directory + "/dynamics.secret"
    let key = sandbox.directory + "/sftp/client_rsa"
    for path in [secret, sandbox.directory + "/campaign.secret", key] {
      for mode: mode_t in [0o640, 0o604, 0o644] {
        chmod(path, mode)
        try await sandbox.type("initial contacts").expect(78, "chmod 600 \(path)")
      }
      chmod(path, 0o600)
      rename(path, path + ".away")
      try await sandbox.type("initial contacts").expect(78, path)
      rename(path + ".away", path)
    }
    let right = sandbox.text(of: Self.environmentFile)
    try sandbox.write(
      right.replacing("{ file: \"\(secret)\" }", with: "{ env: DYNAMICS_SECRET }"),
      to: Self.environmentFile)
    try await sandbox.type("initial contacts").expect(78, "DYNAMICS_SECRET is not set")
    #expect(try await sandbox.requests() == before)

    // What never comes to the shared folder needs no key.
    let text = sandbox.text(of: ".sandbox/dynamics.secret").split(separator: "\n").first ?? ""
    rename(key, key + ".away")
    try await sandbox.sync(["export", "contacts"], environment: ["DYNAMICS_SECRET": String(text)])
      .expect(0)
  }

  @Test("An SFTP server is trusted by its key only")
  func hostKeys() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    try await sandbox.type("export contacts").expect(0)
    let before = try await sandbox.requests()
    let path = ".sandbox/sftp/known_hosts"
    let right = sandbox.text(of: path)
    try sandbox.write("", to: path)
    try await sandbox.type("stage contacts").expect(77, "has no key for it", "ssh-keyscan")
    try sandbox.write(right.replacing("[127.0.0.1]", with: "[127.0.0.2]"), to: path)
    try await sandbox.type("stage contacts").expect(77, "has no key for it")
    // Another key of the same kind: one character of the right one is another.
    try sandbox.write(
      right.replacing("AAAAC3NzaC1lZDI1NTE5AAAAI", with: "AAAAC3NzaC1lZDI1NTE5AAAAJ"), to: path)
    let lines = sandbox.text(of: path).split(separator: "\n").filter { $0.contains("ed25519") }
    let swapped = lines.map { line -> String in
      let last = line.last == "A" ? "B" : "A"
      return line.dropLast() + last
    }
    try sandbox.write(swapped.joined(separator: "\n") + "\n", to: path)
    try await sandbox.type("stage contacts").expect(77, "trust the SFTP server", "ssh-keygen -R")
    unlink(sandbox.folder + "/" + path)
    try await sandbox.type("stage contacts").expect(78, "sftp.knownHosts")
    #expect(try await sandbox.requests() == before)
    #expect(DiskTree.names(in: sandbox.sftpHome + "/d365_loads") == [])
    try sandbox.write(right, to: path)
    try await sandbox.type("initial contacts").expect(0)
  }

  @Test("A changed mapping or identity is refused with what changed and two ways on")
  func changedJobs() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    try await sandbox.type("initial contacts").expect(0)
    let before = try await sandbox.requests()
    let job = sandbox.text(of: Self.jobFile)
    for (old, new, says) in [
      ("to: lastName", "to: middleName", "lastName"), ("1: male", "1: female", "gender"),
      ("choices: values", "choices: labels\nlabelLanguage: 1033", "choices"),
      ("applyUpdates: false", "applyUpdates: true", "cusLoyaltyTier"),
    ] {
      try sandbox.write(job.replacing(old, with: new), to: Self.jobFile)
      for command in ["run contacts", "delta contacts", "initial contacts", "export contacts"] {
        try await sandbox.type(command)
          .expect(78, says, "campaign-sync replay contacts", "run contacts --keep-position")
      }
    }
    try sandbox.write(
      job.replacing("key: externalId", with: "key: cusAccountId"), to: Self.jobFile)
    for command in ["run contacts", "run contacts --keep-position", "replay contacts"] {
      try await sandbox.type(command).expect(78, "key", "checkpoint clear contacts")
    }
    // Operation is no content.
    try sandbox.write(job.replacing("limit: 1%", with: "limit: 3%"), to: Self.jobFile)
    try await sandbox.type("export contacts").expect(0)
    try sandbox.write(job, to: Self.jobFile)

    let right = sandbox.text(of: Self.environmentFile)
    try sandbox.write(
      right.replacing("/acme-mkt-stage", with: "/acme-mkt-prod"), to: Self.environmentFile)
    try await sandbox.type("delta contacts").expect(
      78, "another pair of systems", "acme-mkt-prod", "checkpoint adopt contacts")
    try sandbox.write(
      right.replacing("url: http://127.0.0.1:", with: "url: http://localhost:"),
      to: Self.environmentFile)
    try await sandbox.type("delta contacts").expect(78, "Dynamics address")
    #expect(try await sandbox.requests() == before)
  }

  @Test("State that cannot be trusted stops the job with 74, and nothing is started over")
  func brokenState() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    try await sandbox.type("initial contacts").expect(0)
    let before = try await sandbox.requests()
    let folder = sandbox.directory + "/state/test/contacts"
    func refuse(_ commands: [String] = ["run", "delta", "initial"], _ says: String...) async throws
    {
      for command in commands {
        let result = try await sandbox.type("\(command) contacts")
        result.expect(74)
        for word in says { #expect(result.errors.contains(word), "\(result.errors)") }
      }
    }
    let checkpoint = Program.text(folder + "/checkpoint.json")
    for (text, says) in [
      ("", "damaged"), ("{\"format\": 1}", "does not fit"),
      (String(checkpoint.dropLast(9)), "damaged"),
      (checkpoint.replacing("\"format\" : 1", with: "\"format\" : 99"), "format 99"),
    ] {
      try sandbox.write(text, to: ".sandbox/state/test/contacts/checkpoint.json")
      try await refuse(["run", "delta", "initial", "export", "status"], says)
    }
    unlink(folder + "/checkpoint.json")
    try await refuse(["run", "initial"], "started over", "checkpoint clear contacts")
    try sandbox.write(checkpoint, to: ".sandbox/state/test/contacts/checkpoint.json")

    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
      rename(folder + "/" + name, folder + "/away-" + name)
    }
    try await refuse(["run", "delta"], "it is missing", "checkpoint adopt contacts")
    try sandbox.write("no database at all", to: ".sandbox/state/test/contacts/ledger.sqlite")
    try await refuse(["run", "delta"], "damaged")
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
      rename(folder + "/away-" + name, folder + "/" + name)
    }
    #expect(try await sandbox.requests() == before)
    try await sandbox.type("delta contacts").expect(0)
  }

  @Test("A state folder that cannot be made or written is 74")
  func unwritableState() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let before = try await sandbox.requests()
    try sandbox.write("a file, not a folder", to: ".sandbox/state")
    for command in ["initial", "run", "export"] {
      try await sandbox.type("\(command) contacts").expect(74, sandbox.directory + "/state")
    }
    unlink(sandbox.directory + "/state")
    // Whoever is root may write everywhere.
    if getuid() != 0 {
      mkdir(sandbox.directory + "/state", 0o500)
      try await sandbox.type("initial contacts").expect(74, "check the owner and the mode")
      rmdir(sandbox.directory + "/state")
    }
    #expect(try await sandbox.requests() == before)
    try await sandbox.type("initial contacts").expect(0)
  }

  @Test("What is typed wrongly is told with what is right")
  func wrongCommands() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let before = try await sandbox.requests()
    for (line, status, says) in [
      ("run contact", 64, "did you mean contacts?"), ("delta nobody", 64, "jobs are: contacts"),
      ("run contacts --env tset", 78, "did you mean test?"),
      ("run contacts --jobs nowhere", 78, "there is no folder nowhere"),
      ("run", 64, "--all"), ("initial contacts --deadline soon", 64, "55m"),
      ("delta contacts --reject-limit 2", 64, "2%"), ("delta contacts --only 17", 64, "guid"),
      ("checkpoint clear contacts", 64, "--yes"), ("stage contacts", 78, "export contacts"),
      ("delta contacts", 78, "initial contacts"),
      ("pending contacts --retry", 78, "initial contacts"),
      ("fly contacts", 64, "fly"),
    ] as [(String, Int32, String)] {
      let result = try await sandbox.type(line)
      #expect(result.status == status, "\(line): \(result.output)\(result.errors)")
      #expect(result.errors.contains(says), "\(line): \(result.errors)")
    }
    #expect(try await sandbox.requests() == before)
  }

  @Test("Names that the two systems do not have are named by `check`, with the nearest right one")
  func wrongNames() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let job = sandbox.text(of: Self.jobFile)
    for (old, new, says) in [
      ("from: firstname,", "from: fristname,", ["fristname", "firstname", Self.jobFile + ":"]),
      ("to: firstName,", "to: fristName,", ["fristName", "firstName", Self.jobFile + ":"]),
      ("to: cusNote", "to: cusNotes", ["cusNotes", "cusNote"]),
      ("workflow: WKF101", "workflow: WKF999", ["import.workflow"]),
      ("signal: signal1", "signal: signal7", ["import.signal"]),
      ("{ files: \"{files}\" }", "{ file: \"{files}\" }", ["files", "import.parameters"]),
    ] {
      try sandbox.write(job.replacing(old, with: new), to: Self.jobFile)
      let check = try await sandbox.type("check contacts")
      #expect(check.status == 78, "\(new): \(check.output)\(check.errors)")
      for word in says { #expect(check.output.contains(word), "\(new): \(check.output)") }
      if new.hasPrefix("from") || new.hasPrefix("to") {
        try await sandbox.type("initial contacts").expect(78, says[0], says[1])
      }
    }
    #expect(try await sandbox.order("status")["profiles"]?.integer == 0)
  }
}
