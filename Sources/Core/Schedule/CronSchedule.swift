/// A steady rhythm as cron knows it: minutes that divide the hour, hours that divide the day.
///
/// - Shape: `fields` are the first five columns of a crontab line, in the machine's local time.
package struct CronSchedule: Sendable, Equatable {
  /// Minutes from one start to the next.
  package let minutes: Int

  /// Daily runs stay clear of the hours that summer time skips or repeats.
  private static let dailyHour = 5

  /// What cron can keep without a gap at the end of an hour or of a day.
  package static let possible =
    [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] + [1, 2, 3, 4, 6, 8, 12, 24].map { $0 * 60 }

  /// Nil where cron has no steady rhythm of that length.
  package init?(every interval: Duration) {
    let (seconds, rest) = interval.components
    guard rest == 0, seconds % 60 == 0, Self.possible.contains(Int(seconds / 60)) else {
      return nil
    }
    minutes = Int(seconds / 60)
  }

  package var fields: String {
    switch minutes {
    case 1: "* * * * *"
    case ..<60: "*/\(minutes) * * * *"
    case 60: "0 * * * *"
    case 1440: "0 \(Self.dailyHour) * * *"
    default: "0 */\(minutes / 60) * * *"
    }
  }

  /// The next starts after a moment, to the minute.
  ///
  /// - Parameter offset: seconds of local time east of UTC, at a moment.
  package func next(
    _ count: Int, after moment: Instant, offset: (Instant) -> Int
  ) -> [Instant] {
    var starts: [Instant] = []
    var minute = Self.floor(moment.seconds, 60) + 1
    // A day has a start at least, but for the day that summer time cuts short.
    let end = minute + Int64(count + 2) * 1440
    while starts.count < count, minute < end {
      let instant = Instant(seconds: minute * 60)
      let local = Self.floor(instant.seconds + Int64(offset(instant)), 60)
      if fits(Int(local - Self.floor(local, 1440) * 1440)) { starts.append(instant) }
      minute += 1
    }
    return starts
  }

  /// - Parameter minute: of the local day.
  private func fits(_ minute: Int) -> Bool {
    minutes == 1440 ? minute == Self.dailyHour * 60 : minute % minutes == 0
  }

  private static func floor(_ number: Int64, _ divisor: Int64) -> Int64 {
    number >= 0 ? number / divisor : (number - divisor + 1) / divisor
  }

  /// A word as `sh` and crontab read it back: quoted where it has to be, `%` escaped.
  package static func word(_ text: String) -> String {
    let plain = text.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "/._-+=:,@".utf8.contains(byte)
    }
    if plain, !text.isEmpty { return text }
    var quoted = "'"
    for character in text {
      switch character {
      case "'": quoted += "'\\''"
      case "%": quoted += "'\\%'"
      default: quoted.append(character)
      }
    }
    return quoted + "'"
  }
}
