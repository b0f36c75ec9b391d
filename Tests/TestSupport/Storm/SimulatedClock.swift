import Core
import Synchronization

/// Time that passes when everybody sleeps: then it is the moment at which the first one wakes.
///
/// - Shape: goes with a `SeededExecutor`, which calls `advance` when nothing can run. So an hour of
///   many sleepers is told in a moment, and the same each time.
package final class SimulatedClock: Clock {
  private struct Sleeper {
    var id: Int
    var end: Duration
    var continuation: CheckedContinuation<Void, Never>
  }
  private struct State {
    var uptime = Duration.zero
    var sleepers: [Sleeper] = []
    var dice: SeededGenerator
    var nextID = 0
    var cancelled: Set<Int> = []
  }

  private let start: Instant
  private let state: Mutex<State>

  package init(seed: UInt64, start: Instant = Instant(seconds: 1_736_069_400)) {
    self.start = start
    state = Mutex(State(dice: SeededGenerator(seed: seed)))
  }

  package var now: Instant { start + uptime }
  package var uptime: Duration { state.withLock { $0.uptime } }
  package func random() -> UInt64 { state.withLock { $0.dice.next() } }

  package func sleep(_ duration: Duration) async {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isOver = state.withLock { state in
          if state.cancelled.remove(id) != nil { return true }
          let sleeper = Sleeper(id: id, end: state.uptime + duration, continuation: continuation)
          // The latest first: the next to wake is the last.
          let place = state.sleepers.partitioningIndex { $0.end <= sleeper.end }
          state.sleepers.insert(sleeper, at: place)
          return false
        }
        if isOver { continuation.resume() }
      }
    } onCancel: {
      let sleeper = state.withLock { state -> Sleeper? in
        guard let place = state.sleepers.firstIndex(where: { $0.id == id }) else {
          state.cancelled.insert(id)
          return nil
        }
        return state.sleepers.remove(at: place)
      }
      sleeper?.continuation.resume()
    }
    state.withLock { _ = $0.cancelled.remove(id) }
  }

  /// Wakes the first sleeper; false where nobody sleeps.
  package func advance() -> Bool {
    let sleeper = state.withLock { state -> Sleeper? in
      guard let sleeper = state.sleepers.popLast() else { return nil }
      state.uptime = max(state.uptime, sleeper.end)
      return sleeper
    }
    sleeper?.continuation.resume()
    return sleeper != nil
  }
}

extension Array {
  /// The first place whose element, like all behind it, is one of these.
  fileprivate func partitioningIndex(_ isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
