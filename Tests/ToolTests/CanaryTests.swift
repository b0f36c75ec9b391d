import Core
import Glibc
import Synchronization
import TestSupport
import Testing

/// Values and secrets go where they have to, and are told nowhere.
@Suite("Canaries", .timeLimit(.minutes(15)))
struct CanaryTests {
  @Test("No value, secret or token is seen in output, logs, state, run records or arguments")
  func nothingSings() async throws {
    let sandbox = try await SandboxProcess.ofSmallPages(contacts: 120)
    let scene = Scene(sandbox)
    let user = try await DynamicsUser(sandbox)
    try await scene.plant(user)
    try await scene.play("check contacts")
    try await scene.play("initial contacts -v")
    try await sandbox.expectEqual(after: "planting")

    for (number, trouble) in Self.troubles.enumerated() {
      try await scene.change(user, number)
      try await sandbox.order("mutate --updates 5 --seed \(number + 50)")
      try await sandbox.order(
        "faults add \(trouble.fault)", "--body",
        trouble.body.replacing("CANARY", with: Canary.value))
      try await scene.play("delta contacts -v --deadline 2s")
      try await scene.play("--log json -v run contacts --json --deadline 2s")
      try await scene.play("pending contacts")
      try await scene.play("pending contacts --json")
      try await sandbox.order("faults clear")
    }
    try await scene.play("delta contacts -v")
    for command in ["status", "status --json", "history contacts", "history contacts --json"] {
      try await scene.play(command)
    }
    try await scene.play("checkpoint show contacts")
    scene.expectSilence()
    try await sandbox.expectEqual(after: "all troubles")
  }

  /// Answers that repeat a value, as both services do.
  private static let troubles: [(fault: String, body: String)] = [
    (
      "campaign status --status 500 --method PATCH --path /profile --times 2",
      "PGS-220000 PostgreSQL error: value 'CANARY' is too long, near CANARY@example.org"
    ),
    (
      "campaign status --status 500 --path /profile --times -1",
      "XTK-170036 Unable to parse expression '@firstName = CANARY'. CANARY"
    ),
    (
      "campaign status --status 401 --path /profile --times -1",
      #"{"error_code":"401013","message":"Oauth token is not valid: CANARY"}"#
    ),
    (
      "campaign status --status 502 --path /profile --times -1",
      "<html><body>CANARY</body></html>"
    ),
    ("campaign status --status 200 --path /profile --times -1", "CANARY, and no JSON"),
    (
      "dataverse status --status 400 --path deltatoken --times -1",
      #"{"error":{"code":"0x80040217","message":"contact with 'CANARY' does not exist"}}"#
    ),
    (
      "dataverse status --status 403 --path deltatoken --times -1",
      #"{"error":{"code":"0x80040220","message":"Principal user CANARY is missing prvReadContact"}}"#
    ),
    (
      "dataverse status --status 200 --path deltatoken --times -1",
      #"{"value":[{"contactid":"CANARY","firstname":"CANARY"}]}"#
    ),
    (
      "dataverse status --status 401 --path token --times -1",
      #"{"error":"invalid_client","error_description":"AADSTS7000215: CANARY"}"#
    ),
    (
      "campaign status --status 400 --path /ims/token --times -1",
      #"{"error":"invalid_client","error_description":"CANARY"}"#
    ),
  ]

