import Core
import Testing

@testable import HTTP

struct SteeringTests {
  private let start = Instant(seconds: 1_736_069_400)

  /// One that has seen requests of so many seconds each, one after the other.
  private func used(_ seconds: Int, each duration: Duration) -> (Steering, Instant) {
    var steering = Steering()
    var now = start
    while now < start + .seconds(seconds) {
      now = now + duration
      let foreseen = steering.start()
      steering.end(after: duration, foreseen: foreseen, at: now)
    }
    return (steering, now)
  }

  private func refuse(
    _ steering: inout Steering, by limit: ServiceLimit?, of configured: Int = 16,
    at now: Instant
  ) -> Duration {
    steering.refuse(
      by: limit, epoch: steering.epoch, configured: configured, asked: .seconds(5), at: now)
  }

  @Test("What a refusal names is what is bounded from then on, at 96 % of what went through")
  func learns() {
    var (steering, now) = used(600, each: .milliseconds(50))
    #expect(steering.wait(at: now) == .zero)
    _ = refuse(&steering, by: .requests, at: now)
    #expect(abs((steering.requests.perSecond(at: now) ?? 0) - 19.2) < 0.1)
    #expect(steering.work.perSecond(at: now) == nil)
    _ = steering.start()
    // 19.2 a second: the next one in 53 milliseconds.
    #expect((50...55).contains(Int(steering.wait(at: now) / .milliseconds(1))))
  }

  @Test("The first of a service is not taken for all that it allows")
  func learnsFromTheSpanThatItKnows() {
    var (steering, now) = used(20, each: .milliseconds(20))
    _ = refuse(&steering, by: .requests, at: now)
    #expect(abs((steering.requests.perSecond(at: now) ?? 0) - 48) < 1)
  }

  @Test("Work is foreseen by what was usual, and settled when it is known")
  func settles() {
    var (steering, now) = used(600, each: .milliseconds(2500))
    for _ in 0..<4 { _ = steering.start() }
    _ = refuse(&steering, by: .work, at: now)
    // One at a time is less than half of what the documentation grants.
    #expect(steering.work.perSecond(at: now) == 2)
    let foreseen = steering.start()
    #expect(abs(foreseen - 2.5) < 0.01)
    #expect(steering.wait(at: now) == .milliseconds(1251))
    now = now + .seconds(10)
    steering.end(after: .seconds(22), foreseen: foreseen, at: now)
    let owed = Int(steering.wait(at: now) / .milliseconds(1))
    #expect((980...1001).contains(owed), "22 seconds of work, and a little over 20 were allowed")
  }

  @Test("A window that is full is asked less and less often, at most once a minute")
  func backsOff() {
    var (steering, now) = used(60, each: .milliseconds(50))
    var waits: [Duration] = []
    for _ in 0..<6 {
      waits.append(refuse(&steering, by: .work, at: now))
      now = now + .seconds(1)
    }
    #expect(waits == [5, 10, 20, 40, 60, 60].map { .seconds($0) })
    steering.answer(hint: nil, epoch: steering.epoch)
    #expect(refuse(&steering, by: .work, at: now) == .seconds(5))
    #expect(refuse(&steering, by: nil, at: now) == .seconds(5), "who knows what that one means")
  }

  @Test("After a refusal one goes first; an answer to a request from before it is no sign")
  func probes() {
    var steering = Steering()
    let before = steering.epoch
    _ = refuse(&steering, by: nil, at: start)
    #expect(steering.limit(of: 16, at: start) == 1)
    steering.answer(hint: nil, epoch: before)
    #expect(steering.limit(of: 16, at: start) == 1)
    _ = refuse(&steering, by: nil, at: start)
    steering.answer(hint: nil, epoch: steering.epoch)
    #expect(steering.limit(of: 16, at: start) == 8, "one that was refused alone halves nothing")
    #expect(steering.limit(of: 16, at: start + .seconds(30)) == 11)
  }

  @Test("Too many at once: an eighth fewer, one more every five minutes, and nobody goes first")
  func bounds() {
    var steering = Steering()
    #expect(refuse(&steering, by: .atOnce, of: 64, at: start) == .seconds(5))
    #expect(steering.limit(of: 64, at: start) == 56)
    _ = refuse(&steering, by: .atOnce, of: 64, at: start)
    #expect(steering.limit(of: 64, at: start) == 49)
    #expect(steering.limit(of: 64, at: start + .seconds(601)) == 51)
    for _ in 0..<60 { _ = refuse(&steering, by: .atOnce, of: 64, at: start) }
    #expect(steering.limit(of: 64, at: start) == 1)
  }

  @Test("What was learned comes back from its words")
  func writesItself() {
    var (steering, now) = used(700, each: .milliseconds(123))
    #expect(Steering(steering.words, at: now) == steering)
    steering.hint = 7
    steering.ticket = 9
    _ = refuse(&steering, by: .work, at: now)
    _ = refuse(&steering, by: .requests, at: now)
    _ = refuse(&steering, by: .atOnce, at: now)
    steering.answer(hint: nil, epoch: 1)
    _ = steering.start()
    #expect(Steering(steering.words, at: now) == steering)
    var words = steering.words
    words[0] += 1
    #expect(Steering(words, at: now) == Steering(), "of another version")
    #expect(Steering([], at: now) == Steering())
  }

  @Test("A clock that was set back wedges nothing")
  func survivesAClockSetBack() {
    var (steering, now) = used(600, each: .milliseconds(50))
    _ = refuse(&steering, by: .requests, at: now)
    steering.answer(hint: nil, epoch: steering.epoch)
    for _ in 0..<19 { _ = steering.start() }
    let early = start + .seconds(-86_400)
    var back = Steering(steering.words, at: early)
    #expect(back.limit(of: 16, at: early) == 8)
    #expect(back.wait(at: early) <= .seconds(1))
    #expect(back.limit(of: 16, at: early + .seconds(80)) == 16)
    back.end(after: .seconds(1), foreseen: 1, at: early)
    #expect(back.uses.rates(at: early).requests == 1, "what is of another time is forgotten")
  }
}
