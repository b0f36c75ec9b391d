import Core
import Synchronization

/// A checkpoint in memory; what was replaced survives a crash.
package final class MemoryCheckpointStore<State: Codable & Sendable>: CheckpointStore {
  private let checkpoint = Mutex<Checkpoint<State>?>(nil)

  package init() {}

  package func load() throws(SyncError) -> Checkpoint<State>? { checkpoint.withLock { $0 } }

  package func replace(with next: Checkpoint<State>) throws(SyncError) {
    checkpoint.withLock { $0 = next }
  }
}
