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
    case .exporting: goal.exports ? exportingLanes(state) : []
    case .sealing: goal.exports || finishes(state) ? [seal(state)] : []
    case .staging: goal.stages || finishes(state) ? staging.lanes(in: state) : []
    case .loading: goal.stages || finishes(state) ? loadingLanes(state) : []
    case .loaded: loadedLanes(state)
    }
  }

  private func exportingLanes(_ state: IngressState) -> [Lane<IngressState>] {
    guard settings.initial == .file else {
      return [goal == .export ? noExport() : copy(state)]
    }
    guard let partition = state.export.partition else {
      let feed = feed(of: state, writers: 1)
      return [export(state, feed).feeding(feed)] + early(state, feed)
    }
    switch partition.step {
    case .listing: return [listKeys(state, partition)]
    case .probing: return [probe(state, partition)]
    case .reading:
      if partition.ranges.allSatisfy(\.isDone) { return [prove(state, partition)] }
      // The environment may name fewer readers than when the load began.
      let readers = min(partition.parts.count, max(ports.baseline.readers.count, 1))
      let feed = feed(of: state, writers: readers)
      let desk = RangeDesk(partition.ranges)
      let lanes = (0..<readers).map { readRanges($0, of: state, partition, desk, feed) }
      return lanes.map { $0.feeding(feed) } + early(state, feed)
    }
  }

  /// Full parts that do not stand on SFTP yet come first.
  private func feed(of state: IngressState, writers: Int) -> PartFeed {
    let published = Set(state.stage.published)
    let full = state.export.fullMarks.filter { !published.contains(partName($0, of: state.run)) }
    return PartFeed(full, writers: writers)
  }

  private func early(_ state: IngressState, _ feed: PartFeed) -> [Lane<IngressState>] {
    goal.stages ? staging.early(run: state.run, from: feed, note: ports.note) : []
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
    let isWhole = state.recovery == nil && state.absence == nil
    let deletes = settings.deletes.apply && isWhole && state.delta.collected != nil
    if goal != .deletes {
      if isRecoveryDue(state) { return [recover(state)] }
      if isDeltaDue(state) || state.recovery != nil {
        let isRecovering = state.recovery != nil && state.collect == nil
        guard goesByFile(state), !isRecovering else { return [delta(state)] }
        guard deletes, areDeletionsFirst(state) else { return [collect(state)] }
      } else if state.absence != nil {
        return [absence(state)]
      }
    }
    return deletes && !leavesDeletes ? [deletions()] : []
  }

  /// A delta goes on with the files of its own chain, and not with those of a load.
  private func finishes(_ state: IngressState) -> Bool { goal == .delta && state.collect != nil }

  /// A chain ends as it began, whatever the job file says meanwhile.
  private func goesByFile(_ state: IngressState) -> Bool {
    state.collect != nil || (settings.delta == .file && state.delta.link == nil)
  }

  /// What a proven import leaves is deleted before the next chain: each of them ends in a wait.
  ///
  /// Held back by the guard, they wait while one more chain goes.
  private func areDeletionsFirst(_ state: IngressState) -> Bool {
    if state.collect != nil { return false }
    return ports.approvedDeletes != nil || state.delta.heldBack != state.delta.rounds
  }

  /// A chain whose parts are on their way is finished before.
  private func isRecoveryDue(_ state: IngressState) -> Bool {
    guard let recovery = state.recovery, state.collect == nil else { return false }
    return recovery.chains ?? 0 <= state.delta.rounds
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
