import Core

/// Opt-outs of contacts, decided between Dynamics and Campaign.
///
/// - Shape: one round observes, then decides. Observations (export files; in both directions also the
///   contacts of Dynamics that changed) only mark people in the ledger as due; every decision is made
///   on values read afresh, is written down before it is carried out, and clears the mark after it.
///   So it does not matter where a round is cut off.
/// - Source: design sections 5 (rule 6), 6 and 10; `fixtures/consent/rule.md`.
package struct OptOutJob: Job {
  package enum Goal: Sendable, Equatable {
    /// What is new, and what is pending and may be tried again.
    case next
    /// All that is pending, now, and nothing else.
    case retry
  }

  package let settings: OptOutSettings
  package let goal: Goal
  /// Where the job stood when this run began: it does one round more.
  package let before: OptOutState
  package let ports: OptOutPorts
  let rule: ConsentRule

  package init(
    settings: OptOutSettings, goal: Goal, before: OptOutState, ports: OptOutPorts
  ) {
    self.settings = settings
    self.goal = goal
    self.before = before
    self.ports = ports
    rule = ConsentRule(settings.direction)
  }

  package var name: String { settings.name }
  package var start: OptOutState { OptOutState() }

  package func lanes(in state: OptOutState) -> [Lane<OptOutState>] {
    switch goal {
    case .next: state.rounds == before.rounds ? [round(state)] : []
    case .retry: state.retries == before.retries ? [retry()] : []
    }
  }

  private func retry() -> Lane<OptOutState> {
    Lane(name: "retry") { [self] emit throws(SyncError) in
      try await raisePending(all: true, emit)
      try await decideAll(emit)
      try await emit(Advance(now: true) { $0.retries += 1 })
    }
  }

  /// A file that cannot be read stops neither the other files nor any decision.
  ///
  /// So does one with more rejects than the limit. The round ends with its error.
  private func round(_ state: OptOutState) -> Lane<OptOutState> {
    Lane(name: "opt-outs") { [self] emit throws(SyncError) in
      try await raisePending(all: false, emit)
      let listing = try await ports.export.listing(state.waiting) { files throws(SyncError) in
        try await emit(Advance(now: true) { $0.waiting = files })
      }
      var failure: SyncError?
      for file in listing.stable {
        try ports.patience.checkStop()
        let fault = try await observe(file, emit)
        failure = failure ?? fault
      }
      if settings.direction == .bidirectional { try await followContacts(state.changes, emit) }
      try await decideAll(emit)
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

  /// Once a day, what is too old is forgotten.
  private func tidy(
    _ state: OptOutState, _ listing: ExportListing, _ emit: Emit<OptOutState>
  ) async throws(SyncError) {
    let now = ports.patience.clock.now
    if let last = state.tidied, now - last < .seconds(86_400), last <= now { return }
    let files = now + .seconds(-OptOutJob.fileDays * 86_400)
    let decisions = now + .seconds(-OptOutJob.decisionDays * 86_400)
    try await emit(
      Advance(
        settle: Settlement(entries: [
          .forgotEvents(before: files, listed: listing.names), .forgotDecisions(before: decisions),
        ])
      ) { $0.tidied = now })
  }

  /// Days that a file is remembered that is no longer there.
  static let fileDays = 30
  /// Days that a decision is kept: three years.
  package static let decisionDays = 1_096
}
