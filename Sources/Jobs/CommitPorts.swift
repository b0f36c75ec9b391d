import Core

/// What a commit touches, and who may end a run.
package struct CommitPorts<State: Codable & Sendable>: Sendable {
  /// The committer's own thread: it waits for the disk there, and no task waits with it.
  package var thread: any SerialExecutor
  package var checkpoints: any CheckpointStore<State>
  package var spool: @Sendable (_ run: Int) throws(SyncError) -> any Spool
  package var ledger: any Ledger
  package var limit: RejectLimit
  package var clock: any Clock
  /// True once a signal came or the deadline has passed.
  package var stop: @Sendable () -> Bool
  /// Sees what came of every commit.
  package var watch: @Sendable (Commit<State>) -> Void
  package var identity: JobIdentity
  package var content: String?

  package init(
    thread: any SerialExecutor, checkpoints: any CheckpointStore<State>,
    spool: @escaping @Sendable (_ run: Int) throws(SyncError) -> any Spool, ledger: any Ledger,
    limit: RejectLimit, clock: any Clock, stop: @escaping @Sendable () -> Bool,
    watch: @escaping @Sendable (Commit<State>) -> Void = { _ in }, identity: JobIdentity,
    content: String?
  ) {
    self.thread = thread
    self.checkpoints = checkpoints
    self.spool = spool
    self.ledger = ledger
    self.limit = limit
    self.clock = clock
    self.stop = stop
    self.watch = watch
    self.identity = identity
    self.content = content
  }
}

/// Where a run stands after a commit.
package struct Commit<State: Sendable>: Sendable {
  package var tally: Tally
  package var state: State
  /// Records that each lane has read in this run, by its name.
  package var lanes: [String: Int]
}
