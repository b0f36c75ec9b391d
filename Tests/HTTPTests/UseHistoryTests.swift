import Core
import Testing

@testable import HTTP

struct UseHistoryTests {
  private let start = Instant(seconds: 1_736_069_400)

  @Test("Rates are those of the last five minutes, or of as much as there was")
  func tellsRates() {
    var history = UseHistory()
    for second in 1...60 { history.add(.milliseconds(1500), at: start + .seconds(second)) }
    var rates = history.rates(at: start + .seconds(60))
    #expect(abs(rates.requests - 1) < 0.05 && abs(rates.work - 1.5) < 0.05, "\(rates)")
    for second in 61...2000 { history.add(.milliseconds(500), at: start + .seconds(second)) }
    rates = history.rates(at: start + .seconds(2000))
    #expect(abs(rates.requests - 1) < 0.05 && abs(rates.work - 0.5) < 0.02, "\(rates)")
    rates = history.rates(at: start + .seconds(2150))
    #expect(abs(rates.requests - 0.5) < 0.05, "half of the time there was nothing: \(rates)")
  }

  @Test("What is too old, or of a time to come, is forgotten")
  func forgets() {
    var history = UseHistory()
    history.add(.seconds(1), at: start)
    #expect(history.rates(at: start + .seconds(301)).requests == 0)
    history.add(.seconds(1), at: start)
    #expect(history.rates(at: start + .seconds(-11)).requests == 0)
    #expect(history.rates(at: Instant(seconds: -5)).requests == 0, "before 1970")
  }
}
