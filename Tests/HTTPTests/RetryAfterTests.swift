import Core
import Testing

@testable import HTTP

struct RetryAfterTests {
  /// 1994-11-06 08:49:07 GMT, thirty seconds before the date of the RFC's examples.
  static let now = Instant(seconds: 784_111_747)

  @Test(
    "Seconds and the three date forms are read, a date to the end of its second",
    arguments: [
      ("0", 0), ("7", 7), (" 120\t", 120), ("99999999999999999999", 86_400),
      ("Sun, 06 Nov 1994 08:49:37 GMT", 31),
      ("Sunday, 06-Nov-94 08:49:37 GMT", 31),
      ("Sun Nov  6 08:49:37 1994", 31),
      ("Sun, 06 Nov 1994 08:49:00 GMT", 0),
      ("Sun, 06 Nov 2094 08:49:37 GMT", 86_400),
    ])
  func reads(text: String, seconds: Int) {
    #expect(RetryAfter.parse(text, now: Self.now) == .seconds(seconds))
  }

  @Test(
    "Anything else is no time",
    arguments: [
      "", "soon", "-1", "1.5", "12s", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT",
      "Sun, 06 Nov 1994 08:49 GMT",
    ])
  func refuses(text: String) {
    #expect(RetryAfter.parse(text, now: Self.now) == nil)
  }

  @Test(
    "Days are counted through leap years",
    arguments: [
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
      ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
      ("Sat, 21 Nov 2026 16:45:40 GMT", 1_795_279_540),
    ])
  func countsDays(text: String, seconds: Int64) {
    #expect(RetryAfter.date(text, now: Self.now) == Instant(seconds: seconds))
  }

  @Test("A date is held against the server's own clock")
  func usesTheServersClock() {
    let response = HTTPResponse(
      429,
      headers: [
        HTTPHeader("date", "Sun, 06 Nov 1994 10:00:00 GMT"),
        HTTPHeader("retry-after", "Sun, 06 Nov 1994 10:00:05 GMT"),
      ])
    #expect(RetryAfter.of(response, now: Self.now) == .seconds(6))
    #expect(RetryAfter.of(HTTPResponse(429), now: Self.now) == nil)
  }
}
