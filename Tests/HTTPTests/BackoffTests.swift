import Core
import Testing

@testable import HTTP

struct BackoffTests {
  private let backoff = Backoff(base: .seconds(1), cap: .seconds(10))

  @Test(
    "The ceiling doubles up to the cap",
    arguments: [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (100_000, 10)])
  func doubles(failures: Int, seconds: Int) {
    #expect(backoff.ceiling(after: failures) == .seconds(seconds))
  }

  @Test("The jitter covers everything from nothing to the ceiling")
  func jitters() {
    #expect(backoff.delay(after: 3, random: 0) == .zero)
    #expect(backoff.delay(after: 3, random: 4_000_000) == .seconds(4))
    #expect(backoff.delay(after: 3, random: 4_000_001) == .zero)
    #expect(backoff.delay(after: 3, random: .max) <= .seconds(4))
  }
}
