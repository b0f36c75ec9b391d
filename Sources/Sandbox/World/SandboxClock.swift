import Core
import Synchronization

/// The time of the stand-ins: a base and an offset, both settable, so that days pass in a moment.
///
/// - Shape: runs with the machine's monotonic clock, or stands still until it is moved.
package final class SandboxClock: Sendable {
  private struct State {
    var base: Instant
    var start: ContinuousClock.Instant
    var isRunning: Bool
  }
  private let state: Mutex<State>

  package init(base: Instant, isRunning: Bool = true) {
    state = Mutex(State(base: base, start: .now, isRunning: isRunning))
  }

  package var now: Instant {
    state.withLock { state in
      state.isRunning ? state.base + (ContinuousClock.now - state.start) : state.base
    }
  }

  package func set(_ instant: Instant) {
    state.withLock { state in
      state.base = instant
      state.start = .now
    }
  }

  package func advance(by duration: Duration) {
    state.withLock { $0.base = $0.base + duration }
  }
}
