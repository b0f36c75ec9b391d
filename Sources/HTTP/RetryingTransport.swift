import Core

/// Tries again what may be tried again: the one place that decides it.
///
/// | What happened | Tried again |
/// |---|---|
/// | no connection: not sent | always |
/// | broken or out of time after it was sent; 408, 502, 503, 504 | idempotent requests only |
/// | anything else | never |
///
/// A request that is not idempotent and whose fate is unknown comes back as it ended: a `.broken`
/// failure, or the gateway's answer. The caller looks before it repeats.
package struct RetryingTransport: Transport {
  private let inner: any Transport
  private let patience: Patience
  private let attempts: Int
  private let backoff: Backoff
  private let mayPass: @Sendable (HTTPResponse) -> Bool

  /// - Parameter attempts: the first one counts.
  /// - Parameter mayPass: true of an answer that another attempt may better; nil: by the statuses
  ///   above. A service whose statuses do not say it judges by the body.
  package init(
    _ inner: any Transport, patience: Patience, attempts: Int = 6, backoff: Backoff = Backoff(),
    mayPass: (@Sendable (HTTPResponse) -> Bool)? = nil
  ) {
    (self.inner, self.patience, self.attempts, self.backoff) = (inner, patience, attempts, backoff)
    self.mayPass = mayPass ?? { Self.passing.contains($0.status) }
  }

  package func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    var failures = 0
    while true {
      do throws(TransportFailure) {
        let response = try await inner.send(request)
        guard request.isIdempotent, mayPass(response) else { return response }
        guard try await pause(after: &failures) else { return response }
      } catch {
        guard Self.mayRepeat(request, after: error) else { throw error }
        guard try await pause(after: &failures) else { throw error }
      }
    }
  }

  private static let passing: Set<Int> = [408, 502, 503, 504]

  private static func mayRepeat(_ request: HTTPRequest, after failure: TransportFailure) -> Bool {
    if failure.cause != nil { return false }
    switch failure.kind {
    case .unreachable: return true
    case .broken: return request.isIdempotent
    case .untrusted, .tooLarge, .refused, .cancelled: return false
    }
  }

  /// False where there is no attempt, or no time, left for another one.
  private func pause(after failures: inout Int) async throws(TransportFailure) -> Bool {
    failures += 1
    let clock = patience.clock
    let moment = clock.now + backoff.delay(after: failures, random: clock.random())
    guard failures < attempts, patience.allows(moment) else { return false }
    do {
      try await patience.sleep(until: moment)
    } catch {
      throw TransportFailure(.cancelled, code: "backoff", cause: error)
    }
    return true
  }
}
