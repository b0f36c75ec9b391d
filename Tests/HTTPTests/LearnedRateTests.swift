import Core
import Testing

@testable import HTTP

struct LearnedRateTests {
  private let start = Instant(seconds: 1_736_069_400)

  private func learned(_ rate: Double) -> LearnedRate {
    var learned = LearnedRate()
    learned.learn(from: rate, floor: 10, at: start)
    return learned
  }

  @Test("Without a refusal there is no bound")
  func isOpenAtFirst() {
    var rate = LearnedRate()
    rate.spend(1000)
    #expect(rate.wait(at: start) == .zero)
    #expect(rate.perSecond(at: start) == nil)
  }

  @Test(
    "It grows with time, the faster the longer nothing was refused",
    arguments: [
      (0, 96.0), (300, 97.4), (450, 98.9), (600, 100.3), (900, 106.1), (1200, 117.6),
      (1500, 140.6), (3599, 5983.0),
    ])
  func grows(seconds: Int64, rate: Double) throws {
    let now = try #require(learned(100).perSecond(at: start + .seconds(seconds)))
    #expect(abs(now / rate - 1) < 0.001, "\(now)")
  }

  @Test("After an hour it is forgotten")
  func isForgotten() {
    #expect(learned(100).perSecond(at: start + .seconds(3600)) == nil)
  }

  @Test("It never falls below what the documentation makes likely")
  func hasAFloor() {
    #expect(learned(0.5).perSecond(at: start) == 10)
  }

  @Test("Evenly; ten seconds' worth can be saved up, and no more")
  func spends() {
    var rate = learned(20)
    var (now, starts) = (start, 0)
    while now < start + .seconds(10) {
      while rate.wait(at: now) == .zero {
        rate.spend(1)
        starts += 1
      }
      now = now + rate.wait(at: now)
    }
    #expect((192...194).contains(starts))
    now = now + .seconds(200)
    starts = 0
    while rate.wait(at: now) == .zero {
      rate.spend(1)
      starts += 1
    }
    #expect((190...200).contains(starts))
  }
}
