import Core
import Digests
import Jobs
import Ledger
import Logging
import SFTP
import Threads

/// One run of an opt-out job: its state, its far sides, its record.
struct OptOutRun {
  let state: OptOutJobState
  let command: String
  let goal: OptOutJob.Goal
  let options: WorkOptions
  let log: Logger
  let patience: Patience
  let profiles: ProfileKey
  let keepsPosition: Bool

  private var settings: OptOutSettings { state.settings }

  init(
    _ settings: OptOutSettings, _ workspace: Workspace, command: String, goal: OptOutJob.Goal,
    options: WorkOptions, keepingPosition: Bool = false, until end: Instant?
  ) {
    state = OptOutJobState(settings, in: workspace.environment)
    log = workspace.log
    profiles = ProfileKey(workspace.profileJob)
    self.command = command
    self.goal = goal
    self.options = options
    keepsPosition = keepingPosition
    patience = .ofRun(SystemClock(), until: end)
  }

  func perform() async -> JobResult {
    if let idle = settings.idleWords {
      return JobResult(job: settings.name, outcome: .done, says: idle)
    }
    let run = JobRun(
      place: state.place, environment: state.environment, command: command, options: options,
      patience: patience, isScheduled: goal == .next)
    let standing = (try? state.checkpoints.load())?.state ?? OptOutState()
    return await run.perform(from: OptOutRun.ending(standing)) {
      connections async throws(SyncError) in
      let progress = ProgressBar(
        state.place, connections, from: Standing(doing: "opt-outs", done: 0, read: 0), log: log)
      defer { progress.end() }
      return try await work(connections, progress)
    }
  }

  private static func ending(
    _ state: OptOutState, _ tally: Tally = Tally(), _ failure: SyncError? = nil
  ) -> JobRun.Ending {
    JobRun.Ending(run: state.rounds, phase: "opt-outs", tally: tally, failure: failure)
  }

  private func work(
    _ connections: Connections, _ progress: ProgressBar
  ) async throws(SyncError) -> JobRun.Ending {
    // What this machine has to have is looked at before anybody is asked anything.
    guard let files = settings.files else { throw .noSharedFolder(settings.name) }
    let zone = try ZoneFile.rules(files.timeZone)
    guard let sftp = try connections.sftp() else { throw .noSharedFolder(settings.name) }
    if keepsPosition { try state.keepPosition() }
    let standing = try state.checkpoint(organization: nil)
    try state.checkContent(standing)
    let dynamics = try connections.dynamics()
    let identity: JobIdentity
    if let standing {
      identity = standing.identity
    } else {
      identity = state.identity(organization: try await dynamics.organization().id)
    }
    let ledger = try await state.place.ledger(
      identity: identity, hasCheckpoint: standing != nil)
    let target = OptOutTargets(state, profiles, dynamics, try connections.campaign())
    let limit = RejectLimit(
      job: settings.name, share: options.rejectLimit ?? settings.rejectLimit)
    var ports = OptOutPorts(
      export: ExportReader(
        files, dropbox: RetryingDropbox(sftp, patience: patience, attempts: 5),
        ledger: ledger, digest: { SHA256.hex(of: $0) }, patience: patience,
        note: { [log, settings] in log.notice("\(settings.name): \($0)") }),
      source: dynamics, contacts: try connections.consents(first: dynamics), ledger: ledger,
      target: { () async throws(SyncError) in try await target.target() }, zone: zone,
      patience: patience, limit: limit)
    ports.profilesAtOnce = state.environment.campaign.concurrency
    let job = OptOutJob(
      settings: settings, goal: goal, before: standing?.state ?? OptOutState(), ports: ports)
    let commit = CommitPorts<OptOutState>(
      thread: ThreadExecutor(name: "commit"), checkpoints: state.checkpoints,
      spool: { [settings] _ throws(SyncError) in
        throw SyncError(.bug, "run \(settings.name)", "an opt-out job has no spool")
      },
      ledger: ledger,
      limit: limit,
      clock: patience.clock, stop: patience.stop,
      watch: { commit in
        progress.show(
          commit.tally, commit.lanes,
          Standing(doing: "opt-outs", done: 0, read: commit.tally.read))
      }, identity: identity,
      content: state.content.text)
    let outcome = await run(job, through: commit)
    return OptOutRun.ending(outcome.state, outcome.tally, outcome.failure)
  }
}

extension OptOutSettings {
  /// Why there is nothing to run; nil where there is.
  var idleWords: String? {
    switch direction {
    case .disabled: "disabled: this job moves no opt-out in either direction"
    case .dynamicsToCampaign: "opt-outs go to Campaign with the ingress job of contact"
    case .campaignToDynamics, .bidirectional: nil
    }
  }
}
