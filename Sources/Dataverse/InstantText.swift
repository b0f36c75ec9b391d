import Core

/// Moments as the Web API writes them.
enum InstantText {
  /// `2026-02-03T08:40:12Z`; what is below a second is dropped.
  static func moment(_ instant: Instant) -> String {
    let seconds = instant.seconds - days(instant) * 86_400
    return String(unsafeUninitializedCapacity: 20) { out in
      writeDay(instant, out)
      put(seconds / 3600, 0x54, out, 10)
      put(seconds / 60 % 60, 0x3A, out, 13)
      put(seconds % 60, 0x3A, out, 16)
      out[19] = 0x5A
      return 20
    }
  }

  /// The day alone, in UTC: `2026-02-03`.
  static func day(_ instant: Instant) -> String {
    String(unsafeUninitializedCapacity: 10) { out in
      writeDay(instant, out)
      return 10
    }
  }

  private static func writeDay(_ instant: Instant, _ out: UnsafeMutableBufferPointer<UInt8>) {
    // A year begins in March here, so that the leap day is its last one.
    let shifted = days(instant) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
    let month = (5 * dayOfYear + 2) / 153
    let civil = min(max(year + era * 400 + (month >= 10 ? 1 : 0), 0), 9999)
    put(civil % 100, 0x30 + UInt8(civil / 100 % 10), out, 1)
    out[0] = 0x30 + UInt8(civil / 1000)
    put(month < 10 ? month + 3 : month - 9, 0x2D, out, 4)
    put(dayOfYear - (153 * month + 2) / 5 + 1, 0x2D, out, 7)
  }

  /// A byte, and a number of two digits behind it.
  private static func put(
    _ number: Int64, _ before: UInt8, _ out: UnsafeMutableBufferPointer<UInt8>, _ place: Int
  ) {
    out[place] = before
    out[place + 1] = 0x30 + UInt8(number / 10)
    out[place + 2] = 0x30 + UInt8(number % 10)
  }

  /// Reads `2026-02-03T08:40:12Z`, with a fraction or without; nil for anything else.
  static func read(_ text: String) -> Instant? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes[10] == 0x54, bytes.last == 0x5A else { return nil }
    func number(_ start: Int, _ count: Int) -> Int64? {
      Int64(String(decoding: bytes[start..<start + count], as: UTF8.self))
    }
    guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
      let hour = number(11, 2), let minute = number(14, 2), let second = number(17, 2),
      (1...12).contains(month), (1...31).contains(day)
    else { return nil }
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    return Instant(seconds: ((days * 24 + hour) * 60 + minute) * 60 + second)
  }

  private static func days(_ instant: Instant) -> Int64 {
    let seconds = instant.seconds
    return (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
  }
}
