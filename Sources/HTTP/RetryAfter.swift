import Core

/// How long the other side asks to be left alone.
///
/// - Shape: whole seconds, or one of the three date forms of HTTP.
/// - Source: RFC 9110, sections 10.2.3 and 5.6.7.
package enum RetryAfter {
  /// More than this is a broken clock somewhere, not a wish.
  static let longest = Duration.seconds(86_400)

  /// Nil where the text is neither; a moment in the past is no wait.
  package static func parse(_ text: String, now: Instant) -> Duration? {
    let text = text.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    if let first = text.utf8.first, (0x30...0x39).contains(first) {
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return min(.seconds(Int64(text) ?? 86_400), longest)
    }
    guard let moment = date(text, now: now) else { return nil }
    // A date has no fractions: the end of its second is meant, or may be.
    return min(max(moment - now + .seconds(1), .zero), longest)
  }

  /// Reads a date against the answer's own `Date`, where it has one: both are the server's clock.
  package static func of(_ response: HTTPResponse, now: Instant) -> Duration? {
    guard let text = response["Retry-After"] else { return nil }
    return parse(text, now: response["Date"].flatMap { date($0, now: now) } ?? now)
  }

  /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
  package static func date(_ text: String, now: Instant) -> Instant? {
    let words = text.split { $0 == " " || $0 == "-" || $0 == "," }.map(String.init)
    if words.count == 6, words[5] == "GMT" {
      guard words[1].utf8.count == 2 else { return nil }
      let year = number(words[3]).map { words[3].utf8.count == 2 ? century($0, now) : $0 }
      return instant(year: year, month: words[2], day: words[1], time: words[4])
    }
    guard words.count == 5 else { return nil }
    return instant(year: number(words[4]), month: words[1], day: words[2], time: words[3])
  }

  /// A two-digit year more than 50 years ahead is the past one with those digits.
  private static func century(_ year: Int, _ now: Instant) -> Int {
    let current = 1970 + Int(now.seconds / 31_556_952)
    let candidate = current - current % 100 + year
    return candidate > current + 50 ? candidate - 100 : candidate
  }

  private static func instant(year: Int?, month: String, day: String, time: String) -> Instant? {
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
    guard let year, (1970...9999).contains(year), let month = months.firstIndex(of: month),
      let day = number(day), (1...31).contains(day), clock.count == 3,
      let hours = clock[0], let minutes = clock[1], let seconds = clock[2],
      hours < 24, minutes < 60, seconds <= 60
    else { return nil }
    let days = days(year: year, month: month + 1, day: day)
    return Instant(seconds: Int64(days * 86_400 + hours * 3600 + minutes * 60 + seconds))
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Days since 1970-01-01; a year begins in March here, so the leap day is its last.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }

  private static func number(_ text: some StringProtocol) -> Int? {
    guard text.utf8.count <= 4, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int(text)
  }
}
