import Core
import TestSupport
import Testing

@testable import HTTP

struct RetryingTransportTests {
  enum End: Sendable, Equatable { case answer(Int), failure(TransportFailure.Kind) }

  static func result(_ end: End) -> Result<HTTPResponse, TransportFailure> {
    switch end {
    case .answer(let status): .success(HTTPResponse(status))
    case .failure(let kind): .failure(TransportFailure(kind, code: "test"))
    }
  }

  @Test(
    "What is tried again, by class",
    arguments: [
      (End.answer(502), true, 6), (.answer(503), true, 6), (.answer(504), true, 6),
      (.answer(408), true, 6), (.answer(500), true, 1), (.answer(404), true, 1),
      (.answer(503), false, 1), (.failure(.unreachable), true, 6),
      (.failure(.unreachable), false, 6), (.failure(.broken), true, 6),
      (.failure(.broken), false, 1), (.failure(.untrusted), true, 1),
      (.failure(.tooLarge), true, 1), (.failure(.refused), true, 1),
      (.failure(.cancelled), true, 1),
    ])
  func repeats(end: End, isIdempotent: Bool, attempts: Int) async {
    let clock = FakeClock()
    let far = ScriptedTransport(clock: clock, [Self.result(end)])
    let transport = RetryingTransport(far, patience: Patience(clock: clock))
    let request = HTTPRequest("PUT", "https://h/", isIdempotent: isIdempotent)
    let final: End
    do throws(TransportFailure) {
      final = .answer(try await transport.send(request).status)
    } catch {
      final = .failure(error.kind)
    }
    #expect(final == end)
    #expect(far.arrivals.count == attempts)
  }

  @Test("The second try may succeed")
  func succeedsLater() async throws {
    let clock = FakeClock()
    let far = ScriptedTransport(
      clock: clock, [Self.result(.failure(.broken)), Self.result(.answer(200))])
    let transport = RetryingTransport(far, patience: Patience(clock: clock))
    #expect(try await transport.send(HTTPRequest("GET", "https://h/")).status == 200)
    #expect(clock.uptime <= .milliseconds(500))
  }

  @Test("No attempt is made past the deadline")
  func obeysTheDeadline() async throws {
    let clock = FakeClock()
    let far = ScriptedTransport(clock: clock, [Self.result(.answer(503))])
    let transport = RetryingTransport(
      far, patience: Patience(clock: clock, deadline: clock.now), attempts: 1000)
    #expect(try await transport.send(HTTPRequest("GET", "https://h/")).status == 503)
    #expect(far.arrivals.count < 10)
  }

  @Test("A failure that a wrapper has words for is passed on")
  func passesCausesOn() async {
    let clock = FakeClock()
    let failure = TransportFailure(.unreachable, code: "x", cause: .stopped)
    let far = ScriptedTransport(clock: clock, [.failure(failure)])
    let transport = RetryingTransport(far, patience: Patience(clock: clock))
    await #expect(throws: failure) { try await transport.send(HTTPRequest("GET", "https://h/")) }
    #expect(far.arrivals.count == 1)
  }

  @Test("GET and HEAD may be repeated unless said otherwise")
  func knowsIdempotentMethods() {
    #expect(HTTPRequest("GET", "").isIdempotent)
    #expect(HTTPRequest("HEAD", "").isIdempotent)
    #expect(!HTTPRequest("POST", "").isIdempotent)
    #expect(HTTPRequest("PATCH", "", isIdempotent: true).isIdempotent)
  }
}
