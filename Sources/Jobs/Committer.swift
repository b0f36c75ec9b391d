import Core

/// Groups advances and moves the checkpoint: the only code that does.
///
/// - Shape: bytes of parts first, then the ledger's transaction, then the position.
actor Committer<State: Codable & Sendable> {
  nonisolated var unownedExecutor: UnownedSerialExecutor {
    ports.thread.asUnownedSerialExecutor()
  }

  private nonisolated let ports: CommitPorts<State>
  private(set) var state: State
  private(set) var tally = Tally()
  private(set) var commits = 0
  private var waiting: [Advance<State>] = []
  /// Records read, by lane.
  private var lanes: [String: Int] = [:]
  private var failure: SyncError?
  private var last: Duration
  private let interval = Duration.seconds(1)

  init(start: State, ports: CommitPorts<State>) throws(SyncError) {
    self.ports = ports
    self.state = try ports.checkpoints.load()?.state ?? start
    self.last = ports.clock.uptime
  }

  func emit(_ advance: Advance<State>, from lane: String? = nil) throws(SyncError) {
    waiting.append(advance)
    if let lane, advance.tally.read > 0 { lanes[lane, default: 0] += advance.tally.read }
    let isDue = waiting.count >= 64 || ports.clock.uptime - last >= interval
    if advance.now || isDue { try commit() }
    if Task.isCancelled || ports.stop() { throw .stopped }
  }

  /// No await inside: a commit is one thing.
  func commit() throws(SyncError) {
    if let failure { throw failure }  // a second fsync may approve lost bytes: no retry
    if waiting.isEmpty { return }
    do throws(SyncError) {
      var next = state
      var sum = tally
      var settle = Settlement()
      for advance in waiting {
        advance.apply(&next)
        sum += advance.tally
        settle.add(advance.settle)
      }
      try ports.limit.check(sum, settle.rejections)  // 65: nothing of this commit is recorded
      if let run = settle.run, !settle.parts.isEmpty {
        try ports.spool(run).sync(settle.parts)  // the bytes,
      }
      if !settle.entries.isEmpty {
        try ports.ledger.record(settle.entries, at: ports.clock.now)  // the rows,
      }
      try ports.checkpoints.replace(  // the position.
        with: Checkpoint(identity: ports.identity, content: ports.content, state: next))
      (state, tally, waiting, commits) = (next, sum, [], commits + 1)
      last = ports.clock.uptime
    } catch {
      failure = error
      throw error
    }
    ports.watch(Commit(tally: tally, state: state, lanes: lanes))
  }
}
