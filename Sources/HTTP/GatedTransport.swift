import Core

/// Sends the requests of one identity: never before its gate opens, never more than its permits.
///
/// A 429, and a 503 that says when to come back, was not executed: the gate is closed for that long
/// and the request goes again, however often, until it is answered otherwise or time is up.
package struct GatedTransport: Transport {
  /// The limit that a refusal names; nil: none, or one that it does not know.
  package typealias LimitReader = @Sendable (HTTPResponse) -> ServiceLimit?

  private let inner: any Transport
  private let gate: any Gate
  private let permits: Permits
  private let patience: Patience
  private let meter: TrafficMeter?
  private let limit: LimitReader
  /// Where the service does not say how long.
  private let unsaid: Backoff

  /// - Parameter meter: told how long requests wait for the gate, or for what the service takes.
  package init(
    _ inner: any Transport, gate: any Gate, permits: Permits, patience: Patience,
    meter: TrafficMeter? = nil, limit: @escaping LimitReader = { _ in nil },
    unsaid: Backoff = Backoff(base: .seconds(5), cap: .seconds(300))
  ) {
    (self.inner, self.gate, self.permits, self.patience) = (inner, gate, permits, patience)
    (self.meter, self.limit, self.unsaid) = (meter, limit, unsaid)
  }

  package func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    var refusals = 0
    while true {
      let permit = try await enter()
      switch await attempt(request, permit, after: refusals) {
      case .answered(let answer): return try answer.get()
      case .refused: refusals += 1
      }
    }
  }

  /// The gate is looked at with the permit in hand, so that nothing comes between the look and the
  /// request; it is waited for without, since others have to hear of a stop or a deadline meanwhile.
  private func enter() async throws(TransportFailure) -> Permits.Permit {
    do throws(SyncError) {
      while true {
        try await waitForGate()
        let permit = try await permits.take(patience, meter: meter)
        guard try await gate.closedUntil(patience.clock.now) != nil else { return permit }
        await permits.give(back: permit, .unused)
      }
    } catch {
      throw TransportFailure(.cancelled, code: "gate", cause: error)
    }
  }

  private func waitForGate() async throws(SyncError) {
    try patience.checkStop()
    guard try await gate.closedUntil(patience.clock.now) != nil else { return }
    await meter?.waitBegan(at: patience.clock.uptime)
    do throws(SyncError) {
      try await gate.wait(patience)
      await meter?.waitEnded(at: patience.clock.uptime)
    } catch {
      await meter?.waitEnded(at: patience.clock.uptime)
      throw error
    }
  }

  private func attempt(
    _ request: HTTPRequest, _ permit: Permits.Permit, after refusals: Int
  ) async -> Outcome {
    let sent: Result<HTTPResponse, TransportFailure>
    do throws(TransportFailure) {
      sent = .success(try await inner.send(request))
    } catch {
      sent = .failure(error)
    }
    guard case .success(let response) = sent else {
      await permits.give(back: permit, .failed)
      return .answered(sent)
    }
    guard let asked = closing(response, after: refusals) else {
      let hint = response["x-ms-dop-hint"].flatMap { Int($0) }
      await permits.give(back: permit, .answered(hint: hint))
      return .answered(sent)
    }
    do throws(SyncError) {
      let wait = try await permits.refused(permit, by: limit(response), asked: asked)
      try await gate.close(until: patience.clock.now + wait)
      await permits.give(back: permit, .unused)
      return .refused
    } catch {
      await permits.give(back: permit, .unused)
      return .answered(.failure(TransportFailure(.cancelled, code: "gate", cause: error)))
    }
  }

  private func closing(_ response: HTTPResponse, after refusals: Int) -> Duration? {
    guard response.status == 429 || response.status == 503 else { return nil }
    if let said = RetryAfter.of(response, now: patience.clock.now) { return max(said, .seconds(1)) }
    return response.status == 429 ? unsaid.ceiling(after: refusals + 1) : nil
  }

  private enum Outcome {
    case answered(Result<HTTPResponse, TransportFailure>), refused
  }
}
