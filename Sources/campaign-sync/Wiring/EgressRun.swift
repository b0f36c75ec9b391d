import Core
import Digests
import Jobs
import Ledger
import Logging
import SFTP
import Threads

/// One run of one egress job: its state, its far sides, its record.
struct EgressRun {
  let state: EgressJobState
  let command: String
  let goal: EgressJob.Goal
  let options: WorkOptions
  let log: Logger
  let patience: Patience
  /// Only one job draws on a terminal.
  let drawsProgress: Bool

  private var settings: EgressSettings { state.settings }

  init(
    _ settings: EgressSettings, _ workspace: Workspace, command: String, goal: EgressJob.Goal,
    options: WorkOptions, until end: Instant?, drawingProgress: Bool
  ) {
    state = EgressJobState(settings, in: workspace.environment)
    log = workspace.log
    self.command = command
    self.goal = goal
    self.options = options
    drawsProgress = drawingProgress
    patience = .ofRun(SystemClock(), until: end)
  }

  func perform() async -> JobResult {
    let run = JobRun(
      place: state.place, environment: state.environment, command: command, options: options,
      patience: patience, isScheduled: goal == .next)
    let standing = (try? state.checkpoints.load())?.state ?? EgressState()
    return await run.perform(from: EgressRun.ending(standing)) {
      connections async throws(SyncError) in
      let progress = ProgressBar(
        state.place, connections, from: Standing(doing: "events", done: 0, read: 0),
        log: log, isQuiet: !drawsProgress)
      defer { progress.end() }
      return try await work(connections, progress)
    }
  }

  private static func ending(
    _ state: EgressState, _ tally: Tally = Tally(), _ failure: SyncError? = nil
  ) -> JobRun.Ending {
    JobRun.Ending(run: state.rounds, phase: "events", tally: tally, failure: failure)
  }

  private func work(
    _ connections: Connections, _ progress: ProgressBar
  ) async throws(SyncError) -> JobRun.Ending {
    // What this machine has to have is looked at before anybody is asked anything.
    let zone = try ZoneFile.rules(settings.files.timeZone)
    guard let sftp = try connections.sftp() else { throw .noSharedFolder(settings.name) }
    let standing = try state.checkpoint(organization: nil)
    let dynamics = try connections.dynamics()
    let activities = try connections.activities(first: dynamics)
    let identity: JobIdentity
    if let standing {
      identity = standing.identity
    } else {
      identity = state.identity(organization: try await dynamics.organization().id)
    }
    let ledger = try await state.place.ledger(
      identity: identity, hasCheckpoint: standing != nil)
    let form = EventForms(state, zone, dynamics, activities)
    let job = EgressJob(
      settings: settings, goal: goal, before: standing?.state ?? EgressState(),
      ports: EgressPorts(
        export: ExportReader(
          settings.files,
          dropbox: RetryingDropbox(sftp, patience: patience, attempts: 5), ledger: ledger,
          digest: { SHA256.hex(of: $0) }, patience: patience,
          note: { [log, settings] in log.notice("\(settings.name): \($0)") }),
        activities: activities, ledger: ledger,
        form: { () async throws(SyncError) in try await form.form() }, patience: patience))
    let ports = CommitPorts<EgressState>(
      thread: ThreadExecutor(name: "commit"), checkpoints: state.checkpoints,
      spool: { [settings] _ throws(SyncError) in throw .noSpool(settings.name) }, ledger: ledger,
      limit: RejectLimit(
        job: settings.name, share: options.rejectLimit ?? settings.rejectLimit),
      clock: patience.clock, stop: patience.stop,
      watch: { commit in
        progress.show(
          commit.tally, commit.lanes,
          Standing(
            doing: "events", detail: ", \(TimeText.count(commit.tally.created)) created",
            done: 0, read: commit.tally.read))
      }, identity: identity, content: nil)
    let outcome = await run(job, through: ports)
    return EgressRun.ending(outcome.state, outcome.tally, outcome.failure)
  }
}

/// Resolves the table of a job, once, when the first event needs it.
///
/// Whether the checkpoint belongs to this organization is asked here too: before anything is written.
actor EventForms {
  private let state: EgressJobState
  private let zone: TimeZoneRules
  private let dynamics: any TableCatalog
  private let activities: any ActivitySink
  private var flight: Task<Result<EventForm, SyncError>, Never>?

  init(
    _ state: EgressJobState, _ zone: TimeZoneRules, _ dynamics: any TableCatalog,
    _ activities: any ActivitySink
  ) {
    self.state = state
    self.zone = zone
    self.dynamics = dynamics
    self.activities = activities
  }

  func form() async throws(SyncError) -> EventForm {
    if flight == nil {
      flight = Task { [state, zone, dynamics, activities] in
        do throws(SyncError) {
          let organization = try await dynamics.organization()
          _ = try state.checkpoint(organization: organization.id)
          let table = try await EventForms.table(of: state.settings, activities)
          return .success(
            EventForm(
              state.settings, campaign: state.environment.campaign.url, zone: zone, table: table,
              uuid: { uuidV5($0, $1) }))
        } catch {
          return .failure(error)
        }
      }
    }
    guard let flight else { throw .stopped }
    return try await flight.value.get()
  }

  /// - Errors: everything in the job file that the metadata does not bear out.
  static func table(
    of settings: EgressSettings, _ activities: any ActivitySink
  ) async throws(SyncError) -> ActivityTable {
    let table = try await activities.prepare(
      ActivityMapping(
        table: settings.table, columns: settings.columns, state: settings.state,
        position: SourcePosition(file: "jobs/\(settings.name).yaml", line: 1)))
    guard table.findings.isEmpty else {
      throw SyncError(
        .configuration, "use the columns of \(settings.name)",
        table.findings.map(\.description).joined(separator: "\n"),
        next: "correct the job file, then campaign-sync check \(settings.name)")
    }
    return table
  }
}

extension SyncError {
  static func noSharedFolder(_ job: String) -> SyncError {
    SyncError(
      .configuration, "run \(job)", "the environment has no `sftp:`, where the exports are",
      next: "add `sftp:` to the environment file: docs/jobs.md")
  }

  fileprivate static func noSpool(_ job: String) -> SyncError {
    SyncError(.bug, "run \(job)", "an egress job has no spool")
  }
}
