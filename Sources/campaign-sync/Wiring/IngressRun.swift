import Campaign
import Core
import Dataverse
import Digests
import Jobs
import Ledger
import Logging
import SFTP
import Threads

/// One run of one ingress job: its lock, its state, its far sides, its record.
struct IngressRun {
  enum Goal: Equatable {
    case job(IngressJob.Goal)
    /// Spool -> SFTP; needs no Dynamics.
    case stage
    /// The operator's word; needs neither side.
    case confirm
  }

  let state: JobState
  let command: String
  let goal: Goal
  let options: WorkOptions
  /// `--keep-position`.
  let keepsPosition: Bool
  let log: Logger
  let patience: Patience
  /// Deletions are left to a second pass, when all jobs have brought their rows.
  let leavesDeletes: Bool
  let environment: EnvironmentSettings

  var settings: IngressSettings { state.settings }
  var name: String { settings.name }

  init(
    _ settings: IngressSettings, _ workspace: Workspace, command: String, goal: Goal,
    options: WorkOptions, keepingPosition: Bool = false, until end: Instant?,
    leavesDeletes: Bool = false
  ) {
    keepsPosition = keepingPosition
    state = JobState(
      settings, in: workspace.environment, parents: workspace.folder.parents(of: settings))
    self.leavesDeletes = leavesDeletes
    environment = workspace.environment
    log = workspace.log
    self.command = command
    self.goal = goal
    self.options = options
    patience = .ofRun(SystemClock(), until: end)
  }

  func perform() async -> JobResult {
    let run = JobRun(
      place: state.place, environment: environment, command: command, options: options,
      patience: patience, isScheduled: isScheduled)
    // Unreadable, it stops the work below, which says so.
    let before = (try? state.checkpoints.load())?.state ?? IngressState()
    return await run.perform(from: ending(RunOutcome(state: before), since: before)) {
      connections async throws(SyncError) in
      let progress = ProgressBar(
        state.place, connections, from: Standing(before), log: log)
      defer { progress.end() }
      let (outcome, idle) = try await work(connections, progress)
      var ending = ending(outcome, since: before)
      ending.says = idle
      return ending
    }
  }

  /// From a crontab: pauses and neighbours are respected, imports are not waited for.
  private var isScheduled: Bool { goal == .job(.next) || goal == .job(.deletes) }

  private func ending(
    _ outcome: RunOutcome<IngressState>, since before: IngressState
  ) -> JobRun.Ending {
    JobRun.Ending(
      run: outcome.state.run, phase: outcome.state.phase.rawValue, tally: outcome.tally,
      failure: outcome.failure, reached: outcome.state.reached(since: before),
      waitsToDelete: leavesDeletes && settings.deletes.apply
        && outcome.state.delta.collected != nil)
  }
}

extension IngressRun {
  /// - Returns: what the runner came to, and a sentence where there was nothing to run at all.
  private func work(
    _ connections: Connections, _ progress: ProgressBar
  ) async throws(SyncError) -> (RunOutcome<IngressState>, String?) {
    if keepsPosition { try await keepPosition(connections) }
    if case .job = goal { try await takeOverOptOuts(connections) }
    let standing = try state.checkpoint(organization: nil)
    if let idle = try idle(standing?.state) {
      return (RunOutcome(state: standing?.state ?? IngressState()), idle)
    }
    warnOfExpiry(standing?.state.loadToken)
    switch goal {
    case .job(let goal): return (try await ingress(goal, standing, connections, progress), nil)
    case .stage, .confirm:
      guard let standing else { throw .nothingExported(name) }
      let ledger = try await state.place.ledger(identity: standing.identity, hasCheckpoint: true)
      let parts = try JobParts(
        self, connections, try connections.sftp(), ledger: ledger,
        workflow: try connections.campaign(), progress: progress)
      let commit = parts.commit(standing.identity)
      if goal == .stage { return (await run(parts.staging, through: commit), nil) }
      return (await run(parts.loading(.confirm), through: commit), nil)
    }
  }

