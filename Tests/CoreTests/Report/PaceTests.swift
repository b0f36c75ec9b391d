import Core
import Testing

@Suite struct PaceTests {
  private func at(_ seconds: Double) -> Duration { .seconds(1000) + .seconds(seconds) }

  @Test("What was done before it began is not counted")
  func ofThisPhase() {
    var pace = Pace(from: 900_000, at: at(0))
    #expect(pace.perSecond == 0 && pace.left(until: 1_000_000) == nil)
    pace.note(901_000, at: at(2))
    #expect(pace.perSecond == 500)
    #expect(pace.left(until: 1_000_000) == .seconds(198))
    #expect(pace.left(until: 10) == .zero)
  }

  @Test("Less than a second counts as one")
  func begins() {
    var pace = Pace(at: at(0))
    pace.note(40, at: at(0.01))
    #expect(pace.perSecond == 40)
  }

  @Test("A pause is seen in it while it lasts, and forgotten a minute later")
  func pause() {
    var pace = Pace(at: at(0))
    for second in 1...60 { pace.note(second * 100, at: at(Double(second))) }
    #expect(pace.perSecond == 100)
    for second in 61...90 { pace.note(6000, at: at(Double(second))) }
    #expect(pace.perSecond == 50)
    for second in 91...120 { pace.note(6000, at: at(Double(second))) }
    #expect(pace.perSecond == 0 && pace.left(until: 10_000) == nil)
    for second in 121...180 { pace.note(6000 + (second - 120) * 300, at: at(Double(second))) }
    #expect(pace.perSecond == 300)
  }

  @Test("However often it is told, it remembers a mark for each second of a minute")
  func memory() {
    var pace = Pace(at: at(0))
    for step in 1...10_000 { pace.note(step, at: at(Double(step) / 50)) }
    #expect(abs(pace.perSecond - 50) < 1)
  }
}
