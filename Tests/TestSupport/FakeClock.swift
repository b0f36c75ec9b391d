import Core
import Synchronization

/// Time as a number that `sleep` moves; chance as a sequence that repeats for a seed.
///
/// A sleeper moves the time at once and lets the others run. The two readings move together.
package final class FakeClock: Clock {
  private struct State {
    var now: Instant
    var uptime = Duration.zero
    var seed: UInt64
    var sleeps: [Duration] = []
  }

  private let state: Mutex<State>

  package init(now: Instant = Instant(seconds: 1_700_000_000), seed: UInt64 = 1) {
    state = Mutex(State(now: now, seed: seed))
  }

  package var now: Instant { state.withLock { $0.now } }
  package var uptime: Duration { state.withLock { $0.uptime } }
  /// Everything that was slept, in order.
  package var sleeps: [Duration] { state.withLock { $0.sleeps } }

  package func sleep(_ duration: Duration) async {
    if !Task.isCancelled {
      state.withLock { $0.sleeps.append(duration) }
      advance(by: duration)
    }
    await Task.yield()
  }

  package func advance(by duration: Duration) {
    state.withLock {
      $0.now = $0.now + duration
      $0.uptime += duration
    }
  }

  /// SplitMix64.
  package func random() -> UInt64 {
    state.withLock {
      $0.seed &+= 0x9E37_79B9_7F4A_7C15
      var word = $0.seed
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
  }
}
