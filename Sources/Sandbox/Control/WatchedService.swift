import Core
import HTTP

/// Counts what comes and how it is answered, and who does not wait as long as it was asked to.
///
/// - Shape: goes around everything else, so that it sees planned faults too.
package actor WatchedService: SandboxService {
  private let inner: any SandboxService
  private let clock: SandboxClock
  private let identify: @Sendable (HTTPRequest) async -> String?
  /// `GET 200` -> how often; a connection that was broken off is `GET reset` or `GET cut`.
  private var answers: [String: Int] = [:]
  private var violations = 0
  /// By identity: since when, and until when it was asked to wait.
  private var blocked: [String: (since: Instant, until: Instant)] = [:]

  /// - Parameter identify: who asks, whatever token it is done with; nil: one who may always ask.
  package init(
    _ inner: any SandboxService, clock: SandboxClock,
    identify: @escaping @Sendable (HTTPRequest) async -> String? = { $0["Authorization"] }
  ) {
    (self.inner, self.clock, self.identify) = (inner, clock, identify)
  }

  package func answer(_ request: HTTPRequest) async -> SandboxAnswer {
    // Now, not when a busy service has said who asks.
    let now = clock.now
    let identity = await identify(request)
    if let identity, let block = blocked[identity] {
      // What was on its way when the wait was asked for is not impatience.
      if now < block.until, now - block.since > .milliseconds(500) { violations += 1 }
      if clock.now >= block.until { blocked[identity] = nil }
    }
    let answer = await inner.answer(request)
    switch answer {
    case .response(let response):
      count(request.method + " " + String(response.status))
      if let identity, response.status == 429 || response.status == 503 {
        block(identity, response)
      }
    case .cut: count(request.method + " cut")
    case .reset: count(request.method + " reset")
    }
    return answer
  }

  private func count(_ answer: String) { answers[answer, default: 0] += 1 }

  private func block(_ identity: String, _ response: HTTPResponse) {
    let now = clock.now
    guard let wait = RetryAfter.of(response, now: now) else { return }
    let until = now + wait
    let earlier = blocked[identity]
    blocked[identity] = (
      since: earlier.map { $0.until > now ? $0.since : now } ?? now,
      until: max(until, earlier?.until ?? until)
    )
  }

  package func reset() {
    answers = [:]
    violations = 0
  }

  package var json: JSONValue {
    [
      "answers": .object(
        answers.sorted { $0.key < $1.key }.map { .init($0.key, .number(String($0.value))) }),
      "retryAfterViolations": .number(String(violations)),
    ]
  }
}
