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
    /// What is done now and was not before: "staged".
    var reached: String?
    /// In place of the counts.
    var says: String?
    /// Deletions were left to a second pass.
    var waitsToDelete = false
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
    try? place.progress.remove()  // of a run that was killed
    defer { try? place.progress.remove() }
    var traffic = Traffic()
    do throws(SyncError) {
      let connections = try Connections(environment, patience: patience)
      let heartbeat = Heartbeat(environment.heartbeat, job: place.name, connections: connections)
      await heartbeat.send(.start)
      do throws(SyncError) { ending = try await work(connections) } catch { ending.failure = error }
      traffic = await connections.meter.traffic(at: patience.clock.uptime)
      await heartbeat.send(ending.failure.map { $0.isLoading ? .success : .fail } ?? .success)
    } catch {
      ending.failure = error
    }
    // A crontab does not wait for an import, and it is no failure that one goes on.
    let isLoading = isScheduled && ending.failure?.isLoading == true
    let failure = isLoading ? nil : ending.failure
    let record = RunRecord(
      run: ending.run, command: command, began: began, ended: patience.clock.now,
      status: failure?.exitStatus ?? 0, code: failure?.code,
      failure: failure.map { "cannot \($0.action): \($0.reason)" }, tally: ending.tally,
      requests: traffic.requests, received: traffic.received, throttled: traffic.throttled,
      phase: ending.phase, reached: isLoading ? "LOADING" : ending.reached)
    do throws(SyncError) {
      try place.records.append(record, now: record.ended)
    } catch {
      return failed(error, record)
    }
    if let failure { return failed(failure, record) }
    if isLoading, let loading = ending.failure {
      return JobResult(
        job: place.name, outcome: .loading, says: loading.reason, failure: nil, record: record)
    }
    let says =
      ending.says ?? "\(record.words), \(TimeText.count(record.requests)) requests, "
      + TimeText.span(record.ended - record.began)
    return JobResult(
      job: place.name, outcome: .done, says: says, failure: nil, record: record,
      waitsToDelete: ending.waitsToDelete)
  }

  private func failed(_ error: SyncError, _ record: RunRecord?) -> JobResult {
    JobResult(job: place.name, outcome: .failed, says: error.reason, failure: error, record: record)
  }
}
