/// The only door to time and chance.
package protocol Clock: Sendable {
  /// Seconds since 1970.
  var now: Instant { get }
  /// Monotonic; for intervals.
  var uptime: Duration { get }
  /// Ends early, without an error, when the task is cancelled.
  func sleep(_ duration: Duration) async
  /// For jitter and identifiers; never for anything that is written twice.
  func random() -> UInt64
}

/// A moment, in milliseconds since 1970.
package struct Instant: Hashable, Comparable, Sendable {
  package var milliseconds: Int64

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }
  package init(seconds: Int64) { self.milliseconds = seconds * 1000 }

  package var seconds: Int64 {
    milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
  }

  package static func < (one: Instant, other: Instant) -> Bool {
    one.milliseconds < other.milliseconds
  }
  package static func + (instant: Instant, duration: Duration) -> Instant {
    let (seconds, attoseconds) = duration.components
    return Instant(
      milliseconds: instant.milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
  }
  package static func - (one: Instant, other: Instant) -> Duration {
    .milliseconds(one.milliseconds - other.milliseconds)
  }
}

extension Instant: Codable {
  /// As the one number that it is.
  package init(from decoder: any Decoder) throws {
    milliseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(milliseconds)
  }
}
