import Core

/// Which of its limits a service says was exceeded.
package enum ServiceLimit: Sendable, Equatable {
  /// Too many in some minutes.
  case requests
  /// Too much work in some minutes.
  case work
  /// Too many under way together.
  case atOnce
}

/// What was learned of how much a service takes from one identity.
///
/// A refusal halves how many requests may be under way at once; one more every ten seconds after it.
/// When its wait is over one request goes alone, and the others follow when that one is answered.
/// A refusal that names its limit teaches more:
///
/// | Limit | What is learned |
/// |---|---|
/// | requests, work | the rate of the last five minutes (`LearnedRate`): from then on nearly what the service allows, evenly, with a refusal about every ten minutes, when the rate has grown past it |
/// | at once | an eighth fewer instead of half, and one more every five minutes; nothing is full, so nobody has to go first |
///
/// Nothing is steered by the headers that tell what is left: they speak of one server of several.
///
/// - Source: fact sheet 7; docs/decisions/0015-throttle-etiquette.md.
struct Steering: Sendable, Equatable {
  /// A number of requests at once that grows from a moment on; zero: no bound.
  struct Level: Sendable, Equatable {
    var count = 0
    var at = Instant(milliseconds: 0)

    func count(at now: Instant, every: Duration) -> Int {
      count == 0 ? .max : count + max(0, Int((now - at).inSeconds / every.inSeconds))
    }
  }

  /// How many refusals it knows: a storm of answers to one burst teaches once.
  var epoch = 0
  /// In a row.
  var refusals = 0
  /// One goes first.
  var isProbing = false
  /// `x-ms-dop-hint`; zero: none.
  var hint = 0
  /// The next one in the line of processes.
  var ticket = 0
  var eased = Level()
  var roof = Level()
  var requests = LearnedRate()
  var work = LearnedRate()
  /// What a request is taken to last, in seconds, until it has ended.
  var usual = 0.0
  var uses = UseHistory()
}

extension Steering {
  /// How many may be under way at once.
  ///
  /// - Parameter configured: the most that the operator allows.
  func limit(of configured: Int, at now: Instant) -> Int {
    if isProbing { return 1 }
    let bounds = [
      recommended(of: configured), eased.count(at: now, every: .seconds(10)),
      roof.count(at: now, every: .seconds(300)),
    ]
    return max(bounds.min() ?? 1, 1)
  }

  /// The same where nothing was refused.
  func recommended(of configured: Int) -> Int { hint > 0 ? min(hint, configured) : configured }

  /// How long until one more may start.
  mutating func wait(at now: Instant) -> Duration {
    max(requests.wait(at: now), work.wait(at: now))
  }

  /// - Returns: the work that is foreseen for it, in seconds.
  mutating func start() -> Double {
    requests.spend(1)
    work.spend(usual)
    return usual
  }

  /// It never left, or was refused.
  mutating func takeBack(_ foreseen: Double) {
    requests.spend(-1)
    work.spend(-foreseen)
  }

  mutating func end(after duration: Duration, foreseen: Double, at now: Instant) {
    let seconds = duration.inSeconds
    work.spend(seconds - foreseen)
    usual += (seconds - usual) / (usual == 0 ? 1 : 8)
    uses.add(duration, at: now)
  }

  /// - Parameter epoch: at the start of the request.
  mutating func answer(hint: Int?, epoch: Int) {
    if let hint, hint > 0 { self.hint = hint }
    if epoch == self.epoch { (isProbing, refusals) = (false, 0) }
  }

  /// - Parameter asked: how long the service asks to be left alone.
  /// - Returns: how long it is left alone.
  mutating func refuse(
    by limit: ServiceLimit?, epoch: Int, configured: Int, asked: Duration, at now: Instant
  ) -> Duration {
    guard epoch == self.epoch else { return asked }
    self.epoch += 1
    let standing = self.limit(of: configured, at: now)
    if limit == .atOnce {
      roof = Level(count: max(1, standing - max(1, standing / 8)), at: now)
      return asked
    }
    let rates = uses.rates(at: now)
    // Half of what the documentation grants on one server.
    if limit == .requests { requests.learn(from: rates.requests, floor: 10, at: now) }
    if limit == .work { work.learn(from: rates.work, floor: 2, at: now) }
    if !isProbing { eased = Level(count: max(1, standing / 2), at: now) }
    isProbing = true
    refusals += 1
    guard limit != nil else { return asked }
    // A window of minutes that is full stays full for a while: it is asked less and less often.
    return max(asked, Backoff(base: asked, cap: .seconds(60)).ceiling(after: refusals))
  }
}