  /// A load that takes too long is no failure; who knows in time can hurry its import.
  private func warnOfExpiry(_ token: DeltaToken?) {
    guard let token, let expiry = token.expiry, token.isPastHalf(at: patience.clock.now) else {
      return
    }
    let ends = patience.clock.now < expiry ? "it ends" : "it ended"
    let words =
      "more than half of the life of this load's token is over: \(ends) \(TimeText.utc(expiry)), and "
      + "a load that is not done by then is followed by a recovery, which compares every row"
    log.warning("\(name): \(words)")
  }

  private func ingress(
    _ goal: IngressJob.Goal, _ standing: Checkpoint<IngressState>?, _ connections: Connections,
    _ progress: ProgressBar
  ) async throws(SyncError) -> RunOutcome<IngressState> {
    // What this machine has to have is looked at before anybody is asked anything.
    let sftp = needsSFTP(standing?.state) ? try connections.sftp() : nil
    let dynamics = try connections.dynamics()
    let campaign = try connections.campaign()
    let target = IngressTargets(state, dynamics, campaign)
    let identity: JobIdentity
    if let standing {
      identity = standing.identity
    } else {
      _ = try await state.place.orphanedLedger()
      identity = state.identity(organization: try await dynamics.organization().id)
    }
    let ledger = try await state.place.ledger(identity: identity, hasCheckpoint: standing != nil)
    let parents = try state.parentLedgers()
    let digests = RowDigester(key: ledger.digestKey)
    let parts = try JobParts(
      self, connections, sftp, ledger: ledger, workflow: campaign, progress: progress)
    let job = IngressJob(
      settings: settings, goal: goal, before: standing?.state.delta ?? DeltaSlot(),
      leavesDeletes: leavesDeletes,
      target: { () async throws(SyncError) in try await target.target() },
      ports: IngressPorts(
        source: dynamics, spool: parts.spool, ledger: ledger, digest: { digests.digest($0) },
        clock: patience.clock, writes: environment.campaign.concurrency,
        reads: environment.dynamics.concurrency,
        readsWholeOrganization: { [settings] () async throws(SyncError) in
          try await dynamics.readsWholeOrganization(settings.bareTable)
        },
        parents: parents,
        requireParents: { [state] need throws(SyncError) in try state.requireParents(need) },
        approvedDeletes: options.approveDeletes,
        baseline: try baseline(dynamics, connections),
        note: { [log, settings] in log.notice("\(settings.name): \($0)") }),
      staging: parts.staging, loading: parts.loading(goal == .next ? .look : .wait))
    expect(progress, standing?.state, dynamics)
    let outcome = await run(job, through: parts.commit(identity))
    progress.end()
    let drift = await target.labelDrift(from: outcome.state.labels)
    if !drift.isEmpty { log.warning("\(LabelDrift.sentence(drift, job: name))") }
    return outcome
  }

  private func baseline(
    _ dynamics: DataverseClient, _ connections: Connections
  ) throws(SyncError) -> Baseline {
    Baseline(
      threshold: environment.dynamics.partitionFrom,
      expected: { [settings] () async throws(SyncError) in
        try await dynamics.approximateCount(settings.bareTable)
      }, readers: try connections.readers(first: dynamics))
  }

  /// Records that the work in hand is about, as far as Dynamics says.
  private func expect(
    _ progress: ProgressBar, _ standing: IngressState?, _ dynamics: DataverseClient
  ) {
    if let standing, let link = standing.delta.token?.link, let query = standing.query,
      standing.phase == .loaded, standing.recovery == nil
    {
      progress.expect(isOfTable: false) { try? await dynamics.pendingChanges(query, from: link) }
    } else {
      progress.expect(isOfTable: true) { [settings] in
        try? await dynamics.approximateCount(settings.bareTable)
      }
    }
  }

  /// False for what never comes to the shared folder: its key may be missing then.
  private func needsSFTP(_ standing: IngressState?) -> Bool {
    let chainsByFile = settings.delta == .file || standing?.collect != nil
    return switch goal {
    case .job(.export), .job(.only), .job(.retry), .job(.deletes): false
    case .job(.delta): chainsByFile
    case .job(.initial), .job(.next):
      chainsByFile || (settings.initial == .file && standing?.phase != .loaded)
    case .stage, .confirm: true
    }
  }

