import Core
import Glibc
import Synchronization

/// The built sandbox on free ports, and a folder with job files in which the built tool is run on it.
///
/// - Shape: `folder/jobs` holds the committed `contacts.yaml` and the environment `test`; the sandbox's own
///   folder is `folder/.sandbox`, with the tool's state and spool. It ends with the value, and also with
///   the test program.
package final class SandboxProcess: Sendable {
  private let temporary = TemporaryFolder()
  private let process: Program
  /// What the sandbox said of itself: ports, keys, `sftp.home`.
  package let about: JSONValue

  /// The working directory of the commands.
  package var folder: String { temporary.path }
  package var directory: String { folder + "/.sandbox" }
  /// The login directory of the SFTP account.
  package var sftpHome: String { directory + "/sftp/home" }
  package var environmentFile: String { folder + "/jobs/environments/test.yaml" }

  /// - Parameter jobs: name -> text of job files in place of the committed one of contacts.
  /// - Parameter arguments: more of `campaign-sync-sandbox start`.
  package init(
    contacts: Int = 500, seed: UInt64 = 1, jobs: [String: String]? = nil, arguments: [String] = []
  ) async throws {
    mkdir(temporary.path + "/jobs", 0o755)
    mkdir(temporary.path + "/jobs/environments", 0o755)
    for (name, text) in jobs ?? Self.committedJobs.filter({ $0.key == "contacts" }) {
      try Self.write(text, to: "\(temporary.path)/jobs/\(name).yaml")
    }
    try SandboxKeys.put(in: temporary.path + "/.sandbox")
    process = try Program(
      "campaign-sync-sandbox",
      [
        "start", "--foreground", "--until-input-ends", "--ports", "free", "--write-env",
        "jobs/environments/test.yaml", "--contacts", String(contacts), "--seed", String(seed),
      ] + arguments, in: temporary.path, hasInput: true)
    let announcement = temporary.path + "/.sandbox/sandbox.json"
    while access(announcement, R_OK) != 0 {
      guard process.isRunning else {
        let result = await process.end()
        throw Program.Failed(description: "the sandbox does not start: \(result.errors)")
      }
      try await Task.sleep(for: .milliseconds(5))
    }
    about = try FixtureJSON.parse(Array(Program.text(announcement).utf8))
    SandboxKeys.take(from: temporary.path + "/.sandbox")
  }

  deinit { process.endInput() }

  /// Ends it and waits until nothing of it runs.
  package func stop() async -> ProgramResult {
    process.endInput()
    return await process.end()
  }

  /// The process id of the sandbox.
  package var id: Int { Int(process.id) }

  /// Kills it as a crash would.
  package func kill() async -> ProgramResult {
    process.kill(SIGKILL)
    return await process.end()
  }

  /// Runs `campaign-sync-sandbox` in the folder: `mutate`, `compare`, `faults`, ...
  @discardableResult
  package func sandbox(_ arguments: String...) async throws -> ProgramResult {
    try await Program.run("campaign-sync-sandbox", arguments, in: folder)
  }

  /// Runs `campaign-sync` in the folder, in the environment `test`.
  @discardableResult
  package func sync(
    _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> ProgramResult {
    try await startSync(arguments, environment: environment).end()
  }

  @discardableResult
  package func sync(_ arguments: String...) async throws -> ProgramResult {
    try await sync(arguments)
  }

  /// Starts `campaign-sync` and leaves it running: to be killed, or looked at.
  package func startSync(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Program {
    let standard = ["HOME": folder, "CAMPAIGN_SYNC_ENV": "test", "TZ": "UTC"]
    return try Program(
      "campaign-sync", arguments, in: folder,
      environment: standard.merging(environment) { _, given in given })
  }

  /// Writes a file below the folder: a job file, an environment file.
  package func write(_ text: String, to name: String) throws {
    try Self.write(text, to: folder + "/" + name)
  }

  package func text(of name: String) -> String { Program.text(folder + "/" + name) }

  /// Name -> text of the job files of this repository.
  package static var committedJobs: [String: String] {
    let file = #filePath
    let root = file.components(before: "/Tests/TestSupport/")
    var jobs: [String: String] = [:]
    guard let folder = opendir(root + "/jobs") else { return jobs }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".yaml") {
        jobs[String(name.dropLast(5))] = Program.text("\(root)/jobs/\(name)")
      }
    }
    return jobs
  }

  fileprivate static func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "w") else {
      throw Program.Failed(description: "cannot write \(path): errno \(errno)")
    }
    fputs(text, file)
    fclose(file)
  }
}

/// The SSH keys of the first sandbox that was ready, for those that come later: making them is most of
/// the work of a start.
private enum SandboxKeys {
  private static let texts = Mutex<[String: String]>([:])
  private static let names = ["host_ed25519", "host_rsa", "client_rsa"].flatMap {
    [$0, $0 + ".pub"]
  }

  static func take(from directory: String) {
    texts.withLock { texts in
      guard texts.isEmpty else { return }
      for name in names { texts[name] = Program.text("\(directory)/sftp/\(name)") }
    }
  }

  static func put(in directory: String) throws {
    let texts = texts.withLock { $0 }
    guard !texts.isEmpty else { return }
    mkdir(directory, 0o700)
    mkdir(directory + "/sftp", 0o700)
    for (name, text) in texts {
      try SandboxProcess.write(text, to: "\(directory)/sftp/\(name)")
      chmod("\(directory)/sftp/\(name)", 0o600)
    }
  }
}

extension String {
  fileprivate func components(before part: String) -> String {
    firstRange(of: part).map { String(self[..<$0.lowerBound]) } ?? self
  }
}
