import Core
import FoundationEssentials

/// `state/ENV/JOB/paused.json`: while it is there, scheduled runs of the job are forbidden.
package struct PauseFile: Sendable {
  /// Why, and since when.
  package struct Pause: Codable, Sendable, Equatable {
    package var reason: String
    package var since: Instant
    package init(reason: String, since: Instant) {
      self.reason = reason
      self.since = since
    }
  }

  private let path: String

  /// - Parameter folder: of the job: `state/ENV/JOB`.
  package init(in folder: String) {
    path = folder + "/paused.json"
  }

  /// Nil where the job is not paused.
  ///
  /// A file that cannot be read pauses as well: somebody meant it.
  package func read() throws(SyncError) -> Pause? {
    guard let bytes = try readFile(at: path, limit: 1 << 20) else { return nil }
    return (try? JSONDecoder().decode(Pause.self, from: Data(bytes)))
      ?? Pause(reason: "(unreadable)", since: Instant(milliseconds: 0))
  }

  package func write(_ pause: Pause) throws(SyncError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(pause) else {
      throw SyncError(.bug, "write \(path)", "the pause cannot be written as JSON")
    }
    try makeFolder(folder(of: path))
    try replaceFile(at: path, with: Array(data) + [0x0A])
  }

  /// Resumes; a job that is not paused stays so.
  package func remove() throws(SyncError) {
    try removeFile(at: path)
  }
}
