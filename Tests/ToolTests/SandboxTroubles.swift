import Core
import Glibc
import TestSupport
import Testing

/// What the tests on faults, refusals and canaries do with a sandbox, in the words of its user.
extension SandboxProcess {
  /// A sandbox whose Dynamics gives small pages, so that a few hundred contacts are several.
  static func ofSmallPages(
    contacts: Int = 300, jobs: [String: String]? = nil
  ) async throws -> SandboxProcess {
    let sandbox = try await SandboxProcess(contacts: contacts, jobs: jobs)
    try await sandbox.order("knobs dataverse.maxPageSize=50")
    return sandbox
  }

  /// The committed job of the contacts, with some of its text replaced.
  static func contacts(_ replacements: (String, String)...) -> [String: String] {
    var text = committedJobs["contacts"] ?? ""
    for (old, new) in replacements {
      precondition(text.contains(old), "jobs/contacts.yaml no longer says: \(old)")
      text = text.replacing(old, with: new)
    }
    return ["contacts": text]
  }

  /// Types a command of the sandbox, which has to succeed; words are parted by blanks.
  @discardableResult
  func order(_ line: String, _ more: String...) async throws -> JSONValue {
    let words = line.split(separator: " ").map(String.init) + more + ["--json"]
    let result = try await Program.run("campaign-sync-sandbox", words, in: folder)
    guard result.status == 0 else {
      throw Unexpected(description: "\(line): \(result.status) \(result.errors)")
    }
    return result.json
  }

  /// Types a command of the tool, which ends in time; words are parted by blanks.
  func type(_ line: String) async throws -> ProgramResult {
    try await startSync(line.split(separator: " ").map(String.init)).endInTime()
  }

  /// Runs a command until it no longer says that it should be run again later.
  func typeUntilDone(_ line: String, atMost runs: Int = 5) async throws -> ProgramResult {
    var result = try await type(line)
    for _ in 1..<runs where result.status == 75 { result = try await type(line) }
    return result
  }

  /// A counter of the sandbox, by its path in `meters`: `dataverse.answers.GET 429`.
  func meter(_ path: String) async throws -> Int {
    var value: JSONValue? = try await order("meters")
    for name in path.split(separator: ".") { value = value?[String(name)] }
    return value?.integer ?? 0
  }

  /// The one application user of most sandboxes.
  static let client = "11111111-2222-3333-4444-555555555555"

  /// What the sandbox counted of that user's requests, on its one server.
  func limitMeter(_ name: String) async throws -> Int {
    try await meter("dataverse.limits.\(Self.client).server0.\(name)")
  }

  /// Requests of both sides so far, whatever they were.
  func requests() async throws -> Int {
    let meters = try await order("meters")
    return ["dataverse", "campaign"].reduce(0) { sum, side in
      sum + (meters[side]?["answers"]?.members ?? []).reduce(0) { $0 + ($1.value.integer ?? 0) }
    }
  }

  /// From now on a process has one request of each identity under way, no more: then no other can be on
  /// its way when a wait is asked for, however long that takes, and each that comes too soon was sent too
  /// soon.
  func useOneLane() throws {
    let file = "jobs/environments/test.yaml"
    let text = text(of: file)
    for side in ["dynamics:\n", "campaign:\n"] { precondition(text.contains(side)) }
    try write(
      text.replacing("dynamics:\n", with: "dynamics:\n  concurrency: 1\n")
        .replacing("campaign:\n", with: "campaign:\n  concurrency: 1\n"), to: file)
  }

  /// Returns when a process that was asked to wait has told it to all: whoever starts now has to obey.
  func waitIsShared(by side: String) async throws {
    let identities = [
      "dataverse": Self.client,
      "campaign": "4f6c0bd2a0d24c1e8b8f0c3f1d2e3a4b",
    ]
    let gate = "\(state)/gates/\(identities[side] ?? "")"
    #expect(try await comes { access(gate, R_OK) == 0 })
  }

  /// Both sides are equal by the sandbox's own reckoning, and nobody was asked too soon.
  ///
  /// - Parameter sides: those whose waits are judged. With several lanes, a request may be on its way for
  ///   as long as the machine is busy: then only who else knows of the wait can be judged.
  func expectEqual(
    after story: String, judging sides: [String] = ["dataverse", "campaign"],
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let comparison = try await sandbox("compare", "contacts")
    #expect(
      comparison.status == 0, "\(story): \(comparison.output)\(comparison.errors)",
      sourceLocation: sourceLocation)
    let meters = try await order("meters")
    for side in sides {
      let violations = meters[side]?["retryAfterViolations"]?.integer
      #expect(violations == 0, "\(story): \(side)", sourceLocation: sourceLocation)
    }
  }

  /// Files of the first run in the spool, by name.
  func exported() -> [String: [UInt8]] { DiskTree.contents(of: spool + "/contacts/000001") }

  /// Forgets where the job stands.
  func clearCheckpoint() async throws {
    let result = try await type("checkpoint clear contacts --yes")
    #expect(result.status == 0, "\(result.errors)")
  }

  /// The keys of what waits, by rule.
  func pending() async throws -> [String] {
    try await type("pending contacts --json").json.items?.compactMap { $0["rule"]?.text } ?? []
  }
}

extension ProgramResult {
  /// The status, and words that an operator must find on standard error.
  func expect(
    _ status: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      self.status == status, "\(output)\(errors)", sourceLocation: sourceLocation)
    for word in words {
      #expect(
        errors.contains(word), "\(word) is not in: \(errors)", sourceLocation: sourceLocation)
    }
    if status != 0, status != 64 {
      #expect(
        errors.contains("next:"), "no way out in: \(errors)", sourceLocation: sourceLocation)
    }
  }
}
