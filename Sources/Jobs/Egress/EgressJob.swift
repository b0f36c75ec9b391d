import Core

/// Export files of Campaign -> activities of one kind in Dynamics.
package struct EgressJob: Job {
  package enum Goal: Sendable, Equatable {
    /// What is pending, then every file that is complete.
    case next
    /// What is pending, and nothing else.
    case retry
  }

  package let settings: EgressSettings
  package let goal: Goal
  /// Where the job stood when this run began: it does one round more.
  package let before: EgressState
  package let ports: EgressPorts

  package init(
    settings: EgressSettings, goal: Goal, before: EgressState, ports: EgressPorts
  ) {
    self.settings = settings
    self.goal = goal
    self.before = before
    self.ports = ports
  }

  package var name: String { settings.name }
  package var start: EgressState { EgressState() }

  var export: ExportReader { ports.export }

  package func lanes(in state: EgressState) -> [Lane<EgressState>] {
    switch goal {
    case .next: state.rounds == before.rounds ? [round(state)] : []
    case .retry: state.retries == before.retries ? [retry()] : []
    }
  }

  private func retry() -> Lane<EgressState> {
    Lane(name: "retry") { [self] emit throws(SyncError) in
      _ = try await retryPending(emit)
      try await emit(Advance(now: true) { $0.retries += 1 })
    }
  }

  /// A safe point is a slice of events that Dynamics answered.
  ///
  /// A file that cannot be read does not stop the others; the round ends with its error.
  private func round(_ state: EgressState) -> Lane<EgressState> {
    Lane(name: "events") { [self] emit throws(SyncError) in
      var broken = try await retryPending(emit)
      let listing = try await export.listing(state.waiting) { files throws(SyncError) in
        try await emit(Advance(now: true) { $0.waiting = files })
      }
      var failure: SyncError?
      for file in listing.stable {
        try ports.patience.checkStop()
        let fault = try await read(file, &broken, emit)
        failure = failure ?? fault
      }
      try await tidy(state, listing, emit)
      if let failure { throw failure }
      let now = ports.patience.clock.now
      try await emit(
        Advance(now: true) { state in
          state.rounds += 1
          state.lastRound = now
        })
    }
  }

  /// What is remembered stays bounded: once a day the oldest is forgotten.
  private func tidy(
    _ state: EgressState, _ listing: ExportListing, _ emit: Emit<EgressState>
  ) async throws(SyncError) {
    let now = ports.patience.clock.now
    if let last = state.tidied, now - last < .seconds(86_400), last <= now { return }
    let entry = LedgerEntry.forgotEvents(
      before: now + .seconds(-EgressJob.memoryDays * 86_400), listed: listing.names)
    try await emit(
      Advance(settle: Settlement(entries: [entry])) { $0.tidied = now })
  }

  /// Days that an event is remembered: Campaign shows a row again while its message may still
  /// bounce, which ends after a week.
  package static let memoryDays = 10
}
