import Core
import Disk
import Jobs
import Ledger

/// What an operator wants to know of a job at three in the morning.
struct JobStatus {
  enum State: String {
    case idle = "IDLE"
    case running = "RUNNING"
    case loading = "LOADING"
    case recovering = "RECOVERING"
    case paused = "PAUSED"
    case failed = "FAILED"
    case neverRun = "NEVER RUN"
  }

  var job: String
  var state: State
  var detail: String?
  var now: Instant
  var phase: String?
  var lastSuccess: Instant?
  var pending = 0
  /// Of those pending, how many wait for a parent.
  var held = 0
  /// Deletions that the ledger keeps: held back by the guard, or not applied yet.
  var deletions = 0
  var known = 0
  var backlog: Int?
  var token: DeltaToken?
  var engineCallsThisMonth = 0
  var engineCallsSavedThisMonth = 0
  /// Records a second of deltas that wrote; nil where none says enough for a forecast.
  var rate: Double?
  /// Why every row is read, or what is looked for.
  var recovery: String?
  /// Why the table is read row after row, though it is large.
  var strict: String?
  /// Of a run that goes on.
  var progress: RunProgress?
  var next: String

  /// - Parameter asking: false leaves Dynamics alone; a failure there only hides the backlog.
  static func read(
    _ settings: IngressSettings, _ environment: EnvironmentSettings, asking: Bool
  ) async throws(SyncError) -> JobStatus {
    let job = JobState(settings, in: environment)
    let clock = SystemClock()
    let checkpoint = try job.checkpoints.load()
    let records = try job.place.records.last(10_000)
    var status = JobStatus(
      job: settings.name, state: .neverRun, now: clock.now,
      next: "campaign-sync initial \(settings.name)")
    status.phase = checkpoint?.state.phase.rawValue
    status.token = checkpoint?.state.delta.token
    status.recovery = checkpoint?.state.recoveryWords
    status.strict = checkpoint?.state.export.strict?.words
    status.lastSuccess = records.last { $0.status == 0 }?.ended
    status.count(records)
    if checkpoint != nil, SQLiteLedger.exists(in: job.folder) {
      let ledger = try SQLiteLedger.open(in: job.folder)
      status.pending = try await ledger.pendingCount()
      status.held = try await ledger.heldCount()
      status.known = try await ledger.knownCount()
      let deletions = try await ledger.deletionCounts(since: clock.now)
      status.deletions = deletions.waiting + deletions.released
    }
    if asking, let token = status.token, checkpoint?.state.recovery == nil {
      status.backlog = await backlog(token, settings, environment)
    }
    // That of a load by ranges, whose rows are still being read: nobody asks what waits behind it.
    status.token = status.token ?? checkpoint?.state.loadToken
    try status.judge(job, checkpoint?.state, records.last)
    return status
  }

  private mutating func count(_ records: [RunRecord]) {
    let month = TimeText.month(now)
    for record in records where TimeText.month(record.began) == month {
      engineCallsThisMonth += record.tally.engineCalls
      engineCallsSavedThisMonth += record.tally.engineCallsSaved
    }
    // The largest one: what a small one took is the time of its start. A load tells nothing, it writes
    // no record by itself.
    let deltas = records.suffix(1000).filter(\.isDelta).suffix(20)
    rate = deltas.max { $0.tally.read < $1.tally.read }.map {
      Double($0.tally.read) * 1000 / Double($0.ended.milliseconds - $0.began.milliseconds)
    }
  }

  private mutating func judge(
    _ job: JobState, _ standing: IngressState?, _ last: RunRecord?
  ) throws(SyncError) {
    let name = job.settings.name
    if try RunLock.isHeld(in: job.folder) {
      (state, next) = (.running, "wait, or look again")
      progress = try job.place.liveProgress()
    } else if let pause = try job.place.pause.read() {
      (state, detail) = (.paused, "since \(TimeText.utc(pause.since)): \(pause.reason)")
      next = "campaign-sync resume \(name)"
    } else if let last, last.status != 0 {
      (state, detail) = (.failed, "exit \(last.status): \(last.failure ?? "")")
      next = "campaign-sync \(last.command == "pending" ? "run" : last.command) \(name)"
      if last.status == 65, deletions > 0 {
        next =
          "if the deletions are meant, campaign-sync run \(name) --approve-deletes \(deletions)"
      }
    } else if standing?.phase == .loading {
      let waits = standing?.collect == nil ? "initial" : "delta"
      (state, next) = (.loading, "campaign-sync \(waits) \(name) waits for the proof")
    } else if let recovery, let standing, !standing.isMarkedForReplay {
      (state, detail) = (.recovering, recovery)
      next = "campaign-sync run \(name)"
    } else if let standing {
      (state, detail) = (.idle, recovery)
      let isLoad = standing.phase != .loaded && standing.collect == nil
      next = "campaign-sync \(isLoad ? "initial" : "run") \(name)"
    }
  }

