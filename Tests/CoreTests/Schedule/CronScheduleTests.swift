import Core
import Testing

@Suite struct CronScheduleTests {
  @Test(arguments: [
    (60, "* * * * *"), (900, "*/15 * * * *"), (1800, "*/30 * * * *"), (3600, "0 * * * *"),
    (7200, "0 */2 * * *"), (86_400, "0 5 * * *"),
  ])
  func aRhythmIsAsCronWritesIt(seconds: Int, fields: String) throws {
    #expect(try #require(CronSchedule(every: .seconds(seconds))).fields == fields)
  }

  @Test(arguments: [0, 30, 90, 7 * 60, 45 * 60, 90 * 60, 5 * 3600, 2 * 86_400])
  func whatCronCannotKeepIsRefused(seconds: Int) {
    #expect(CronSchedule(every: .seconds(seconds)) == nil)
  }

  @Test func theNextStartsAreWholeStepsOfLocalTime() throws {
    let quarter = try #require(CronSchedule(every: .seconds(900)))
    // 2026-11-21T16:40:03Z, in a zone of UTC+5:45.
    let now = Instant(seconds: 1_795_279_203)
    let starts = quarter.next(3, after: now) { _ in 20_700 }
    let steps: [Int64] = starts.map { ($0.seconds + 20_700) % 900 }
    #expect(steps == [0, 0, 0])
    let distances: [Int64] = starts.map { $0.seconds - starts[0].seconds }
    #expect(distances == [0, 900, 1800])
    #expect(starts[0] > now && starts[0].seconds - now.seconds <= 900)
  }

  @Test func aStartInHandIsNotTheNext() throws {
    let hourly = try #require(CronSchedule(every: .seconds(3600)))
    #expect(hourly.next(1, after: Instant(seconds: 7200)) { _ in 0 } == [Instant(seconds: 10_800)])
  }

  @Test func summerTimeMovesTheHoursOfALocalDay() throws {
    let daily = try #require(CronSchedule(every: .seconds(86_400)))
    // Clocks go forward at 01:00 UTC of the second day.
    let change: Int64 = 86_400 + 3600
    let starts = daily.next(3, after: Instant(seconds: 0)) { $0.seconds < change ? 3600 : 7200 }
    let expected: [Int64] = [14_400, 97_200, 183_600]
    #expect(starts.map(\.seconds) == expected)
  }

  @Test(arguments: [
    ("/etc/campaign-sync/jobs", "/etc/campaign-sync/jobs"), ("/a b", "'/a b'"),
    ("it's", "'it'\\''s'"), ("100%", "'100'\\%''"), ("", "''"),
  ])
  func aWordIsReadBackAsItWas(text: String, word: String) {
    #expect(CronSchedule.word(text) == word)
  }
}
