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
    let folder = try JobFolder.read(files, guardrails: .warn).folder
    guard let found = folder.jobs.first(where: { $0.name == job }) else {
      let names = folder.jobs.map(\.name)
      let nearest = Nearest.name(to: job, among: names).map { "; did you mean \($0)?" } ?? ""
      throw SyncError(
        .configuration, "find the job \(job)", "no job file has this name\(nearest)",
        next: names.isEmpty
          ? "name the folder with --jobs DIR" : "jobs are: \(names.joined(separator: ", "))")
    }
    guard case .ingress(let settings) = found else {
      throw SyncError(
        .configuration, "compare \(job)", "only ingress jobs are compared",
        next: "compare an ingress job")
    }
    return settings
  }

  /// The ingress jobs of the folder, each behind its parents.
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
    guard !names.isEmpty else {
      throw SyncError(
        .configuration, "compare all jobs", "the folder has no ingress job",
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
