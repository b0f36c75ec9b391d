import Core
import Glibc
import JobFiles
import SandboxServer

/// The user's job files, for `compare`.
enum JobReading {
  /// The settings of an ingress job among these files.
  @Sendable
  static func settings(
    _ job: String, _ files: [(name: String, text: String)]
  ) throws(SyncError) -> IngressSettings {
    guard case .ingress(let settings) = try find(job, files) else {
      throw SyncError(
        .configuration, "compare \(job)", "only ingress, egress and opt-out jobs are compared",
        next: "compare a job of one of these kinds")
    }
    return settings
  }

  /// The settings of an egress job among these files; nil where the job is of another kind.
  @Sendable
  static func events(
    _ job: String, _ files: [(name: String, text: String)]
  ) throws(SyncError) -> EgressSettings? {
    if case .egress(let settings) = try find(job, files) { settings } else { nil }
  }

  /// The settings of an opt-out job among these files, and those of all ingress jobs; nil where the
  /// job is of another kind.
  @Sendable
  static func optOuts(
    _ job: String, _ files: [(name: String, text: String)]
  ) throws(SyncError) -> (job: OptOutSettings, ingress: [IngressSettings])? {
    guard case .optOut(let settings) = try find(job, files) else { return nil }
    let folder = try JobFolder.read(files, guardrails: .warn).folder
    let ingress = folder.jobs.compactMap { job in
      if case .ingress(let settings) = job { settings } else { nil }
    }
    return (settings, ingress)
  }

  private static func find(
    _ job: String, _ files: [(name: String, text: String)]
  ) throws(SyncError) -> JobFile {
    let folder = try JobFolder.read(files, guardrails: .warn).folder
    if let found = folder.jobs.first(where: { $0.name == job }) { return found }
    let names = folder.jobs.map(\.name)
    let nearest = Nearest.name(to: job, among: names).map { "; did you mean \($0)?" } ?? ""
    throw SyncError(
      .configuration, "find the job \(job)", "no job file has this name\(nearest)",
      next: names.isEmpty
        ? "name the folder with --jobs DIR" : "jobs are: \(names.joined(separator: ", "))")
  }

  /// What can be compared: the ingress jobs, each behind its parents, then the egress jobs and those
  /// of opt-outs.
  static func order(_ files: [(name: String, text: String)]) throws(SyncError) -> [String] {
    let folder = try JobFolder.read(files, guardrails: .warn).folder
    var left: [IngressSettings] = folder.jobs.compactMap { job in
      if case .ingress(let settings) = job { settings } else { nil }
    }
    var names: [String] = []
    // Reading refuses circles, so each turn takes at least one.
    while !left.isEmpty {
      let ready = left.filter { job in
        !job.parents.contains { parent in left.contains { $0.name == parent.job } }
      }
      if ready.isEmpty { break }
      names += ready.map(\.name)
      left.removeAll { job in ready.contains { $0.name == job.name } }
    }
    names += folder.jobs.compactMap { if case .egress(let job) = $0 { job.name } else { nil } }
    names += folder.jobs.compactMap { if case .optOut(let job) = $0 { job.name } else { nil } }
    guard !names.isEmpty else {
      throw SyncError(
        .configuration, "compare all jobs", "the folder has no job that can be compared",
        next: "name the folder with --jobs DIR")
    }
    return names
  }

  /// Name and text of every job file of a folder.
  static func files(in folder: String) throws(SyncError) -> [(name: String, text: String)] {
    guard let handle = opendir(folder) else {
      throw SyncError(
        .configuration, "read the job files", "there is no folder \(folder)",
        next: "name the folder with --jobs DIR")
    }
    defer { closedir(handle) }
    var files: [(name: String, text: String)] = []
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name.hasSuffix(".yaml"), !name.hasPrefix(".") else { continue }
      let path = folder + "/" + name
      files.append((name: path, text: try Files.read(path)))
    }
    return files
  }
}
