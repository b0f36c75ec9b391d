import Core
import HTTP
import Synchronization
import TestSupport

@testable import Sandbox

/// The service protection limits of the stand-in, on requests that take modelled time.
final class ModelledService: Sendable {
  struct Model: Sendable {
    /// What a request makes the service work.
    var milliseconds: Range<Int>
    /// On the wire, there and back.
    var roundTrip = 60
    /// Servers are drawn and do not take turns.
    var isUneven = false
    var knobs = DataverseKnobs()
  }

  private struct State: Sendable {
    var limits = ServiceLimits()
    var dice: SeededGenerator
    /// By client: until when it knows that it is to wait.
    var closedUntil: [String: Instant] = [:]
    var early = 0
  }

  private let model: Model
  private let clock: SimulatedClock
  private let state: Mutex<State>

  init(_ model: Model, clock: SimulatedClock, seed: UInt64) {
    (self.model, self.clock) = (model, clock)
    state = Mutex(State(dice: SeededGenerator(seed: seed)))
  }

  /// Since the last reset.
  var meter: LimitMeter { state.withLock { $0.limits.meter(model.knobs) } }
  func resetMeter() { state.withLock { $0.limits.resetMeter() } }

  /// Requests that left while their client had heard that it was to wait, ever.
  var early: Int { state.withLock { $0.early } }

  /// The way of one identity to it.
  func transport(of client: String) -> any Transport { Way(service: self, client: client) }

  private struct Way: Transport {
    let service: ModelledService
    let client: String

    func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
      await service.answer(client)
    }
  }

  private func answer(_ client: String) async -> HTTPResponse {
    let (way, sent) = (Duration.milliseconds(model.roundTrip / 2), clock.now)
    state.withLock { state in
      if let end = state.closedUntil[client], sent < end { state.early += 1 }
    }
    await clock.sleep(way)
    var response = await serve(client)
    await clock.sleep(way)
    response.headers.append(HTTPHeader("x-ms-dop-hint", String(model.knobs.dopHint)))
    guard let wait = RetryAfter.of(response, now: clock.now) else { return response }
    let end = clock.now + wait
    state.withLock { $0.closedUntil[client] = max($0.closedUntil[client] ?? end, end) }
    return response
  }

  private func serve(_ client: String) async -> HTTPResponse {
    let knobs = model.knobs
    let (lane, refusal, work) = state.withLock { state in
      let turn = state.limits.nextServer(for: client, of: knobs.servers)
      let server = model.isUneven ? state.dice.below(knobs.servers) : turn
      let lane = ServiceLimits.Lane(client: client, server: server)
      let now = clock.now
      let refusal = state.limits.refusal(of: lane, at: now, arrival: now, knobs)
      if refusal == nil { state.limits.enter(lane, at: now) }
      let work = model.milliseconds.lowerBound + state.dice.below(model.milliseconds.count)
      return (lane, refusal, work)
    }
    if let refusal { return refusal }
    await clock.sleep(.milliseconds(work))
    state.withLock {
      $0.limits.leave(lane, cost: work, underWay: .milliseconds(work), at: clock.now)
    }
    return HTTPResponse(200)
  }
}
