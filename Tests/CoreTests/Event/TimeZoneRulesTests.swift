import Foundation
import Testing

@testable import Core

@Suite struct TimeZoneRulesTests {
  /// Half a century in steps that meet every hour of the day, against the system's own reading.
  @Test(arguments: [
    "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo",
    "Africa/Casablanca", "Europe/Dublin", "Pacific/Apia", "UTC",
  ])
  func offsetsAreThoseOfTheSystem(name: String) throws {
    let rules = try EventTimeTests.zone(name)
    let zone = try #require(TimeZone(identifier: name))
    for seconds in stride(from: Int64(0), to: 2_100_000_000, by: 86_400 * 3 + 3_607) {
      let date = Date(timeIntervalSince1970: TimeInterval(seconds))
      #expect(rules.offset(at: seconds) == Int64(zone.secondsFromGMT(for: date)), "\(seconds)")
    }
  }

  @Test func theRuleOfTheFooterGoesOnForEver() throws {
    let paris = try #require(YearlyClockRule(Array("CET-1CEST,M3.5.0,M10.5.0/3".utf8)))
    let rules = try EventTimeTests.zone("Europe/Paris")
    for seconds in stride(from: Int64(1_000_000_000), to: 2_100_000_000, by: 86_400 + 3_607) {
      #expect(paris.offset(at: seconds) == rules.offset(at: seconds), "\(seconds)")
    }
    // 2060-07-01 and 2060-12-01, behind the last change of any zone file.
    #expect(rules.offset(at: 2_855_779_200) == 7200)
    #expect(rules.offset(at: 2_868_998_400) == 3600)
  }

  @Test(arguments: [
    ("UTC0", 1_770_000_000, 0), ("<+0530>-5:30", 1_770_000_000, 19_800),
    ("EST5EDT,M3.2.0,M11.1.0", 1_770_000_000, -18_000),
    ("EST5EDT,M3.2.0,M11.1.0", 1_784_000_000, -14_400),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_770_000_000, 39_600),
    ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_784_000_000, 36_000),
    ("XXX3YYY,J60/0,300/-1", 1_784_000_000, -7_200),
  ])
  func rulesAreRead(text: String, seconds: Int64, offset: Int64) throws {
    let rule = try #require(YearlyClockRule(Array(text.utf8)))
    #expect(rule.offset(at: seconds) == offset)
  }

  @Test(arguments: ["", "C", "CET", "CET-1CEST,M3", "CET-1CEST,M13.1.0,M10.5.0", "CET-1CEST"])
  func whatIsNoRuleIsNil(text: String) {
    #expect(YearlyClockRule(Array(text.utf8)) == nil)
  }

  @Test func whatIsNoZoneFileIsNil() throws {
    #expect(TimeZoneRules(file: []) == nil)
    #expect(TimeZoneRules(file: Array("TZif".utf8)) == nil)
    let bytes = Array(
      try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/Europe/Paris")))
    for count in [43, 44, 60, 200, 1000, 1500] where count < bytes.count {
      _ = TimeZoneRules(file: Array(bytes.prefix(count)))
    }
  }
}
