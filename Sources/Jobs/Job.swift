import Core

/// A set of lanes.
///
/// What can run now is an answer to the state; only the runner remembers.
package protocol Job<State>: Sendable {
  /// One slot per lane; becomes `checkpoint.json`.
  associatedtype State: Codable & Sendable
  var name: String { get }
  /// Where a job stands that has never run.
  var start: State { get }
  /// Lanes that can run now, independently. Phases are different answers; none means done.
  func lanes(in state: State) -> [Lane<State>]
}

package typealias Emit<State> = @Sendable (Advance<State>) async throws(SyncError) -> Void

/// A loop that ends every turn at a safe point.
package struct Lane<State: Sendable>: Sendable {
  /// For the log and the run record.
  package let name: String
  package let work: @Sendable (@escaping Emit<State>) async throws(SyncError) -> Void

  package init(
    name: String,
    work: @escaping @Sendable (@escaping Emit<State>) async throws(SyncError) -> Void
  ) {
    self.name = name
    self.work = work
  }
}

/// A safe point, emitted after the far side accepted.
package struct Advance<State>: Sendable {
  package var tally: Tally
  package var settle: Settlement
  /// An intent: on disk before `emit` returns.
  package var now: Bool
  /// Edits this lane's slot, nothing else.
  package let apply: @Sendable (inout State) -> Void

  package init(
    tally: Tally = Tally(), settle: Settlement = Settlement(), now: Bool = false,
    apply: @escaping @Sendable (inout State) -> Void = { _ in }
  ) {
    self.tally = tally
    self.settle = settle
    self.now = now
    self.apply = apply
  }
}
