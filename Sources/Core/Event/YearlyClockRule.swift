/// The same two changes of the clocks every year: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// - Source: the POSIX TZ text, with the hours from -167 to 167 of RFC 9636.
struct YearlyClockRule: Sendable, Equatable {
  private enum Day: Sendable, Equatable {
    /// Month, week (5 is the last), day of the week (0 is Sunday).
    case weekday(Int, Int, Int)
    /// From 1 on, 29 February never counted.
    case julian(Int)
    /// From 0 on, 29 February counted.
    case ordinal(Int)
  }

  private struct Turn: Sendable, Equatable {
    var day: Day
    /// Seconds from local midnight.
    var time: Int64 = 7200
  }

  private var standard: Int64
  private var summer: (offset: Int64, begins: Turn, ends: Turn)?

  static func == (one: YearlyClockRule, other: YearlyClockRule) -> Bool {
    one.standard == other.standard && one.summer?.offset == other.summer?.offset
      && one.summer?.begins == other.summer?.begins && one.summer?.ends == other.summer?.ends
  }

  init?(_ text: [UInt8]) {
    var reader = Reader(text: text[...])
    guard reader.skipName(), let west = reader.time() else { return nil }
    standard = -west
    if reader.text.isEmpty { return }
    guard reader.skipName() else { return nil }
    var offset = standard + 3600
    if reader.text.first != 0x2C {
      guard let west = reader.time() else { return nil }
      offset = -west
    }
    guard let begins = reader.turn(), let ends = reader.turn(), reader.text.isEmpty else {
      return nil
    }
    summer = (offset, begins, ends)
  }

  func offset(at seconds: Int64) -> Int64 {
    guard let summer else { return standard }
    let year = CivilDay.year(at: seconds + standard)
    let begins = moment(of: summer.begins, in: year) - standard
    let ends = moment(of: summer.ends, in: year) - summer.offset
    // South of the equator summer goes over the end of the year.
    let isSummer =
      begins < ends ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends
    return isSummer ? summer.offset : standard
  }

  private func moment(of turn: Turn, in year: Int) -> Int64 {
    let first = CivilDay.number(year, 1, 1)
    let day: Int
    switch turn.day {
    case .julian(let number):
      let isLeap = CivilDay.number(year, 3, 1) - first == 60
      day = first + number - 1 + (isLeap && number > 59 ? 1 : 0)
    case .ordinal(let number): day = first + number
    case .weekday(let month, let week, let weekday):
      let start = CivilDay.number(year, month, 1)
      let next = month == 12 ? CivilDay.number(year + 1, 1, 1) : CivilDay.number(year, month + 1, 1)
      // 1970-01-01 was a Thursday.
      var found = start + (weekday - (start + 4) % 7 + 7) % 7 + (week - 1) * 7
      while found >= next { found -= 7 }
      day = found
    }
    return Int64(day) * 86_400 + turn.time
  }

  private struct Reader {
    var text: ArraySlice<UInt8>

    /// `CET`, `<+0330>`.
    mutating func skipName() -> Bool {
      if text.first == 0x3C {
        guard let end = text.firstIndex(of: 0x3E) else { return false }
        text = text[(end + 1)...]
        return true
      }
      let rest = text.drop { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
      defer { text = rest }
      return text.count - rest.count >= 3
    }

    private mutating func take(_ byte: UInt8) -> Bool {
      guard text.first == byte else { return false }
      text.removeFirst()
      return true
    }

    mutating func number() -> Int? {
      let digits = text.prefix { (0x30...0x39).contains($0) }
      text = text.dropFirst(digits.count)
      return digits.count > 4 ? nil : Int(String(decoding: digits, as: UTF8.self))
    }

    /// `-1`, `5:30`, `+2:00:00`, in seconds.
    mutating func time() -> Int64? {
      let isNegative = text.first == 0x2D
      if isNegative || text.first == 0x2B { text.removeFirst() }
      guard var seconds = number().map({ $0 * 3600 }) else { return nil }
      for unit in [60, 1] where take(0x3A) {
        guard let count = number() else { return nil }
        seconds += count * unit
      }
      return Int64(isNegative ? -seconds : seconds)
    }

    /// `,M3.5.0/2`.
    mutating func turn() -> Turn? {
      guard take(0x2C), let day = day() else { return nil }
      var turn = Turn(day: day)
      if take(0x2F) {
        guard let time = time() else { return nil }
        turn.time = time
      }
      return turn
    }

    private mutating func day() -> Day? {
      if take(0x4A) { return number().map { .julian($0) } }
      guard take(0x4D) else { return number().map { .ordinal($0) } }
      guard let month = number(), (1...12).contains(month), take(0x2E), let week = number(),
        (1...5).contains(week), take(0x2E), let weekday = number(), (0...6).contains(weekday)
      else { return nil }
      return .weekday(month, week, weekday)
    }
  }
}

/// Days of the Gregorian calendar as numbers since 1970.
enum CivilDay {
  static func number(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func year(at seconds: Int64) -> Int {
    let days = Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
    var year = 1970 + days / 366
    while number(year + 1, 1, 1) <= days { year += 1 }
    while number(year, 1, 1) > days { year -= 1 }
    return year
  }
}
