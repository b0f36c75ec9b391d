import Core
import Glibc
import TestSupport

/// What the tests of the built tool look at, and how they set their worlds up.
extension SandboxProcess {
  /// A world whose pages and parts are small, so that there are many of them.
  static func ofSmallPieces(
    contacts: Int, page: Int, part: String = "4 KiB", seed: UInt64 = 1,
    jobs: [String: String] = [:], arguments: [String] = []
  ) async throws -> SandboxProcess {
    var files = committedJobs.filter { $0.key == "contacts" }
    files["contacts"] = files["contacts"]?.replacing("partSize: 64 MiB", with: "partSize: \(part)")
    files.merge(jobs) { _, given in given }
    let world = try await SandboxProcess(
      contacts: contacts, seed: seed, jobs: files, arguments: arguments)
    try await world.turn("dataverse.maxPageSize=\(page)", "dataverse.limitsEnabled=false")
    return world
  }

  func turn(_ knobs: String...) async throws {
    for knob in knobs {
      let end = try await sandbox("knobs", knob)
      guard end.status == 0 else { throw Unexpected(description: end.errors) }
    }
  }

  var state: String { directory + "/state/test" }
  var spool: String { directory + "/spool/test" }
  var imports: String { sftpHome + "/d365_loads/imports" }
  var rootsOfTheTool: [String] { [directory + "/state", directory + "/spool"] }

  /// What Campaign has counted since the last question with `resetting`.
  func campaignMeters() async throws -> CampaignMeters {
    let json = try await sandbox("meters", "--json").json
    return CampaignMeters(json["campaign"] ?? .null)
  }

  /// "equal", or what differs.
  func comparison(of job: String = "contacts") async throws -> String {
    let end = try await sandbox("compare", job)
    return end.status == 0 ? "equal" : end.output + end.errors
  }

  /// Asks the sandbox until its import workflow has done what it was told to.
  func awaitImport(of run: String) async throws {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      let imports = try await sandbox("status", "--json").json["imports"]?.items ?? []
      let states = imports.filter { $0["run"]?.text == run }.compactMap { $0["state"]?.text }
      if !states.isEmpty, states.allSatisfy({ $0 == "done" }) { return }
    }
    throw Unexpected(description: "the import of \(run) does not end")
  }
}

/// What Campaign has counted since it was born.
struct CampaignMeters: Equatable {
  var engineCalls: Int
  var inserts: Int
  var updates: Int
  /// PATCHes that changed nothing.
  var unchanged: Int
  /// POST, PATCH and DELETE of records.
  var writes: Int
  /// Look-ups of records, and reads of metadata.
  var reads: Int

  init(_ json: JSONValue) {
    func count(_ name: String) -> Int { json[name]?.integer ?? -1 }
    engineCalls = count("engineCalls")
    inserts = count("inserts")
    updates = count("updates")
    unchanged = count("unchanged")
    reads = json["requests"]?["GET"]?.integer ?? 0
    writes = ["PATCH", "DELETE"].reduce(inserts) { sum, name in
      sum + (json["requests"]?[name]?.integer ?? 0)
    }
  }
}

/// Files as they are on disk.
enum DiskTree {
  struct Entry {
    var path: String
    var mode: mode_t
    var isFolder: Bool
  }

  /// Everything below a folder, and the folder.
  static func entries(_ path: String) -> [Entry] {
    var information = stat()
    guard lstat(path, &information) == 0 else { return [] }
    let isFolder = information.st_mode & S_IFMT == S_IFDIR
    let entry = Entry(path: path, mode: information.st_mode & 0o777, isFolder: isFolder)
    guard isFolder else { return [entry] }
    return [entry] + names(in: path).flatMap { entries(path + "/" + $0) }
  }

  static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Name -> bytes of the files in a folder.
  static func contents(of folder: String) -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in names(in: folder) { contents[name] = bytes(of: folder + "/" + name) }
    return contents
  }

  static func bytes(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { return bytes }
      bytes += piece[..<count]
    }
  }
}

extension Program {
  /// True where it ended within that time.
  func ends(within time: Duration) async throws -> Bool {
    let end = ContinuousClock.now + time
    while isRunning {
      if ContinuousClock.now >= end { return false }
      try await Task.sleep(for: .milliseconds(1))  // asks again; no more time passes than was given
    }
    return true
  }

  /// Its end, which has to come.
  func endInTime() async throws -> ProgramResult {
    guard try await ends(within: patience) else {
      kill(SIGKILL)
      let result = await end()
      throw Unexpected(description: "it did not end in \(patience); it said: \(result)")
    }
    return await end()
  }
}

struct Unexpected: Error, CustomStringConvertible { let description: String }
