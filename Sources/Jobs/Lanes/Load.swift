import Core

/// The load barrier: signal the import workflow, then wait for the proof that it finished.
package struct LoadJob: Job {
  package enum Goal: Sendable, Equatable {
    /// Waits for the proof until `import.timeout`.
    case wait
    /// Says LOADING and leaves.
    case look
    /// The operator's word is the proof.
    case confirm
  }

  package let settings: IngressSettings
  package let goal: Goal
  package let workflow: any ImportWorkflow
  package let dropbox: (any Dropbox)?
  package let spool: @Sendable (_ run: Int) throws(SyncError) -> any Spool
  package let ledger: any Ledger
  /// Keeps the signals of one workflow apart, over all jobs and processes.
  package let signalGate: any Gate
  package let signalInterval: Duration
  package let patience: Patience

  package init(
    settings: IngressSettings, goal: Goal, workflow: any ImportWorkflow,
    dropbox: (any Dropbox)?, spool: @escaping @Sendable (_ run: Int) throws(SyncError) -> any Spool,
    ledger: any Ledger, signalGate: any Gate, signalInterval: Duration, patience: Patience
  ) {
    self.settings = settings
    self.goal = goal
    self.workflow = workflow
    self.dropbox = dropbox
    self.spool = spool
    self.ledger = ledger
    self.signalGate = signalGate
    self.signalInterval = signalInterval
    self.patience = patience
  }

  private var clock: any Clock { patience.clock }

  package var name: String { settings.name }
  package var start: IngressState { IngressState() }

  package func lanes(in state: IngressState) -> [Lane<IngressState>] {
    state.phase == .loading ? [lane(state)] : []
  }

  /// Safe points: each intent before its request, then its answer.
  private func lane(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "import") { [self] emit throws(SyncError) in
      var slot = state.load
      let proof = try await proof(state, &slot, emit)
      slot.proof = proof
      var entries = try await readRejects(run: state.run, isLoad: state.collect == nil)
      entries.append(.stagedArrived)
      try spool(state.run).remove()
      try await emit(
        Advance(settle: Settlement(entries: entries), now: true) { [slot] in
          $0.load = slot
          $0.collect = nil
          $0.phase = .loaded
        })
      await tidy(run: state.run)
    }
  }

  private func proof(
    _ state: IngressState, _ slot: inout LoadSlot, _ emit: Emit<IngressState>
  ) async throws(SyncError) -> LoadSlot.Proof {
    if state.stage.sealed.isEmpty { return .nothingToLoad }
    if goal == .confirm { return .confirmed }
    guard let load = settings.load else { throw missingImport }
    let began = clock.now
    while true {
      if slot.intended != nil, let proof = try await findProof(load, state, &slot, emit) {
        return proof
      }
      if slot.signalled == nil {
        try await signal(load, state, &slot, emit)
      }
      if goal == .look {
        throw .loading(name, workflow: load.workflow, command: state.waitingCommand)
      }
      if clock.now - max(began, slot.signalled ?? began) >= load.timeout {
        throw .importNotProven(name, workflow: load.workflow, command: state.waitingCommand)
      }
      try await patience.sleep(until: clock.now + .seconds(2))
    }
  }

  /// Looks for the done file, then for what the workflow says of itself.
  private func findProof(
    _ load: IngressSettings.Import, _ state: IngressState, _ slot: inout LoadSlot,
    _ emit: Emit<IngressState>
  ) async throws(SyncError) -> LoadSlot.Proof? {
    if let done = load.done, let dropbox {
      if try await dropbox.stat(fill(done, run: state.run)) != nil { return .doneFile }
    }
    guard slot.signalled != nil else { return nil }
    let status = try await workflow.describe(workflow: load.workflow, signal: load.signal).status
    switch status {
    case .error:
      slot.failed = clock.now
      try await emit(Advance(now: true) { [slot] in $0.load = slot })
      throw .importFailed(name, workflow: load.workflow, command: state.waitingCommand)
    case .finished where load.done == nil: return .workflow
    default: break
    }
    if slot.failed != nil { try await goOn(state, &slot, emit) }
    return nil
  }

  /// The workflow runs again after an error: it waits for a signal, unless it took all files.
  private func goOn(
    _ state: IngressState, _ slot: inout LoadSlot, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    slot.failed = nil
    if try await takenFiles(state) < state.stage.sealed.count {
      slot.intended = nil
      slot.signalled = nil
    }
    try await emit(Advance(now: true) { [slot] in $0.load = slot })
  }

  /// Signals once, unless an earlier signal may already have been taken.
  private func signal(
    _ load: IngressSettings.Import, _ state: IngressState, _ slot: inout LoadSlot,
    _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    if let intended = slot.intended, try await takenFiles(state) > 0 {
      slot.signalled = intended
      return try await emit(Advance(now: true) { [slot] in $0.load = slot })
    }
    let own = slot.intended.map { $0 + signalInterval }
    let shared = try await signalGate.notBefore()
    if let notBefore = [own, shared].compactMap({ $0 }).max(), notBefore > clock.now { return }
    // A proof from an earlier life of this run number would prove nothing. Once a signal may have
    // been taken, a done file is its own.
    if slot.intended == nil, let done = load.done {
      try await dropbox?.remove(fill(done, run: state.run))
    }
    slot.intended = clock.now
    try await emit(Advance(now: true) { [slot] in $0.load = slot })
    let outcome = try await workflow.trigger(
      workflow: load.workflow, signal: load.signal,
      source: RunName(job: name, run: state.run).description,
      parameters: load.parameters.mapValues { fill($0, run: state.run) })
    let interval = outcome == .notNow ? min(.seconds(60), signalInterval) : signalInterval
    switch outcome {
    case .triggered: slot.signalled = clock.now
    case .notNow, .refused: slot.intended = nil
    case .unknown: break  // the intent stands: the next turn looks before it signals again
    }
    try await emit(Advance(now: true) { [slot] in $0.load = slot })
    if case .refused(let code) = outcome { throw .signalRefused(name, load.signal, code: code) }
    try await signalGate.close(until: clock.now + interval)
  }

  /// The import deletes what it has read: a part that is gone was taken.
  private func takenFiles(_ state: IngressState) async throws(SyncError) -> Int {
    guard let dropbox else { return 0 }
    var taken = 0
    for part in state.stage.sealed where try await dropbox.stat(remote(part.name)) == nil {
      taken += 1
    }
    return taken
  }

  /// Proof and manifest have served; what cannot be removed is left for `sweep`.
  private func tidy(run: Int) async {
    guard let dropbox else { return }
    let manifest = Manifest.fileName(of: RunName(job: name, run: run))
    try? await dropbox.remove(remote(manifest))
    if let done = settings.load?.done { try? await dropbox.remove(fill(done, run: run)) }
  }

  private func remote(_ file: String) -> String { Manifest.folder + "/" + file }

  /// Fills `{run}`, `{job}` and `{files}` in.
  func fill(_ text: String, run: Int) -> String {
    let run = RunName(job: name, run: run)
    let files = Manifest.pattern(of: run, suffix: settings.csv.suffix)
    return text.replacing("{run}", with: run.description).replacing("{job}", with: name)
      .replacing("{files}", with: files)
  }

  private var missingImport: SyncError {
    SyncError(
      .configuration, "import \(name)", "the job file has no `import:` section",
      next: "add `import:`, or load by hand and type `campaign-sync confirm \(name)`")
  }
}

extension IngressState {
  /// What waits for the proof of these files.
  fileprivate var waitingCommand: String { collect == nil ? "initial" : "delta" }
}
