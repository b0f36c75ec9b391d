import Core
import Sandbox
import Testing

@Suite("Time zones of exports")
struct ZoneRulesTests {
  @Test("Summer and winter have their offsets, before and after")
  func offsets() throws {
    let paris = try ZoneRules.named("Europe/Paris")
    #expect(paris.offset(at: 1_768_000_000) == 3600)
    #expect(paris.offset(at: 1_782_000_000) == 7200)
    #expect(try ZoneRules.named("Asia/Kolkata").offset(at: 1_768_000_000) == 19_800)
    #expect(try ZoneRules.named("America/New_York").offset(at: 1_768_000_000) == -18_000)
    #expect(try ZoneRules.named("UTC").offset(at: 0) == 0)
  }

  static let local: [(text: String, moments: [String])] = [
    ("2026-03-29T01:59:59Z", ["2026-03-29T00:59:59Z"]), ("2026-03-29T02:30:00Z", []),
    ("2026-03-29T03:00:00Z", ["2026-03-29T01:00:00Z"]),
    ("2026-10-25T02:30:00Z", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]),
    ("2026-10-25T03:00:00Z", ["2026-10-25T02:00:00Z"]),
  ]

  @Test("A clock's text means one moment, two in autumn, none in spring", arguments: local)
  func moments(text: String, moments: [String]) throws {
    let paris = try ZoneRules.named("Europe/Paris")
    let seconds = try #require(CalendarText.parse(moment: text))
    #expect(paris.moments(local: seconds).map { CalendarText.moment($0) } == moments)
  }

  @Test("A zone that is not there is said", arguments: ["Mars/Olympus", "../../etc/passwd", ""])
  func unknown(name: String) {
    #expect(throws: SyncError.self) { try ZoneRules.named(name) }
  }
}
