import Core

/// What one identity used in the last five minutes: requests, and the time they took.
///
/// - Shape: thirty buckets of ten seconds, the one under way among them.
struct UseHistory: Sendable, Equatable {
  struct Bucket: Sendable, Equatable {
    var requests: UInt32 = 0
    var milliseconds: UInt32 = 0
  }

  /// Number of the youngest bucket, counted from 1970.
  var youngest: Int64 = 0
  /// When the first of these requests ended.
  var since = Instant(milliseconds: 0)
  /// By bucket number, modulo their count.
  var buckets = [Bucket](repeating: Bucket(), count: UseHistory.count)

  static let count = 30
  private static let width: Int64 = 10_000

  mutating func add(_ duration: Duration, at now: Instant) {
    roll(to: now)
    let place = Int(youngest % Int64(UseHistory.count))
    buckets[place].requests &+= 1
    buckets[place].milliseconds &+= UInt32(clamping: Int64(duration.inSeconds * 1000))
  }

  /// Requests, and seconds of work, a second: over five minutes, or since the first of them.
  mutating func rates(at now: Instant) -> (requests: Double, work: Double) {
    roll(to: now)
    let full = Int64(UseHistory.count - 1) * UseHistory.width + now.milliseconds % UseHistory.width
    let span = Double(max(min(full, now.milliseconds - since.milliseconds), 1000)) / 1000
    let requests = buckets.reduce(0) { $0 + Int($1.requests) }
    let milliseconds = buckets.reduce(0) { $0 + Int($1.milliseconds) }
    return (Double(requests) / span, Double(milliseconds) / 1000 / span)
  }

  /// Forgets what is too old; and everything, where the clock was set back.
  private mutating func roll(to now: Instant) {
    let number = max(now.milliseconds, 0) / UseHistory.width
    if number < youngest || number - youngest >= Int64(UseHistory.count) {
      buckets = [Bucket](repeating: Bucket(), count: UseHistory.count)
      since = now
    } else {
      for old in youngest..<number { buckets[Int((old + 1) % Int64(UseHistory.count))] = Bucket() }
    }
    youngest = number
  }
}

extension Duration {
  /// With its fraction.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}
