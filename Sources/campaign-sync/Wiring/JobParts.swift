import Core
import Disk
import Jobs
import Ledger
import SFTP
import Threads

/// The parts of an ingress job that need no Dynamics: staging, loading, committing.
struct JobParts {
  let settings: IngressSettings
  let environment: EnvironmentSettings
  let checkpoints: CheckpointFile<IngressState>
  let content: String
  let ledger: SQLiteLedger
  let workflow: any ImportWorkflow
  let dropbox: (any Dropbox)?
  let spool: @Sendable (_ run: Int) throws(SyncError) -> any Spool
  let signalGate: any Gate
  let patience: Patience
  let rejectLimit: Double
  let progress: ProgressBar

  init(
    _ run: IngressRun, _ connections: Connections, _ sftp: SFTPDropbox?, ledger: SQLiteLedger,
    workflow: any ImportWorkflow, progress: ProgressBar
  ) throws(SyncError) {
    let state = run.state
    settings = state.settings
    environment = state.environment
    checkpoints = state.checkpoints
    content = state.content.text
    self.ledger = ledger
    self.workflow = workflow
    dropbox = sftp.map { RetryingDropbox($0, patience: run.patience, attempts: 5) }
    spool = state.spool
    signalGate = try connections.gate("workflow-" + (state.settings.load?.workflow ?? "none"))
    patience = run.patience
    rejectLimit = run.options.rejectLimit ?? state.settings.rejectLimit
    self.progress = progress
  }

  var staging: StageJob {
    StageJob(
      name: settings.name, dropbox: dropbox, spool: spool,
      uploads: environment.sftp?.concurrency ?? 1)
  }

  func loading(_ goal: LoadJob.Goal) -> LoadJob {
    LoadJob(
      settings: settings, goal: goal, workflow: workflow, dropbox: dropbox, spool: spool,
      ledger: ledger, signalGate: signalGate, signalInterval: environment.campaign.signalInterval,
      patience: patience)
  }

  func commit(_ identity: JobIdentity) -> CommitPorts<IngressState> {
    CommitPorts(
      thread: ThreadExecutor(name: "commit"), checkpoints: checkpoints, spool: spool,
      ledger: ledger, limit: RejectLimit(job: settings.name, share: rejectLimit),
      clock: patience.clock, stop: stop, watch: { [progress] in progress.show($0) },
      identity: identity, content: content)
  }

  private var stop: @Sendable () -> Bool { patience.stop }
}
