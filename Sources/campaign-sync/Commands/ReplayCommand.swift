import ArgumentParser
import Core
import Disk
import Jobs
import Ledger

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Mark a job for a full re-synchronisation at its next run.",
    discussion: """
      The next `run`, `initial` or `export` loads every row again, the way the first load went: also
      fields with `applyUpdates: false`. Rows that left the filter follow `whenFilteredOut`; rows that
      Dynamics has no more are deleted where the job applies deletions. A changed mapping is accepted.
      A table of 2,000,000 rows or more needs --large. An opt-out job reads every contact and every export
      file again; such a reading opts people out, never in.
      """)

  @Argument(help: "The job.") var name: String
  @Flag(help: "Also where the table has 2,000,000 rows or more.") var large = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Report.explaining {
      let workspace = try Workspace(common)
      if case .optOut(let settings) = try workspace.job(name) {
        return try replay(OptOutJobState(settings, in: workspace.environment))
      }
      let state = JobState(try workspace.ingress(name), in: workspace.environment)
      let lock = try lock(state.place)
      defer { lock.release() }
      let checkpoint = try state.standing(organization: nil)
      switch Replay(of: checkpoint?.state) {
      case .neverLoaded: Standard.output("\(name): never loaded; the first load comes anyway")
      case .alreadyMarked:
        try accept(checkpoint, state)
        Standard.output("\(name): marked already; campaign-sync run \(name) loads everything again")
      case .loading:
        if let changes = checkpoint.map(state.contentChanges), !changes.isEmpty {
          throw state.changedInMidLoad(changes, checkpoint?.state)
        }
        Standard.output("\(name): it is loading already; campaign-sync initial \(name) goes on")
      case .marked(let marked):
        try await requireSize(state, checkpoint?.identity)
        try accept(checkpoint, state, marked)
        Standard.output(
          "\(name): marked; campaign-sync run \(name) loads everything again")
      }
    }
  }

  private func replay(_ state: OptOutJobState) throws {
    let lock = try lock(state.place)
    defer { lock.release() }
    let isMarked = try state.replay(now: SystemClock().now)
    Standard.output(
      isMarked
        ? "\(name): marked; campaign-sync run \(name) reads every contact and every export file again; "
          + "decisions are kept"
        : "\(name): it has never run; its first run reads everything anyway")
  }

  private func lock(_ place: JobPlace) throws(SyncError) -> RunLock {
    guard case .acquired(let lock) = try RunLock.attempt(in: place.folder) else {
      throw SyncError(
        .unavailable, "replay \(name)", "a run holds its lock",
        next: "campaign-sync status \(name)")
    }
    return lock
  }

  /// The mapping of today is the one that is loaded.
  private func accept(
    _ checkpoint: Checkpoint<IngressState>?, _ state: JobState, _ marked: IngressState? = nil
  ) throws(SyncError) {
    guard var checkpoint else { return }
    checkpoint.content = state.content.text
    checkpoint.state = marked ?? checkpoint.state
    try state.checkpoints.replace(with: checkpoint)
  }

  private func requireSize(_ state: JobState, _ identity: JobIdentity?) async throws(SyncError) {
    let ledger = try SQLiteLedger.open(in: state.folder, identity: identity)
    let known = try await ledger.knownCount()
    let rows = await count(state) ?? known
    guard Replay.isTooLarge(rows, isMeant: large) else { return }
    throw SyncError(
      .configuration, "replay \(name)",
      "its table has \(TimeText.count(rows)) rows, and \(TimeText.count(Replay.rowLimit)) are the "
        + "most without --large",
      code: SyncError.usageCode, next: "campaign-sync replay \(name) --large")
  }

  /// As far as Dynamics says so in time.
  private func count(_ state: JobState) async -> Int? {
    let patience = Patience.ofRun(SystemClock(), deadline: .seconds(10))
    let connections = try? Connections(
      state.environment, patience: patience, leavesNoTrace: true)
    guard let dynamics = try? connections?.dynamics() else { return nil }
    return try? await dynamics.approximateCount(state.settings.bareTable)
  }
}
