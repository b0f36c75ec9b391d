import ArgumentParser
import Core
import Disk
import Ledger

struct PendingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pending", abstract: "What was rejected or held back, and why.",
    discussion: "Pending records are tried again, read afresh, at the start of every delta.")

  @Argument(help: "The job.") var name: String
  @Flag(help: "Try them now.") var retry = false
  @Option(help: "Give up on the record with this key.") var drop: String?
  @Option(
    help: "Only records that have waited this long: 2h, 3d.",
    transform: { try DurationText.parse($0) })
  var olderThan: Duration?
  @OptionGroup var work: WorkOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if retry, drop != nil { throw ValidationError("Say --retry or --drop, not both.") }
  }

  func run() async throws {
    if retry {
      return try await Session(common, work).perform("pending", .job(.retry), [name])
    }
    try await Report.explaining {
      let workspace = try Workspace(common)
      let state = JobPlace(try workspace.job(name).name, in: workspace.environment)
      guard SQLiteLedger.exists(in: state.folder) else {
        return Standard.output(work.json ? "[]" : "\(name): nothing is pending")
      }
      if let drop { return try await self.drop(drop, state) }
      try await list(SQLiteLedger.open(in: state.folder))
    }
  }

  private func drop(_ key: String, _ state: JobPlace) async throws {
    guard case .acquired(let lock) = try RunLock.attempt(in: state.folder) else {
      throw SyncError(
        .unavailable, "drop a pending record of \(name)", "a run holds the lock of the job",
        next: "campaign-sync status \(name)")
    }
    defer { lock.release() }
    let ledger = try SQLiteLedger.open(in: state.folder)
    let before = try await ledger.pendingCount()
    try ledger.record([.settled(key)], at: SystemClock().now)
    let dropped = before - (try await ledger.pendingCount())
    Standard.output("\(name): \(dropped == 0 ? "no pending record has this key" : "dropped")")
  }

  private func list(_ ledger: SQLiteLedger) async throws {
    let now = SystemClock().now
    var after: String?
    var shown: [JSONValue] = []
    var count = 0
    while true {
      let records = try await ledger.pending(after: after, limit: 500)
      guard let final = records.last else { break }
      after = final.rejection.key
      for record in records where olderThan.map({ now - record.first >= $0 }) ?? true {
        count += 1
        if work.json { shown.append(json(record)) } else { Standard.output(line(record)) }
      }
    }
    if work.json {
      Standard.output(String(decoding: JSONValue.array(shown).encoded, as: UTF8.self))
    } else if count == 0 {
      Standard.output("\(name): nothing is pending")
    }
  }

  private func line(_ record: PendingRecord) -> String {
    let excerpt = record.rejection.excerpt.map { " [\($0)]" } ?? ""
    return "\(record.rejection.key)  \(record.rejection.what.rawValue)  \(record.rejection.rule): "
      + "\(record.rejection.reason)\(excerpt)  (since \(TimeText.utc(record.first)), "
      + "\(record.attempts) attempts)"
  }

  private func json(_ record: PendingRecord) -> JSONValue {
    [
      "key": .string(record.rejection.key), "what": .string(record.rejection.what.rawValue),
      "rule": .string(record.rejection.rule), "reason": .string(record.rejection.reason),
      "first": .string(TimeText.utc(record.first)),
      "attempts": .number(String(record.attempts)),
    ]
  }
}
