import Core
import Jobs

/// One line of `runs.jsonl`: counts and codes, never a value.
struct RunRecord: Codable, Sendable {
  var run: Int
  var command: String
  var began: Instant
  var ended: Instant
  /// Exit status of the job.
  var status: Int32
  /// A foreign code of the failure, where there is one.
  var code: String?
  /// The failure in the operator's words.
  var failure: String?
  var tally: Tally
  var requests: Int
  var received: Int
  var throttled: Int
  /// Seconds during which a request waited for what a service takes.
  var waited: Int?
  var phase: String
  /// What is done now and was not before: "staged".
  var reached: String?

  /// Changes were followed, and nothing else: enough of them to say how long others take.
  var isDelta: Bool {
    // A load, or a recovery, that came to its end or went on says so.
    phase == IngressState.Phase.loaded.rawValue && reached == nil && command != "pending"
      && tally.read >= 100 && tally.engineCalls > 0 && ended > began
  }

  /// What happened, for one line.
  var words: String {
    let pause = waited.map { ", throttled for \(TimeText.span(.seconds($0)))" } ?? ""
    guard let reached else { return tally.words + pause }
    return (tally == Tally() ? reached : "\(reached): \(tally.words)") + pause
  }
}

/// What became of one job in this process.
struct JobResult: Sendable {
  enum Outcome: String, Sendable { case done, skipped, loading, failed }

  var job: String
  var outcome: Outcome
  /// One line for a person.
  var says: String
  var failure: SyncError?
  var record: RunRecord?

  /// Rows were brought, and deletions were left to a second pass.
  var waitsToDelete = false

  /// One job's two passes as one result.
  func followed(by deletes: JobResult) -> JobResult {
    if deletes.failure != nil, deletes.record != nil { return deletes }
    var both = self
    if let failure = deletes.failure {  // not begun: the rows were brought all the same
      (both.outcome, both.failure) = (.failed, failure)
    }
    both.says += "; then " + deletes.says
    if let more = deletes.record {
      both.record?.tally += more.tally
      both.record?.requests += more.requests
    }
    return both
  }

  static func skipped(_ job: String, _ why: String) -> JobResult {
    JobResult(job: job, outcome: .skipped, says: why)
  }

  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("job", .string(job)), .init("outcome", .string(outcome.rawValue)),
      .init("says", .string(says)),
      .init("status", .number(String(failure?.exitStatus ?? 0))),
    ]
    if let record {
      members.append(.init("run", .number(String(record.run))))
      members.append(.init("phase", .string(record.phase)))
      members +=
        record.tally.members + [
          .init("requests", .number(String(record.requests))),
          .init("waitedSeconds", .number(String(record.waited ?? 0))),
          .init(
            "milliseconds", .number(String(record.ended.milliseconds - record.began.milliseconds))),
        ]
    }
    return .object(members)
  }
}

extension Tally {
  var members: [JSONValue.Member] {
    let counts: [(String, Int)] = [
      ("read", read), ("mapped", mapped), ("created", created), ("updated", updated),
      ("unchanged", unchanged), ("removed", removed), ("deleted", deleted), ("absent", absent),
      ("rejected", rejected), ("held", held), ("filteredOut", filteredOut), ("retried", retried),
      ("parts", parts), ("bytes", bytes), ("cut", cut), ("replacedCharacters", replacedCharacters),
      ("engineCalls", engineCalls), ("engineCallsSaved", engineCallsSaved),
      ("unmatched", unmatched), ("files", files), ("optedOut", optedOut), ("optedIn", optedIn),
    ]
    return counts.map { JSONValue.Member($0.0, .number(String($0.1))) }
  }

  /// What happened, for one line: only what is not zero.
  var words: String {
    let counts: [(Int, String)] = [
      (read, "read"), (created, "created"), (updated, "updated"), (unchanged, "unchanged"),
      (removed, "removed in Dynamics"), (deleted, "deleted"),
      (absent, "absent in Dynamics and kept"), (rejected, "rejected"),
      (held, "held back for a parent"),
      (filteredOut, "filtered out"), (retried, "retried"), (parts, parts == 1 ? "part" : "parts"),
      (engineCalls, "engine calls"), (engineCallsSaved, "calls saved"),
      (optedOut, "opted out"), (optedIn, "opted in"),
      (unmatched, "without a contact"), (files, files == 1 ? "file" : "files"),
    ]
    let said = counts.filter { $0.0 > 0 }.map { "\(TimeText.count($0.0)) \($0.1)" }
    return said.isEmpty ? "nothing to do" : said.joined(separator: ", ")
  }
}
