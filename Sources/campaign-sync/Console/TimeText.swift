import Core

/// Times and amounts as a person reads them.
enum TimeText {
  /// `2026-11-21T16:40:03Z`.
  static func utc(_ instant: Instant) -> String {
    let (year, month, day, second) = civil(instant.seconds)
    let time = [second / 3600, second / 60 % 60, second % 60].map { RunName.padded($0, 2) }
    return RunName.padded(year, 4) + "-" + RunName.padded(month, 2) + "-" + RunName.padded(day, 2)
      + "T" + time.joined(separator: ":") + "Z"
  }

  /// `2026-11`.
  static func month(_ instant: Instant) -> String { String(utc(instant).prefix(7)) }

  /// `4 s`, `3 min`, `2 h 10 min`, `5 d 3 h`.
  static func span(_ duration: Duration) -> String {
    let seconds = max(0, Int(duration.components.seconds))
    switch seconds {
    case ..<120: return "\(seconds) s"
    case ..<7200: return "\(seconds / 60) min"
    case ..<172_800: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    default: return "\(seconds / 86400) d \(seconds / 3600 % 24) h"
    }
  }

  /// `12,345`.
  static func count(_ number: Int) -> String {
    let digits = String(abs(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return (number < 0 ? "-" : "") + text
  }

  /// Days since 1970 to the calendar, as every proleptic Gregorian calendar does it.
  private static func civil(_ seconds: Int64) -> (Int, Int, Int, Int) {
    let days = Int(seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400)
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, day, Int(seconds) - days * 86400)
  }
}
