import Core

/// How long to wait before the next attempt: twice as long each time, up to a cap.
package struct Backoff: Sendable, Equatable {
  package var base: Duration
  package var cap: Duration

  package init(base: Duration = .milliseconds(500), cap: Duration = .seconds(30)) {
    self.base = base
    self.cap = cap
  }

  /// The longest wait after that many failures in a row, counted from one.
  package func ceiling(after failures: Int) -> Duration {
    var wait = base
    for _ in 1..<max(failures, 1) where wait < cap { wait *= 2 }
    return min(wait, cap)
  }

  /// Full jitter: anything from nothing to the ceiling, so that callers do not come back together.
  package func delay(after failures: Int, random: UInt64) -> Duration {
    let (seconds, attoseconds) = ceiling(after: failures).components
    let microseconds = UInt64(seconds) * 1_000_000 + UInt64(attoseconds / 1_000_000_000_000)
    return .microseconds(Int64(random % (microseconds + 1)))
  }
}
