import Core
import Glibc

/// The machine's clock and its chance.
struct SystemClock: Clock {
  var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Instant(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  var uptime: Duration {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  func sleep(_ duration: Duration) async {
    try? await Task.sleep(for: duration)  // ends early only when cancelled, as the port says
  }

  func random() -> UInt64 { .random(in: .min ... .max) }
}
