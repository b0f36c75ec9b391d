import Core
import Disk
import Jobs
import Ledger

/// What `status` prints of one job.
protocol StatusReport {
  var lines: [String] { get }
  var json: JSONValue { get }
  /// True where a monitor should wake somebody.
  func isLate(_ age: Duration) -> Bool
}

extension JobStatus: StatusReport {}

extension JobPlace {
  /// How far the run is that goes on; nil where none does.
  func liveProgress() throws(SyncError) -> RunProgress? {
    try RunLock.isHeld(in: folder) ? try progress.read() : nil
  }

  /// What the lock, a pause and the last run say of a job, over what its state says.
  func judgement(
    else standing: (state: JobStatus.State, detail: String?, next: String), _ last: RunRecord?
  ) throws(SyncError) -> (JobStatus.State, String?, String) {
    if try RunLock.isHeld(in: folder) { return (.running, nil, "wait, or look again") }
    if let pause = try pause.read() {
      return (
        .paused, "since \(TimeText.utc(pause.since)): \(pause.reason)",
        "campaign-sync resume \(name)"
      )
    }
    if let last, last.status != 0 {
      return (.failed, "exit \(last.status): \(last.failure ?? "")", standing.next)
    }
    return standing
  }
}

/// Where an egress job stands; no network is needed.
struct EgressStatus: StatusReport {
  var job: String
  var state: JobStatus.State
  var detail: String?
  var now: Instant
  var lastSuccess: Instant?
  var pending = 0
  /// Of those pending, how many wait for their contact.
  var kept = 0
  /// Files that were listed and are not read to their end.
  var waiting: [WaitingFile] = []
  var createdThisMonth = 0
  /// Of a run that goes on.
  var progress: RunProgress?
  var next: String

  static func read(
    _ settings: EgressSettings, _ environment: EnvironmentSettings
  ) async throws(SyncError) -> EgressStatus {
    let job = EgressJobState(settings, in: environment)
    let checkpoint = try job.checkpoints.load()
    let records = try job.place.records.last(10_000)
    let now = SystemClock().now
    var status = EgressStatus(
      job: settings.name, state: checkpoint == nil ? .neverRun : .idle, now: now,
      lastSuccess: records.last { $0.status == 0 }?.ended,
      waiting: checkpoint?.state.waiting ?? [], next: "campaign-sync run \(settings.name)")
    let month = TimeText.month(now)
    status.createdThisMonth = records.filter { TimeText.month($0.began) == month }
      .reduce(0) { $0 + $1.tally.created }
    if checkpoint != nil, SQLiteLedger.exists(in: job.place.folder) {
      let ledger = try SQLiteLedger.open(in: job.place.folder)
      status.pending = try await ledger.pendingCount()
      status.kept = try await ledger.heldCount()
    }
    (status.state, status.detail, status.next) = try job.place.judgement(
      else: (status.state, nil, status.next), records.last)
    status.progress = try job.place.liveProgress()
    return status
  }

  func isLate(_ age: Duration) -> Bool {
    if state == .failed { return true }
    guard let lastSuccess else { return true }
    return state != .paused && now - lastSuccess > age
  }

  var lines: [String] {
    var lines = ["\(job): \(state.rawValue)\(detail.map { " \($0)" } ?? "")"]
    if let lastSuccess {
      let age = TimeText.span(now - lastSuccess)
      lines.append("  last success  \(age) ago, \(TimeText.utc(lastSuccess))")
    }
    if let progress { lines += progress.lines }
    if state != .neverRun {
      lines.append("  created       \(TimeText.count(createdThisMonth)) activities this month")
      let waits = kept > 0 ? ", \(TimeText.count(kept)) of them wait for their contact" : ""
      lines.append("  pending       \(TimeText.count(pending)) events\(waits)")
      lines.append("  files         \(TimeText.count(waiting.count)) seen and not finished")
      for file in waiting.prefix(5) {
        lines.append("                \(file.name), there for \(TimeText.span(now - file.since))")
      }
    }
    lines.append("  next          \(next)")
    return lines
  }

  var json: JSONValue {
    func number(_ count: Int) -> JSONValue { .number(String(count)) }
    return [
      "job": .string(job), "state": .string(state.rawValue),
      "detail": detail.map(JSONValue.string) ?? .null,
      "lastSuccess": lastSuccess.map { .string(TimeText.utc($0)) } ?? .null,
      "pending": number(pending), "kept": number(kept),
      "filesWaiting": number(waiting.count), "createdThisMonth": number(createdThisMonth),
      "progress": progress?.json ?? .null, "next": .string(next),
    ]
  }
}
