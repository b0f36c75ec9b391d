import Core
import Testing

@testable import Dataverse

@Suite struct InstantTextTests {
  static let moments: [(Int64, String)] = [
    (0, "1970-01-01T00:00:00Z"), (951_782_399_999, "2000-02-28T23:59:59Z"),
    (951_868_799_000, "2000-02-29T23:59:59Z"), (1_770_108_012_123, "2026-02-03T08:40:12Z"),
    (-1, "1969-12-31T23:59:59Z"), (-6_847_804_800_000, "1753-01-01T00:00:00Z"),
    (4_107_542_400_000, "2100-03-01T00:00:00Z"), (253_402_300_799_000, "9999-12-31T23:59:59Z"),
  ]

  @Test("Written in whole seconds of UTC, and read again", arguments: moments)
  func both(milliseconds: Int64, text: String) {
    let instant = Instant(milliseconds: milliseconds)
    #expect(InstantText.moment(instant) == text)
    #expect(InstantText.day(instant) == text.prefix(10))
    #expect(InstantText.read(text) == Instant(seconds: instant.seconds))
  }

  @Test(
    "Fractions are passed over; anything else is nothing",
    arguments: [
      ("2026-02-03T08:40:12.5Z", true), ("2026-02-03", false), ("soon", false),
      ("2026-13-03T08:40:12Z", false), ("2026-02-03T08:40:12+01:00", false),
    ])
  func read(text: String, isTime: Bool) {
    #expect((InstantText.read(text) != nil) == isTime)
  }
}
