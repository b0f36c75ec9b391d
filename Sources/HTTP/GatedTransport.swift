import Core

/// Sends the requests of one identity: never before its gate opens, never more than its permits.
///
/// A 429, and a 503 that says when to come back, was not executed: the gate is closed for that long
/// and the request goes again, however often, until it is answered otherwise or time is up.
package struct GatedTransport: Transport {
  private let inner: any Transport
  private let gate: any Gate
  private let permits: Permits
  private let patience: Patience
  private let meter: TrafficMeter?
  /// Where the service does not say how long.
  private let unsaid: Backoff

  /// - Parameter meter: told how long requests wait for the gate.
  package init(
    _ inner: any Transport, gate: any Gate, permits: Permits, patience: Patience,
    meter: TrafficMeter? = nil, unsaid: Backoff = Backoff(base: .seconds(5), cap: .seconds(300))
  ) {
    (self.inner, self.gate, self.permits) = (inner, gate, permits)
    (self.patience, self.meter, self.unsaid) = (patience, meter, unsaid)
  }

  package func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    var refusals = 0
    while true {
      guard let permit = await permits.take() else {
        throw TransportFailure(.cancelled, code: "permit", cause: .stopped)
      }
      let outcome = await attempt(request, after: refusals)
      await permits.give(back: permit, outcome.permit)
      switch outcome {
      case .answer(let response): return response
      case .failure(let failure): throw failure
      case .throttled: refusals += 1
      }
    }
  }

  /// The permit is held while the gate is waited for, so that nothing comes between the last look
  /// at the gate and the request.
  private func attempt(_ request: HTTPRequest, after refusals: Int) async -> Outcome {
    do {
      try await waitForGate()
    } catch {
      return .failure(TransportFailure(.cancelled, code: "gate", cause: error))
    }
    let response: HTTPResponse
    do throws(TransportFailure) {
      response = try await inner.send(request)
    } catch {
      return .failure(error)
    }
    guard let wait = closing(response, after: refusals) else { return .answer(response) }
    do {
      try await gate.close(until: patience.clock.now + wait)
    } catch {
      return .failure(TransportFailure(.cancelled, code: "gate", cause: error))
    }
    return .throttled
  }

  private func waitForGate() async throws(SyncError) {
    let clock = patience.clock
    guard let meter, let moment = try await gate.notBefore(), moment > clock.now else {
      return try await gate.wait(patience)
    }
    await meter.waitBegan(at: clock.uptime)
    do throws(SyncError) {
      try await gate.wait(patience)
    } catch {
      await meter.waitEnded(at: clock.uptime)
      throw error
    }
    await meter.waitEnded(at: clock.uptime)
  }

  private func closing(_ response: HTTPResponse, after refusals: Int) -> Duration? {
    guard response.status == 429 || response.status == 503 else { return nil }
    if let said = RetryAfter.of(response, now: patience.clock.now) { return max(said, .seconds(1)) }
    return response.status == 429 ? unsaid.ceiling(after: refusals + 1) : nil
  }

  private enum Outcome {
    case answer(HTTPResponse), failure(TransportFailure), throttled

    var permit: Permits.Outcome {
      switch self {
      case .answer(let response):
        .answered(hint: response["x-ms-dop-hint"].flatMap { Int($0) })
      case .failure: .failed
      case .throttled: .throttled
      }
    }
  }
}
