import Core
import FoundationEssentials

/// `state/ENV/JOB/checkpoint.json`: the only commit point of a job.
///
/// - Shape: JSON, keys sorted, one member a line, a line end last; mode 0600.
/// - Errors: `storage` where the file is there but cannot be used; it never means the beginning.
package struct CheckpointFile<State: Codable & Sendable>: CheckpointStore {
  private let path: String
  private let job: String

  /// - Parameters:
  ///   - folder: of the job: `state/ENV/JOB`. Made at the first `replace`.
  ///   - job: its name, for what to type.
  package init(in folder: String, job: String) {
    path = folder + "/checkpoint.json"
    self.job = job
  }

  /// Whether there is one, readable or not.
  package static func exists(in folder: String) -> Bool {
    fileExists(folder + "/checkpoint.json")
  }

  package func load() throws(SyncError) -> Checkpoint<State>? {
    guard let bytes = try readFile(at: path) else { return nil }
    let data = Data(bytes)
    guard let format = try? JSONDecoder().decode(Format.self, from: data).format, format >= 1 else {
      throw unusable("it is damaged, or no checkpoint")
    }
    guard format <= Checkpoint<State>.currentFormat else {
      throw SyncError(
        .storage, "read \(path)",
        "it has format \(format); this version knows up to \(Checkpoint<State>.currentFormat)",
        next: "install the version of campaign-sync that wrote it, or a newer one")
    }
    do {
      return try JSONDecoder().decode(Checkpoint<State>.self, from: data)
    } catch {
      throw unusable("its content does not fit this job")  // the decoder's words may quote values
    }
  }

  package func replace(with checkpoint: Checkpoint<State>) throws(SyncError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(checkpoint) else {
      throw SyncError(.bug, "write \(path)", "the job's state cannot be written as JSON")
    }
    let bytes = Array(data) + [0x0A]
    try makeFolder(folder(of: path))
    try replaceFile(at: path, with: bytes)
  }

  /// Drops the memory of the job; the ledger goes after it.
  package func remove() throws(SyncError) {
    try removeFile(at: path)
  }

  private func unusable(_ reason: String) -> SyncError {
    SyncError(
      .storage, "read \(path)", reason,
      next: "put the file back from a backup together with ledger.sqlite, or begin anew: "
        + "campaign-sync checkpoint clear \(job)")
  }
}

private struct Format: Decodable {
  var format: Int
}
