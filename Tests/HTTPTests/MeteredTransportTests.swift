import Core
import TestSupport
import Testing

@testable import HTTP

struct MeteredTransportTests {
  @Test("Every request that leaves is counted, whatever became of it")
  func counts() async throws {
    let clock = FakeClock()
    let meter = TrafficMeter()
    let far = ScriptedTransport(
      clock: clock,
      [
        .success(HTTPResponse(200, body: [1, 2, 3])), .success(HTTPResponse(429)),
        .failure(TransportFailure(.broken, code: "test")),
      ])
    let transport = MeteredTransport(far, meter: meter)
    for _ in 0..<3 {
      _ = try? await transport.send(HTTPRequest("POST", "https://h/", body: [9, 9]))
    }
    var expected = Traffic()
    (expected.requests, expected.received, expected.sent) = (3, 3, 6)
    (expected.throttled, expected.failed) = (1, 1)
    #expect(await meter.traffic(at: .zero) == expected)
  }
}
