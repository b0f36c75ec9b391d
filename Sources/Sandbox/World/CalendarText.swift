import Core

/// Dates as text and back, by the proleptic Gregorian calendar.
package enum CalendarText {
  /// Year, month and day of a number of days since 1970-01-01.
  static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  static func days(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func digits(_ number: Int, _ width: Int, to bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<width { divisor *= 10 }
    while divisor > 0 {
      bytes.append(0x30 + UInt8(number / divisor % 10))
      divisor /= 10
    }
  }

  static func write(day days: Int, to bytes: inout [UInt8]) {
    let date = civil(days)
    digits(date.year, 4, to: &bytes)
    bytes.append(0x2D)
    digits(date.month, 2, to: &bytes)
    bytes.append(0x2D)
    digits(date.day, 2, to: &bytes)
  }

  static func write(moment seconds: Int64, to bytes: inout [UInt8]) {
    let days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
    let rest = Int(seconds - days * 86_400)
    write(day: Int(days), to: &bytes)
    bytes.append(0x54)
    digits(rest / 3600, 2, to: &bytes)
    bytes.append(0x3A)
    digits(rest / 60 % 60, 2, to: &bytes)
    bytes.append(0x3A)
    digits(rest % 60, 2, to: &bytes)
    bytes.append(0x5A)
  }

  /// `YYYY-MM-DD`.
  package static func day(_ days: Int) -> String {
    var bytes: [UInt8] = []
    write(day: days, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `YYYY-MM-DDTHH:MM:SSZ`.
  package static func moment(_ seconds: Int64) -> String {
    var bytes: [UInt8] = []
    write(moment: seconds, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads `YYYY-MM-DD`; nil where the day does not exist.
  package static func parse(day text: some StringProtocol) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    let days = days(year: year, month: month, day: day)
    let back = civil(days)
    return back.month == month && back.day == day ? days : nil
  }

  /// Reads ISO 8601 with `Z` or an offset; a fraction is cut, a bare date is its midnight.
  package static func parse(moment text: some StringProtocol) -> Int64? {
    guard let split = text.firstIndex(where: { $0 == "T" || $0 == " " }) else {
      return parse(day: text).map { Int64($0) * 86_400 }
    }
    guard let days = parse(day: text[..<split]) else { return nil }
    var clock = text[text.index(after: split)...]
    var offset: Int64 = 0
    if clock.last == "Z" {
      clock = clock.dropLast()
    } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
      let parts = clock[clock.index(after: sign)...].split(separator: ":")
      guard parts.count == 2, let hours = Int64(parts[0]), let minutes = Int64(parts[1]) else {
        return nil
      }
      offset = (hours * 3600 + minutes * 60) * (clock[sign] == "-" ? -1 : 1)
      clock = clock[..<sign]
    }
    if let point = clock.firstIndex(of: ".") { clock = clock[..<point] }
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts.count <= 3, let hour = Int64(parts[0]),
      let minute = Int64(parts[1]), let second = parts.count == 3 ? Int64(parts[2]) : 0,
      (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second)
    else { return nil }
    return Int64(days) * 86_400 + hour * 3600 + minute * 60 + second - offset
  }
}
