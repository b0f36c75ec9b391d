/// A date, or a date and a time of day, checked against the calendar.
struct Moment: BitwiseCopyable {
  enum Form: BitwiseCopyable, Sendable {
    /// `YYYY-MM-DD`
    case day
    /// `YYYY/MM/DD HH:MM:SS`
    case file
    /// `YYYY-MM-DDTHH:MM:SSZ`
    case iso
    /// `YYYY-MM-DD HH:MM:SS.000Z`
    case api
  }

  /// Memory that the longest form needs.
  static let size = 24

  private(set) var year = 0, month = 0, day = 0
  private(set) var hour = 0, minute = 0, second = 0

  /// Reads `YYYY-MM-DD`, then perhaps `T` or a blank and `HH:MM:SS` with a fraction (dropped), a
  /// `Z` or an offset; slashes are read for hyphens.
  ///
  /// - Parameter isShifted: an offset moves the time to UTC; otherwise the digits stay.
  init?(_ text: UnsafePointer<UInt8>, _ count: Int, isShifted: Bool) {
    guard count >= 10, let year = Moment.number(text, 4), let month = Moment.number(text + 5, 2),
      let day = Moment.number(text + 8, 2)
    else { return nil }
    let hyphen = text[4]
    guard hyphen == text[7] && (hyphen == 0x2D || hyphen == 0x2F) else { return nil }
    guard year >= 1, (1...12).contains(month), day >= 1, day <= Moment.days(month, year)
    else { return nil }
    (self.year, self.month, self.day) = (year, month, day)
    guard count > 10 else { return }

    guard count >= 19, text[10] == 0x54 || text[10] == 0x20, text[13] == 0x3A, text[16] == 0x3A,
      let hour = Moment.number(text + 11, 2), let minute = Moment.number(text + 14, 2),
      let second = Moment.number(text + 17, 2), hour < 24, minute < 60, second < 60
    else { return nil }
    (self.hour, self.minute, self.second) = (hour, minute, second)
    guard let offset = Moment.offset(text, count) else { return nil }
    if isShifted && offset != 0 { shift(by: -offset) }
    guard (1...9999).contains(self.year) else { return nil }
  }

  /// Seconds up to this day in a calendar whose months all have 31 days: for comparing only.
  var midnight: Int { ((year * 12 + month - 1) * 31 + day - 1) * 86_400 }

  /// Seconds up to this time in the same calendar.
  var seconds: Int { midnight + (hour * 60 + minute) * 60 + second }

  /// Writes the form and returns its length.
  func write(_ form: Form, to out: UnsafeMutablePointer<UInt8>) -> Int {
    let hyphen: UInt8 = form == .file ? 0x2F : 0x2D
    Moment.put(year / 100, out)
    Moment.put(year % 100, out + 2)
    out[4] = hyphen
    Moment.put(month, out + 5)
    out[7] = hyphen
    Moment.put(day, out + 8)
    guard form != .day else { return 10 }
    out[10] = form == .iso ? 0x54 : 0x20
    Moment.put(hour, out + 11)
    out[13] = 0x3A
    Moment.put(minute, out + 14)
    out[16] = 0x3A
    Moment.put(second, out + 17)
    switch form {
    case .day, .file: return 19
    case .iso:
      out[19] = 0x5A
      return 20
    case .api:
      out[19] = 0x2E
      for index in 20..<23 { out[index] = 0x30 }
      out[23] = 0x5A
      return 24
    }
  }

  @inline(__always)
  private static func put(_ number: Int, _ out: UnsafeMutablePointer<UInt8>) {
    out[0] = 0x30 + UInt8(truncatingIfNeeded: number / 10)
    out[1] = 0x30 + UInt8(truncatingIfNeeded: number % 10)
  }

  @inline(__always)
  private static func number(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int? {
    var number = 0
    for index in 0..<count {
      let digit = text[index] &- 0x30
      guard digit < 10 else { return nil }
      number = number &* 10 &+ Int(digit)
    }
    return number
  }

  private static func days(_ month: Int, _ year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Minutes east of UTC, from what follows the seconds; nil where that is no zone.
  private static func offset(_ text: UnsafePointer<UInt8>, _ count: Int) -> Int? {
    var index = 19
    if index < count && text[index] == 0x2E {
      index += 1
      let first = index
      while index < count && text[index] &- 0x30 < 10 { index += 1 }
      guard index > first else { return nil }
    }
    if index == count { return 0 }
    if text[index] == 0x5A { return index + 1 == count ? 0 : nil }
    guard index + 6 == count, text[index] == 0x2B || text[index] == 0x2D, text[index + 3] == 0x3A,
      let hours = number(text + index + 1, 2), let minutes = number(text + index + 4, 2),
      hours <= 14, minutes < 60
    else { return nil }
    return (hours * 60 + minutes) * (text[index] == 0x2B ? 1 : -1)
  }

  private mutating func shift(by minutes: Int) {
    var total = hour * 60 + minute + minutes
    if total < 0 {
      total += 1440
      day -= 1
      if day == 0 {
        (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1)
        day = Moment.days(month, year)
      }
    } else if total >= 1440 {
      total -= 1440
      day += 1
      if day > Moment.days(month, year) {
        (year, month, day) = month == 12 ? (year + 1, 1, 1) : (year, month + 1, 1)
      }
    }
    (hour, minute) = (total / 60, total % 60)
  }
}
