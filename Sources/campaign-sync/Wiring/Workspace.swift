import Core
import Glibc
import JobFiles
import Logging

/// The files of the user, read and checked before anything else is done.
struct Workspace {
  let environment: EnvironmentSettings
  let folder: JobFolder
  let log: Logger

  /// - Parameter needsEveryJob: false: a job file that cannot be read is left out. It may be the one
  ///   that the command is about to write.
  /// - Errors: every problem of the environment file, else every problem of the job files.
  init(_ options: CommonOptions, needsEveryJob: Bool = true) throws(SyncError) {
    let variable = getenv("CAMPAIGN_SYNC_ENV").map { String(cString: $0) }
    let name = options.env ?? variable ?? "sandbox"
    let jobs = Workspace.trimmed(options.jobs)
    let paths = try Workspace.paths(jobs)
    environment = try Workspace.environment(name, jobs, paths)
    var files: [(name: String, text: String)] = []
    for file in try Files.yamlNames(in: jobs) {
      let path = jobs + "/" + file
      files.append((name: path, text: try Files.read(path, for: "the job file \(path)")))
    }
    log = Workspace.logger(options)
    guard needsEveryJob else {
      folder = JobFolder.readable(files)
      return
    }
    let read = try JobFolder.read(files, guardrails: environment.guardrails)
    folder = read.folder
    for warning in read.warnings { log.warning("\(warning.line)") }
  }

  static func logger(_ options: CommonOptions) -> Logger {
    Logger(label: "campaign-sync") { _ in
      LineLogHandler(
        logLevel: options.quiet ? .error : options.verbose ? .debug : .info,
        isJSON: options.log == .json)
    }
  }

  private static func environment(
    _ name: String, _ jobs: String, _ paths: Paths
  ) throws(SyncError) -> EnvironmentSettings {
    let path = "\(jobs)/environments/\(name).yaml"
    let known = ((try? Files.yamlNames(in: jobs + "/environments")) ?? [])
      .map { String($0.dropLast(5)) }
    guard known.contains(name) else {
      let nearest = Nearest.name(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
      throw SyncError(
        .configuration, "use the environment \(name)", "there is no file \(path)\(nearest)",
        next: known.isEmpty
          ? "create \(path); docs/jobs.md shows one"
          : "choose with --env: \(known.joined(separator: ", "))")
    }
    let text = try Files.read(path, for: "the environment file \(path)")
    return try EnvironmentFile.read(text, file: path, name: name, paths: paths)
  }

  private static func trimmed(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// The parent of the jobs folder, absolute.
  private static func paths(_ jobs: String) throws(SyncError) -> Paths {
    guard let resolved = realpath(jobs, nil) else {
      throw SyncError(
        .configuration, "read the job files", "there is no folder \(jobs)",
        next: "name the folder with --jobs DIR")
    }
    defer { free(resolved) }
    let absolute = String(cString: resolved)
    let parent = absolute.lastIndex(of: "/").map { String(absolute[..<$0]) } ?? absolute
    return Paths(
      base: parent, home: getenv("HOME").map { String(cString: $0) } ?? "/")
  }

  /// The job of that name, whatever its kind.
  @discardableResult
  func job(_ name: String) throws(SyncError) -> JobFile {
    if let job = folder.jobs.first(where: { $0.name == name }) { return job }
    let names = folder.jobs.map(\.name)
    let nearest = Nearest.name(to: name, among: names).map { "; did you mean \($0)?" } ?? ""
    throw SyncError(
      .configuration, "find the job \(name)", "no job file has this name\(nearest)",
      code: SyncError.usageCode, next: "jobs are: \(names.joined(separator: ", "))")
  }

  var egressJobs: [EgressSettings] {
    folder.jobs.compactMap { if case .egress(let settings) = $0 { settings } else { nil } }
  }

  /// Those that read what Campaign exports.
  var optOutJobs: [OptOutSettings] {
    folder.jobs.compactMap { if case .optOut(let settings) = $0 { settings } else { nil } }
      .filter(\.readsCampaign)
  }

  /// The job that brings contacts to profiles.
  var profileJob: IngressSettings? {
    folder.jobs.lazy.compactMap { if case .ingress(let settings) = $0 { settings } else { nil } }
      .first { $0.resource == "profile" }
  }

  /// The ingress job of that name.
  func ingress(_ name: String) throws(SyncError) -> IngressSettings {
    guard case .ingress(let settings) = try job(name) else {
      throw SyncError(
        .configuration, "use the job \(name)", "this command works on ingress jobs",
        code: SyncError.usageCode, next: nil)
    }
    return settings
  }
}

extension SyncError {
  /// Exit status 64 in place of the kind's own.
  static let usageCode = "usage"
  var exitStatus: Int32 { code == SyncError.usageCode ? 64 : kind.rawValue }
}
