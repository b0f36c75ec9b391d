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

  @Test("Waits at the same time count once, and one that goes on counts too")
  func waits() async {
    let meter = TrafficMeter()
    await meter.waitBegan(at: .seconds(1))
    await meter.waitBegan(at: .seconds(2))
    #expect(await meter.traffic(at: .seconds(4)).waited == .seconds(3))
    await meter.waitEnded(at: .seconds(5))
    await meter.waitEnded(at: .seconds(7))
    #expect(await meter.traffic(at: .seconds(60)).waited == .seconds(6))
    await meter.waitBegan(at: .seconds(61))
    #expect(await meter.traffic(at: .seconds(62)).waited == .seconds(7))
  }
}