  @Test("A passphrase opens its key; a wrong one is told apart, and neither is told")
  func passphrases() async throws {
    let sandbox = try await SandboxProcess(contacts: 10)
    let key = sandbox.directory + "/sftp/client_rsa"
    let locked = try await Program.run(
      "/usr/bin/ssh-keygen", ["-q", "-p", "-P", "", "-N", Canary.secret, "-m", "PEM", "-f", key],
      in: sandbox.folder)
    #expect(locked.status == 0, "\(locked.errors)")
    try await sandbox.type("export contacts").expect(0)
    try await sandbox.type("stage contacts").expect(78, "needs a passphrase", "sftp.privateKey")

    let file = sandbox.text(of: "jobs/environments/test.yaml")
    let path = "{ file: \"\(key)\" }"
    #expect(file.contains(path))
    try sandbox.write(
      file.replacing(path, with: "{ file: \"\(key)\", passphrase: { env: KEY_WORDS } }"),
      to: "jobs/environments/test.yaml")
    for (words, status) in [(Canary.secret + "0", 78), (Canary.secret, 0)] as [(String, Int32)] {
      let result = try await sandbox.sync(
        ["stage", "contacts", "-v"], environment: ["KEY_WORDS": words])
      result.expect(status)
      #expect(!(result.output + result.errors).contains(Canary.secret))
    }
    for place in DiskTree.entries(sandbox.directory + "/state") where !place.isFolder {
      #expect(!Program.text(place.path).contains(Canary.secret), "\(place.path)")
    }
  }
}

/// What was typed, and everything that could be read afterwards.
private final class Scene: Sendable {
  private let sandbox: SandboxProcess
  private let heard = Mutex<[(where: String, text: String)]>([])
  private let keys = Mutex<[String]>([])

  init(_ sandbox: SandboxProcess) { self.sandbox = sandbox }

  /// Values that are canaries in each column of some contacts.
  func plant(_ user: DynamicsUser) async throws {
    keys.withLock { $0 = [] }
    let keys = try await user.keys(3)
    self.keys.withLock { $0 = keys }
    for (number, key) in keys.enumerated() { try await user.change(key, row(number)) }
  }

  /// The same contacts again, with values that are new and still canaries.
  func change(_ user: DynamicsUser, _ number: Int) async throws {
    for key in keys.withLock({ $0 }) { try await user.change(key, row(number + 10)) }
  }

  private func row(_ number: Int) -> JSONValue {
    let canary = Canary.value
    return [
      "firstname": .string("\(canary) \(number)"), "lastname": .string("last \(canary) \(number)"),
      "emailaddress1": .string("\(canary)-\(number)@example.org"),
      "mobilephone": .string("\(canary) \(number)"), "address1_line1": .string(canary),
      "address1_city": .string("city of \(canary)"), "description": .string("\(canary)\n\(number)"),
    ]
  }

  /// Types a command, and listens: to both streams, and to what others see of the process.
  func play(_ line: String) async throws {
    let program = try sandbox.startSync(line.split(separator: " ").map(String.init))
    var arguments = ""
    while program.isRunning {
      arguments += Program.text("/proc/\(program.id)/cmdline")
      try await Task.sleep(for: .milliseconds(20))
    }
    let result = await program.end()
    heard.withLock {
      $0.append(("the arguments of \(line)", arguments))
      $0.append(("the output of \(line) (\(result.status))", result.output))
      $0.append(("the errors of \(line) (\(result.status))", result.errors))
    }
    // A log of the spool's parts would be one of values; everything else that is kept is looked at.
    for place in DiskTree.entries(sandbox.directory + "/state") where !place.isFolder {
      let text = latin(DiskTree.bytes(of: place.path) ?? [])
      heard.withLock { $0.append(("\(place.path) after \(line)", text)) }
    }
  }

  /// Each byte as one character, so that no text is lost between others.
  private func latin(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
    return String(text)
  }

  func expectSilence() {
    let secrets = [".sandbox/dynamics.secret", ".sandbox/campaign.secret"].map {
      String(sandbox.text(of: $0).prefix { $0 != "\n" })
    }
    let key = sandbox.text(of: ".sandbox/sftp/client_rsa").split(separator: "\n")
    let canaries = [Canary.value, "eyJ0eXAiOi", "Bearer "] + secrets + [String(key[1])]
    for canary in canaries { #expect(canary.count > 6) }
    let heard = heard.withLock { $0 }
    #expect(heard.count > 100)
    for (place, text) in heard {
      for canary in canaries where text.contains(canary) {
        let start = text.firstRange(of: canary)?.lowerBound ?? text.startIndex
        let around = text[..<start].suffix(60) + "…" + text[start...].prefix(60)
        Issue.record("\(canary) in \(place): \(around)")
      }
    }
  }
}