  /// Changes that wait behind the token; nil where Dynamics does not say so in time.
  private static func backlog(
    _ token: DeltaToken, _ settings: IngressSettings, _ environment: EnvironmentSettings
  ) async -> Int? {
    let patience = Patience.ofRun(SystemClock(), deadline: .seconds(5))
    guard let connections = try? Connections(environment, patience: patience),
      let dynamics = try? connections.dynamics(),
      let table = try? await dynamics.table(settings.table)
    else { return nil }
    let query = TableQuery(entitySet: table.entitySet, columns: [table.primaryId])
    return try? await dynamics.pendingChanges(query, from: token.link)
  }

  /// True where a monitor should wake somebody.
  func isLate(_ age: Duration) -> Bool {
    if state == .failed { return true }
    guard let lastSuccess else { return true }
    return state != .paused && now - lastSuccess > age
  }
}

extension JobStatus {
  private var forecast: Duration? {
    guard let backlog, backlog > 0, let rate, rate > 0 else { return nil }
    return .seconds(Double(backlog) / rate)
  }

  var lines: [String] {
    var lines = ["\(job): \(state.rawValue)\(detail.map { " \($0)" } ?? "")"]
    if let lastSuccess {
      let age = TimeText.span(now - lastSuccess)
      lines.append("  last success  \(age) ago, \(TimeText.utc(lastSuccess))")
    }
    if let progress { lines += progress.lines }
    if let strict { lines.append("  read          in one piece, row after row: \(strict)") }
    if state != .neverRun {
      lines.append("  known         \(TimeText.count(known)) rows in Campaign")
      let forecast = forecast.map { ", about \(TimeText.span($0)) of work" } ?? ""
      lines.append(
        "  backlog       "
          + (backlog.map { "\(TimeText.count($0)) changes\(forecast)" }
            ?? "unknown (Dynamics was not asked, or did not say)"))
      let waits = held > 0 ? ", \(TimeText.count(held)) of them wait for a parent" : ""
      lines.append("  pending       \(TimeText.count(pending)) records\(waits)")
      if deletions > 0 {
        lines.append("  deletions     \(TimeText.count(deletions)) wait to be made in Campaign")
      }
      if let recovery, detail != recovery { lines.append("  recovery      \(recovery)") }
      lines.append("  token         \(tokenWords)")
      lines.append(
        "  engine calls  \(TimeText.count(engineCallsThisMonth)) this month, "
          + "\(TimeText.count(engineCallsSavedThisMonth)) saved")
    }
    lines.append("  next          \(next)")
    return lines
  }

  private var tokenWords: String {
    guard let token else { return "none yet" }
    let age = TimeText.span(now - token.taken)
    guard let expiry = token.expiry else { return "\(age) old" }
    return "\(age) old, expires in \(TimeText.span(expiry - now))"
  }

  var json: JSONValue {
    func number(_ count: Int?) -> JSONValue { count.map { .number(String($0)) } ?? .null }
    func time(_ instant: Instant?) -> JSONValue {
      instant.map { .string(TimeText.utc($0)) } ?? .null
    }
    return [
      "job": .string(job), "state": .string(state.rawValue),
      "detail": detail.map(JSONValue.string) ?? .null,
      "phase": phase.map(JSONValue.string) ?? .null, "lastSuccess": time(lastSuccess),
      "known": number(known), "backlog": number(backlog),
      "forecastSeconds": number(forecast.map { Int($0.components.seconds) }),
      "pending": number(pending), "held": number(held), "deletionsWaiting": number(deletions),
      "recovery": recovery.map(JSONValue.string) ?? .null,
      "strict": strict.map(JSONValue.string) ?? .null,
      "progress": progress?.json ?? .null, "tokenTaken": time(token?.taken),
      "tokenExpires": time(token?.expiry), "engineCallsThisMonth": number(engineCallsThisMonth),
      "engineCallsSavedThisMonth": number(engineCallsSavedThisMonth), "next": .string(next),
    ]
  }
}
