import Core
import Disk
import Glibc
import Jobs
import JobFiles
import Ledger
import SFTP

/// Clears away what every job has finished: export files, our own unfinished uploads, old spool.
///
/// - Shape: a file that any job of this folder may still need stays, and so does one that no job reads.
struct Sweep {
  struct Line {
    enum Verdict: String { case removed, archived, kept, warning }
    var verdict: Verdict
    var name: String
    var why: String?
  }

  let workspace: Workspace
  /// Says what would be done.
  let isDry: Bool
  /// Below `sftp.directory`; nil: files are removed.
  let archive: String?
  private let dropbox: any Dropbox
  private let now: Instant

  /// Adobe's SFTP storage is temporary: files may stay fifteen days.
  static let warningAge: Int64 = 12 * 86_400

  init(
    _ workspace: Workspace, _ connections: Connections, archive: String?, isDry: Bool
  ) throws(SyncError) {
    guard let sftp = try connections.sftp() else {
      throw SyncError(
        .configuration, "sweep", "the environment has no `sftp:`",
        next: "add `sftp:` to the environment file: docs/jobs.md")
    }
    if let archive { try RemoteName.check(archive + "/x") }
    dropbox = RetryingDropbox(sftp, patience: connections.patience, attempts: 5)
    now = connections.patience.clock.now
    self.workspace = workspace
    self.archive = archive
    self.isDry = isDry
  }

  func perform() async throws(SyncError) -> [Line] {
    try await exports() + orphans() + spool()
  }

  // MARK: export files

  private func exports() async throws(SyncError) -> [Line] {
    var files: [String: RemoteFile] = [:]
    let patterns =
      workspace.egressJobs.map(\.files.pattern) + workspace.optOutJobs.compactMap(\.files?.pattern)
    for pattern in patterns {
      for file in try await ExportReader.files(of: pattern, in: dropbox)
      where ExportReader.isProper(file.name) && !isArchived(file.name) {
        files[file.name] = file
      }
    }
    var lines: [Line] = []
    for file in files.values.sorted(by: { $0.name < $1.name }) {
      let needs = try await jobs(needing: file)
      if needs.isEmpty {
        lines.append(try await clear(file))
      } else if now.seconds - file.modified >= Sweep.warningAge {
        let days = (now.seconds - file.modified) / 86_400
        lines.append(
          Line(
            verdict: .warning, name: file.name,
            why: "it is \(days) days old, and Campaign's storage keeps files for 15; not finished "
              + "by \(needs.joined(separator: ", "))"))
      } else {
        lines.append(
          Line(
            verdict: .kept, name: file.name,
            why: "not finished by \(needs.joined(separator: ", "))"))
      }
    }
    return lines
  }

  private func isArchived(_ name: String) -> Bool {
    archive.map { RemoteName.folder(of: name) == $0 } ?? false
  }

  /// Every job whose pattern takes the file and that has not read this very file to its end.
  private func jobs(needing file: RemoteFile) async throws(SyncError) -> [String] {
    var names: [String] = []
    for job in workspace.folder.jobs {
      switch job {
      case .ingress: break
      case .optOut(let settings):
        guard let files = settings.files, settings.readsCampaign,
          ExportReader.takes(file.name, files.pattern)
        else { continue }
        let state = OptOutJobState(settings, in: workspace.environment)
        if try await !state.hasFinished(file, isLooking: isDry) { names.append(settings.name) }
      case .egress(let settings):
        guard ExportReader.takes(file.name, settings.files.pattern) else { continue }
        let state = EgressJobState(settings, in: workspace.environment)
        if try await !state.hasFinished(file, isLooking: isDry) { names.append(settings.name) }
      }
    }
    return names
  }

  private func clear(_ file: RemoteFile) async throws(SyncError) -> Line {
    let verdict = archive == nil ? Line.Verdict.removed : .archived
    if isDry { return Line(verdict: verdict, name: file.name) }
    // Somebody may have put another file there while we asked.
    guard try await dropbox.stat(file.name) == file else {
      return Line(verdict: .kept, name: file.name, why: "it has just changed")
    }
    guard let archive else {
      try await dropbox.remove(file.name)
      return Line(verdict: .removed, name: file.name)
    }
    try await dropbox.makeFolder(archive)
    let last = file.name.split(separator: "/").last.map(String.init) ?? file.name
    var target = "\(archive)/\(last)"
    if try await dropbox.stat(target) != nil { target += ".\(file.modified)" }
    try await dropbox.rename(file.name, to: target)
    return Line(verdict: .archived, name: file.name, why: "to \(target)")
  }

  // MARK: our own

  private var ingressJobs: [IngressSettings] {
    workspace.folder.jobs.compactMap { if case .ingress(let job) = $0 { job } else { nil } }
  }

  /// Uploads that a crash left unfinished a day ago or more.
  private func orphans() async throws(SyncError) -> [Line] {
    var lines: [Line] = []
    for job in ingressJobs {
      let pattern = "\(Manifest.folder)/\(job.name)-??????-*.part"
      for file in try await dropbox.list(pattern)
      where ExportReader.isProper(file.name) && now.seconds - file.modified >= 86_400 {
        if !isDry { try await dropbox.remove(file.name) }
        lines.append(
          Line(verdict: .removed, name: file.name, why: "an upload that was never finished"))
      }
    }
    return lines
  }

  /// Folders of runs before the one in hand.
  private func spool() throws(SyncError) -> [Line] {
    var lines: [Line] = []
    let environment = workspace.environment
    for settings in ingressJobs {
      let state = JobState(settings, in: environment)
      guard let current = try state.checkpoints.load()?.state.run,
        case .acquired(let lock) = try RunLock.attempt(in: state.folder)
      else { continue }
      defer { lock.release() }
      let folder = "\(environment.spoolPath)/\(environment.name)/\(settings.name)"
      for run in Sweep.runs(in: folder) where run < current {
        if !isDry { try state.spool(run).remove() }
        lines.append(
          Line(
            verdict: .removed, name: "\(folder)/\(RunName.padded(run, 6))",
            why: "the spool of a run that is over"))
      }
    }
    return lines
  }

  /// The numbers of the runs that have a folder.
  private static func runs(in folder: String) -> [Int] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var runs: [Int] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.utf8.count == 6, let run = Int(name) { runs.append(run) }
    }
    return runs.sorted()
  }
}

extension Sweep.Line {
  func words(isDry: Bool) -> String {
    let done = verdict == .removed || verdict == .archived
    return (isDry && done ? "would be \(verdict.rawValue)" : verdict.rawValue)
      + "  \(name)\(why.map { ": \($0)" } ?? "")"
  }

  var json: JSONValue {
    [
      "verdict": .string(verdict.rawValue), "name": .string(name),
      "why": why.map(JSONValue.string) ?? .null,
    ]
  }
}
