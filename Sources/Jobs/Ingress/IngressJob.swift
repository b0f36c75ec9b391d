import Core

/// Rows of one Dataverse table -> one Campaign resource: a full load, then change tracking.
package struct IngressJob: Job {
  /// How far this run is to go.
  package enum Goal: Sendable, Equatable {
    case export, initial, delta
    /// Whatever comes next; never waits for an import.
    case next
    /// One record, read afresh; the position stays.
    case only(RowKey)
    /// What is pending; the position stays.
    case retry
    /// The deletions that wait.
    case deletes
  }

  package let settings: IngressSettings
  package let goal: Goal
  /// Deletions are left to a later run: children's go before their parents'.
  package let leavesDeletes: Bool
  /// What was finished when this run began: it does one chain, or one record, more.
  package let before: DeltaSlot
  package let target: IngressTarget.Source
  package let ports: IngressPorts
  package let staging: StageJob
  package let loading: LoadJob

  package init(
    settings: IngressSettings, goal: Goal, before: DeltaSlot,
    leavesDeletes: Bool = false, target: @escaping IngressTarget.Source, ports: IngressPorts,
    staging: StageJob,
    loading: LoadJob
  ) {
    self.settings = settings
    self.goal = goal
    self.before = before
    self.leavesDeletes = leavesDeletes
    self.target = target
    self.ports = ports
    self.staging = staging
    self.loading = loading
  }

  package var name: String { settings.name }
  package var start: IngressState { IngressState() }

  package func lanes(in state: IngressState) -> [Lane<IngressState>] {
    switch state.phase {
    case .exporting: goal.exports ? [exportingLane(state)] : []
    case .sealing: goal.exports ? [seal(state)] : []
    case .staging: goal.stages ? staging.lanes(in: state) : []
    case .loading: goal.stages ? loadingLanes(state) : []
    case .loaded: loadedLanes(state)
    }
  }

  private func exportingLane(_ state: IngressState) -> Lane<IngressState> {
    if settings.initial == .file { return export(state) }
    return goal == .export ? noExport() : copy(state)
  }

  /// The import links children to their parents: these come first.
  private func loadingLanes(_ state: IngressState) -> [Lane<IngressState>] {
    loading.lanes(in: state).map { [ports] lane in
      Lane(name: lane.name) { emit throws(SyncError) in
        try ports.requireParents(.loaded)
        try await lane.work(emit)
      }
    }
  }

  /// `export` writes nothing to Campaign, and such a job has no other way.
  private func noExport() -> Lane<IngressState> {
    Lane(name: "export") { [name] _ throws(SyncError) in
      throw SyncError(
        .configuration, "export \(name)", "its job file says `initial: { via: api }`: no parts",
        next: "campaign-sync initial \(name)")
    }
  }

  private func loadedLanes(_ state: IngressState) -> [Lane<IngressState>] {
    let isFresh = state.delta.singles == before.singles
    if case .only(let key) = goal { return isFresh ? [only(key)] : [] }
    if goal == .retry { return isFresh ? [retry()] : [] }
    if goal == .export { return [] }
    if goal != .deletes {
      let isRecoveryDue = state.recovery.map { $0.chains ?? 0 <= state.delta.rounds } ?? false
      if isRecoveryDue { return [recover(state)] }
      if isDeltaDue(state) || state.recovery != nil { return [delta(state)] }
      if state.absence != nil { return [absence(state)] }
    }
    let isWhole = state.recovery == nil && state.absence == nil
    let deletes =
      settings.deletes.apply && isWhole && !leavesDeletes && state.delta.collected != nil
    return deletes ? [deletions()] : []
  }

  private func isDeltaDue(_ state: IngressState) -> Bool {
    switch goal {
    case .export, .only, .retry, .deletes: false
    case .initial: state.delta.rounds == 0
    case .delta, .next: state.delta.rounds == before.rounds
    }
  }
}

extension IngressJob.Goal {
  fileprivate var exports: Bool { self == .export || stages }
  fileprivate var stages: Bool { self == .initial || self == .next }
}
