import Core

/// Dates and times in Campaign's forms.
enum CampaignTime {
  /// `2026-02-03 08:11:09.402Z`.
  static func text(_ instant: Instant) -> String {
    let day = instant.seconds.quotient(floor: 86400)
    let (year, month, date) = civil(day)
    let second = instant.seconds - day * 86400
    let fraction = instant.milliseconds - instant.seconds * 1000
    return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(date, 2) + " "
      + padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
      + "." + padded(fraction, 3) + "Z"
  }

  static func compact(_ instant: Instant) -> String {
    String(
      text(instant).prefix(19).filter { $0 != "-" && $0 != ":" }.map { $0 == " " ? "_" : $0 })
  }

  static func dateText(_ instant: Instant) -> String { String(text(instant).prefix(10)) }

  /// `YYYY-MM-DD` where the text begins with a day that exists and a time, if any, that reads.
  static func date(_ text: String) -> String? {
    guard let moment = instant(text) else { return nil }
    return dateText(moment)
  }

  /// Reads `2026-02-03`, `2026-02-03 08:11:09.402Z`, the same with `T`, without zone (UTC), with an
  /// offset, and with slashes in the date.
  static func instant(_ text: String) -> Instant? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 10, bytes[4] == bytes[7], bytes[4] == 0x2D || bytes[4] == 0x2F,
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
      let date = number(bytes[8..<10]), (1...12).contains(month), date >= 1,
      date <= days(in: month, of: year)
    else { return nil }
    let day = days(year, month, date)
    if bytes.count == 10 { return Instant(seconds: day * 86400) }
    guard bytes[10] == 0x20 || bytes[10] == 0x54 else { return nil }
    return time(bytes[11...]).map { Instant(milliseconds: day * 86_400_000 + $0) }
  }

  /// Milliseconds of a day, moved to UTC.
  private static func time(_ bytes: ArraySlice<UInt8>) -> Int64? {
    let zone = bytes.firstIndex { $0 == 0x5A || $0 == 0x2B || $0 == 0x2D } ?? bytes.endIndex
    let clock = bytes[..<zone].split(separator: 0x3A, omittingEmptySubsequences: false)
    guard clock.count == 2 || clock.count == 3, clock[0].count == 2, clock[1].count == 2,
      let hour = number(clock[0]), let minute = number(clock[1]), hour < 24, minute < 60
    else { return nil }
    var milliseconds = (hour * 60 + minute) * 60_000
    if clock.count == 3 {
      let parts = clock[2].split(separator: 0x2E, omittingEmptySubsequences: false)
      guard parts.count <= 2, parts[0].count == 2, let second = number(parts[0]), second < 60
      else { return nil }
      milliseconds += second * 1000
      if parts.count == 2 {
        guard let fraction = number((Array(parts[1]) + [0x30, 0x30]).prefix(3)), !parts[1].isEmpty
        else { return nil }
        milliseconds += fraction
      }
    }
    guard zone < bytes.endIndex, bytes[zone] != 0x5A else {
      return bytes.endIndex - zone <= 1 ? milliseconds : nil
    }
    let offset = bytes[(zone + 1)...].filter { $0 != 0x3A }
    guard offset.count == 4, let hours = number(offset.prefix(2)[...]),
      let minutes = number(offset.suffix(2)[...])
    else { return nil }
    return milliseconds - (bytes[zone] == 0x2B ? 1 : -1) * (hours * 60 + minutes) * 60_000
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard !digits.isEmpty else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      value = value * 10 + Int64(digit - 0x30)
    }
    return value
  }

  private static func days(in month: Int64, of year: Int64) -> Int64 {
    let next = month == 12 ? days(year + 1, 1, 1) : days(year, month + 1, 1)
    return next - days(year, month, 1)
  }

  /// Days since 1970-01-01, proleptic Gregorian.
  static func days(_ year: Int64, _ month: Int64, _ date: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted.quotient(floor: 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func civil(_ day: Int64) -> (year: Int64, month: Int64, date: Int64) {
    let shifted = day + 719_468
    let era = shifted.quotient(floor: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let date = dayOfYear - (153 * month + 2) / 5 + 1
    let civilMonth = month < 10 ? month + 3 : month - 9
    return (yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth, date)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    RunName.padded(Int(number), width)
  }
}

extension Int64 {
  fileprivate func quotient(floor divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
