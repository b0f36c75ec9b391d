import Core

/// How much a service takes from one identity in the long run, and what of it may be spent now.
///
/// - Shape: no bound before the first refusal. Then 96 % of what had gone through until it, and more
///   with time: 1.5 % after five minutes, 4.5 % after ten, 10.5, 22.5, 46.5; no bound after an hour. Ten
///   seconds' worth can be saved up, and what a request took more than was foreseen is owed.
/// - Units: requests, or seconds of work.
struct LearnedRate: Sendable, Equatable {
  /// A second; zero: not yet.
  var learned = 0.0
  var learnedAt = Instant(milliseconds: 0)
  var credit = 0.0
  var creditAt = Instant(milliseconds: 0)

  /// - Parameter floor: below it somebody else uses the same identity, and a rate says nothing.
  mutating func learn(from rate: Double, floor: Double, at now: Instant) {
    learned = max(rate * 0.96, floor)
    (learnedAt, credit, creditAt) = (now, 0, now)
  }

  /// Nil: no bound.
  func perSecond(at now: Instant) -> Double? {
    let windows = (now - learnedAt).inSeconds / 300
    guard learned > 0, windows < 12 else { return nil }
    let whole = Int(windows)
    let doubled = Double(1 << whole) * (1 + windows - Double(whole))
    return learned * (1 + 0.015 * (doubled - 1))
  }

  /// How long until something may be spent.
  mutating func wait(at now: Instant) -> Duration {
    guard let rate = perSecond(at: now) else { return .zero }
    credit = min(credit + rate * (now - creditAt).inSeconds, rate * 10)
    creditAt = now
    // Rounded up: a clock that counts milliseconds is not to be asked twice.
    return credit >= 0 ? .zero : .milliseconds(Int64(-credit / rate * 1000) + 1)
  }

  /// - Parameter amount: negative: given back.
  mutating func spend(_ amount: Double) {
    if learned > 0 { credit -= amount }
  }
}
