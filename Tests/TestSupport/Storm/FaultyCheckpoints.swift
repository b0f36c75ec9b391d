import Core

/// The checkpoint of a story: replaced or not, and looked at every time it moves.
package struct FaultyCheckpoints<State: Codable & Sendable>: CheckpointStore {
  private let inner: any CheckpointStore<State>
  private let world: World
  /// Says what the new position claims that disk and ledger do not have.
  private let audit: @Sendable (State) -> [String]

  package init(
    _ inner: any CheckpointStore<State>, _ world: World,
    audit: @escaping @Sendable (State) -> [String]
  ) {
    self.inner = inner
    self.world = world
    self.audit = audit
  }

  package func load() throws(SyncError) -> Checkpoint<State>? {
    try world.checkAlive()
    return try inner.load()
  }

  package func replace(with checkpoint: Checkpoint<State>) throws(SyncError) {
    try world.point("before checkpoint")
    for violation in audit(checkpoint.state) { world.note(violation: violation) }
    try inner.replace(with: checkpoint)
    try world.point("after checkpoint")
  }
}
