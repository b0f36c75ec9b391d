import Core
import Disk
import HTTP

/// One run of a job of any kind: its pause, its lock, its heartbeat and its record.
struct JobRun {
  /// What the work of a run came to.
  struct Ending {
    var run: Int
    var phase: String
    var tally = Tally()
    var failure: SyncError?
    /// In place of the counts.
    var says: String?
  }

  let place: JobPlace
  let environment: EnvironmentSettings
  let command: String
  let options: WorkOptions
  let patience: Patience
  /// From a crontab: pauses and neighbours are respected.
  let isScheduled: Bool

  /// - Parameter standing: where the job stands before.
  func perform(
    from standing: Ending, _ work: (Connections) async throws(SyncError) -> Ending
  ) async -> JobResult {
    let name = place.name
    do throws(SyncError) {
      if isScheduled, let pause = try place.pause.read() {
        return .skipped(name, "PAUSED since \(TimeText.utc(pause.since)): \(pause.reason)")
      }
      let busy = options.ifBusy ?? (isScheduled ? .skip : .fail)
      switch try await RunLock.acquire(
        in: place.folder, within: busy == .wait ? remaining : .zero, clock: patience.clock)
      {
      case .acquired(let lock):
        defer { lock.release() }
        return await recorded(from: standing, work)
      case .busy(let pid):
        let who = pid.map { " (process \($0))" } ?? ""
        if busy == .skip { return .skipped(name, "RUNNING in another process\(who)") }
        throw SyncError(
          .unavailable, "run \(name)", "another run holds its lock\(who)",
          next: "campaign-sync status \(name)")
      }
    } catch {
      return failed(error, nil)
    }
  }

  private var remaining: Duration? { patience.deadline.map { max($0 - patience.clock.now, .zero) } }

  /// Runs, then writes what happened to `runs.jsonl` and to the heartbeat.
  private func recorded(
    from standing: Ending, _ work: (Connections) async throws(SyncError) -> Ending
  ) async -> JobResult {
    let began = patience.clock.now
    var ending = standing
    var traffic = Traffic()
    do throws(SyncError) {
      let connections = try Connections(environment, patience: patience)
      let heartbeat = Heartbeat(environment.heartbeat, job: place.name, connections: connections)
      await heartbeat.send(.start)
      do throws(SyncError) { ending = try await work(connections) } catch { ending.failure = error }
      traffic = await connections.meter.traffic
      await heartbeat.send(ending.failure == nil ? .success : .fail)
    } catch {
      ending.failure = error
    }
    let record = RunRecord(
      run: ending.run, command: command, began: began, ended: patience.clock.now,
      status: ending.failure?.exitStatus ?? 0, code: ending.failure?.code,
      failure: ending.failure.map { "cannot \($0.action): \($0.reason)" }, tally: ending.tally,
      requests: traffic.requests, received: traffic.received, throttled: traffic.throttled,
      phase: ending.phase, reached: nil)
    do throws(SyncError) {
      try place.records.append(record, now: record.ended)
    } catch {
      return failed(error, record)
    }
    if let failure = ending.failure { return failed(failure, record) }
    let says =
      ending.says ?? "\(record.words), \(TimeText.count(record.requests)) requests, "
      + TimeText.span(record.ended - record.began)
    return JobResult(job: place.name, outcome: .done, says: says, failure: nil, record: record)
  }

  private func failed(_ error: SyncError, _ record: RunRecord?) -> JobResult {
    JobResult(job: place.name, outcome: .failed, says: error.reason, failure: error, record: record)
  }
}