  /// Why there is nothing to run; nil where there is.
  private func idle(_ standing: IngressState?) throws(SyncError) -> String? {
    let phase = standing?.phase ?? .exporting
    switch goal {
    case .job(.export):
      guard let standing, phase != .exporting, phase != .sealing else { return nil }
      return "already exported: \(TimeText.count(standing.export.writtenRows)) rows in "
        + "\(standing.stage.sealed.count) parts"
    case .job(.initial):
      guard let standing, phase == .loaded, standing.delta.rounds > 0,
        standing.recovery == nil, standing.absence == nil, options.approveDeletes == nil
      else { return nil }
      return "already loaded; `campaign-sync delta \(name)` brings the changes"
    case .job(.delta):
      if standing?.collect != nil { return nil }
      if phase == .loading { throw .loadBarrier(name) }
      if phase != .loaded { throw .notLoaded(name) }
      return nil
    case .job(.only), .job(.retry):
      if standing?.collect != nil { throw .chainBarrier(name) }
      if phase == .loading { throw .loadBarrier(name) }
      if phase != .loaded { throw .notLoaded(name) }
      return nil
    case .job(.next): return nil
    case .job(.deletes): return phase == .loaded ? nil : "nothing to delete"
    case .stage:
      if phase == .exporting || phase == .sealing { throw .nothingExported(name) }
      return phase == .staging ? nil : "already staged"
    case .confirm:
      if phase == .loaded { return "already loaded" }
      if phase != .loading { throw .notLoaded(name) }
      return nil
    }
  }
}

extension IngressSettings {
  /// The table by its name alone: enough to be asked for counts and privileges.
  var bareTable: TableSchema {
    TableSchema(
      logicalName: table, entitySet: "", primaryId: "", isChangeTracked: true, columns: [])
  }
}

extension IngressState {
  /// What is done now and was not when the run began.
  fileprivate func reached(since before: IngressState) -> String? {
    if phase == before.phase, before.phase == .loaded {
      if let recovery { return "RECOVERING, \(recovery.reason.words)" }
      return scans == before.scans && before.recovery == nil ? nil : "recovered"
    }
    return phase == before.phase && run == before.run ? nil : phase.reached
  }
}

extension RecoverySlot.Reason {
  /// Why all rows are read, for a person.
  var words: String {
    switch self {
    case .tokenExpired: "the delta token had expired"
    case .tokenRefused: "Dynamics refused the delta token"
    case .adopted: "the position was adopted"
    case .ledgerLost: "the ledger was lost, or that of a parent job"
    case .narrowRole: "the last scan did not reach every row"
    }
  }
}

extension IngressState.Phase {
  /// What is done when a job comes here.
  fileprivate var reached: String? {
    switch self {
    case .exporting, .sealing: nil
    case .staging: "exported"
    case .loading: "staged"
    case .loaded: "loaded"
    }
  }
}

extension SyncError {
  fileprivate static func nothingExported(_ job: String) -> SyncError {
    SyncError(
      .configuration, "stage \(job)", "its export is not complete",
      next: "campaign-sync export \(job)")
  }

  fileprivate static func notLoaded(_ job: String) -> SyncError {
    SyncError(
      .configuration, "follow the changes of \(job)", "it is not loaded yet",
      next: "campaign-sync initial \(job)")
  }

  /// One record by API could be overwritten by an older one of the files.
  fileprivate static func chainBarrier(_ job: String) -> SyncError {
    SyncError(
      .unavailable, "write single records of \(job)",
      "changes of the job are on their way by file, and their import is not proven yet",
      next: "campaign-sync delta \(job), which waits for the proof, then this again")
  }

  fileprivate static func loadBarrier(_ job: String) -> SyncError {
    SyncError(
      .unavailable, "follow the changes of \(job)",
      "LOADING: no delta writes to Campaign before the import is proven",
      next: "campaign-sync initial \(job), or confirm \(job) when the import has finished")
  }
}
