import Core
import Disk
import Jobs
import Ledger

/// Where an opt-out job stands; no network is needed.
struct OptOutStatus: StatusReport {
  var job: String
  var direction: OptOutSettings.Direction
  var state: JobStatus.State
  var detail: String?
  var now: Instant
  var lastSuccess: Instant?
  /// Contacts with something to decide.
  var due = 0
  /// Contacts whose decision could not be carried out.
  var pending = 0
  /// Files that were listed and are not read to their end.
  var waiting: [WaitingFile] = []
  var token: DeltaToken?
  var optedOutThisMonth = 0
  var optedInThisMonth = 0
  var engineCallsThisMonth = 0
  /// Of a run that goes on.
  var progress: RunProgress?
  var next: String

  static func read(
    _ settings: OptOutSettings, _ environment: EnvironmentSettings
  ) async throws(SyncError) -> OptOutStatus {
    let job = OptOutJobState(settings, in: environment)
    let checkpoint = try job.checkpoints.load()
    let records = try job.place.records.last(10_000)
    let now = SystemClock().now
    var status = OptOutStatus(
      job: settings.name, direction: settings.direction,
      state: checkpoint == nil && settings.readsCampaign ? .neverRun : .idle, now: now,
      lastSuccess: records.last { $0.status == 0 }?.ended,
      waiting: checkpoint?.state.waiting ?? [], token: checkpoint?.state.changes.token,
      next: "campaign-sync run \(settings.name)")
    let month = TimeText.month(now)
    for tally in records.filter({ TimeText.month($0.began) == month }).map(\.tally) {
      status.optedOutThisMonth += tally.optedOut
      status.optedInThisMonth += tally.optedIn
      status.engineCallsThisMonth += tally.engineCalls
    }
    if checkpoint != nil, SQLiteLedger.exists(in: job.place.folder) {
      let ledger = try SQLiteLedger.open(in: job.place.folder)
      status.due = try await ledger.dueCount()
      status.pending = try await ledger.pendingCount()
    }
    guard settings.readsCampaign else {
      (status.detail, status.next) = (settings.idleWords, "nothing")
      return status
    }
    (status.state, status.detail, status.next) = try job.place.judgement(
      else: (status.state, nil, status.next), records.last)
    status.progress = try job.place.liveProgress()
    return status
  }

  /// A job that has nothing to do is never late.
  func isLate(_ age: Duration) -> Bool {
    guard direction == .campaignToDynamics || direction == .bidirectional else { return false }
    if state == .failed { return true }
    guard let lastSuccess else { return true }
    return state != .paused && now - lastSuccess > age
  }

  var lines: [String] {
    var lines = [
      "\(job): \(state.rawValue)\(detail.map { " \($0)" } ?? "")",
      "  direction     \(direction.rawValue)",
    ]
    if let lastSuccess {
      let age = TimeText.span(now - lastSuccess)
      lines.append("  last success  \(age) ago, \(TimeText.utc(lastSuccess))")
    }
    if lastSuccess != nil || due > 0 {
      lines.append(
        "  this month    \(TimeText.count(optedOutThisMonth)) opted out, "
          + "\(TimeText.count(optedInThisMonth)) opted in, "
          + "\(TimeText.count(engineCallsThisMonth)) engine calls")
      lines.append("  due           \(TimeText.count(due)) contacts to be decided about")
      lines.append("  pending       \(TimeText.count(pending)) contacts")
      lines.append("  files         \(TimeText.count(waiting.count)) seen and not finished")
    }
    if let progress { lines += progress.lines }
    if let token {
      lines.append(
        "  token         \(TimeText.span(now - token.taken)) old"
          + (token.expiry.map { ", \(TimeText.span($0 - now)) left" } ?? ""))
    }
    lines.append("  next          \(next)")
    return lines
  }

  var json: JSONValue {
    func number(_ count: Int) -> JSONValue { .number(String(count)) }
    return [
      "job": .string(job), "state": .string(state.rawValue),
      "detail": detail.map(JSONValue.string) ?? .null, "direction": .string(direction.rawValue),
      "lastSuccess": lastSuccess.map { .string(TimeText.utc($0)) } ?? .null,
      "due": number(due), "pending": number(pending), "filesWaiting": number(waiting.count),
      "optedOutThisMonth": number(optedOutThisMonth), "optedInThisMonth": number(optedInThisMonth),
      "engineCallsThisMonth": number(engineCallsThisMonth),
      "tokenTaken": token.map { .string(TimeText.utc($0.taken)) } ?? .null,
      "tokenExpires": token?.expiry.map { .string(TimeText.utc($0)) } ?? .null,
      "progress": progress?.json ?? .null, "next": .string(next),
    ]
  }
}
