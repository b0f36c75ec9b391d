import Core
import FoundationEssentials

/// `state/ENV/JOB/progress.json`: how far a run is, for those who look while it goes on.
///
/// - Shape: written about once a second and removed at the end. It is for people and monitors: it is
///   never flushed, nothing goes on from it, and what a crash leaves is worth nothing once the job's
///   lock is free.
package struct ProgressFile<Progress: Codable & Sendable>: Sendable {
  private let path: String

  /// - Parameter folder: of the job: `state/ENV/JOB`.
  package init(in folder: String) { path = folder + "/progress.json" }

  /// Nil where there is none that can be read.
  package func read() throws(SyncError) -> Progress? {
    guard let bytes = try readFile(at: path, limit: 1 << 20) else { return nil }
    return try? JSONDecoder().decode(Progress.self, from: Data(bytes))
  }

  package func write(_ progress: Progress) throws(SyncError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(progress) else {
      throw SyncError(.bug, "write \(path)", "the progress cannot be written as JSON")
    }
    try replaceFile(at: path, with: Array(data) + [0x0A], flushing: false)
  }

  package func remove() throws(SyncError) { try removeFile(at: path) }
}
