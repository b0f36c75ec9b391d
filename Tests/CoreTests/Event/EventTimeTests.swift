import Foundation
import Testing

@testable import Core

@Suite struct EventTimeTests {
  static func zone(_ name: String) throws -> TimeZoneRules {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)"))
    return try #require(TimeZoneRules(file: Array(bytes)))
  }

  static let right: [(text: String, seconds: Int64)] = [
    ("2026-02-03 08:40:12.000Z", 1_770_108_012), ("2026-02-03T08:40:12.999Z", 1_770_108_012),
    ("2026-02-03 08:40:12Z", 1_770_108_012), ("2026/02/03 08:40:12Z", 1_770_108_012),
    ("2026-02-03T09:40:12+01:00", 1_770_108_012), ("2026-02-03", 1_770_076_800),
    ("2026-02-03 00:00:00", 1_770_076_800), ("1970-01-01 00:00:00", 0),
    ("1969-12-31 23:59:59", -1), ("2024-02-29T12:00:00Z", 1_709_208_000),
  ]

  @Test(arguments: right)
  func timesAreRead(text: String, seconds: Int64) {
    #expect(EventTime(text, .utc) == .at(Instant(seconds: seconds)))
  }

  @Test(arguments: [
    "", "soon", "31.12.2026", "2026-02-30 25:61:00.000Z", "2026-02-29 10:00:00", "20260203",
    "2026-02-03 24:00:00", "2026-02-03 08:40", "2026-02-03 08:40:12 CET",
  ])
  func whatIsNoTimeIsUnreadable(text: String) {
    #expect(EventTime(text, .utc) == .unreadable)
  }

  /// Paris: on 2026-03-29 the clocks went from 2:00 to 3:00, on 2026-10-25 from 3:00 back to 2:00.
  @Test func aZoneSkipsAnHourInSpringAndShowsOneTwiceInAutumn() throws {
    let paris = try Self.zone("Europe/Paris")
    func seconds(_ text: String) -> Int64? {
      if case .at(let instant) = EventTime(text, paris) { instant.seconds } else { nil }
    }
    #expect(EventTime("2026-03-29 01:59:59", paris) == .at(Instant(seconds: 1_774_745_999)))
    #expect(EventTime("2026-03-29 02:00:00", paris) == .skipped)
    #expect(EventTime("2026-03-29 02:59:59", paris) == .skipped)
    #expect(EventTime("2026-03-29 03:00:00", paris) == .at(Instant(seconds: 1_774_746_000)))
    #expect(EventTime("2026-10-25 02:30:00", paris) == .at(Instant(seconds: 1_792_888_200)))
    #expect(seconds("2026-10-25 01:30:00") == 1_792_884_600)
    #expect(seconds("2026-10-25 03:00:00") == 1_792_893_600)
    #expect(EventTime("2026-03-29 02:30:00Z", paris) == .at(Instant(seconds: 1_774_751_400)))
  }
}
