import Core
import TestSupport
import Testing

@testable import HTTP

struct GatedTransportTests {
  private let clock = FakeClock()
  private let request = HTTPRequest("POST", "https://service.example/x")

  private func gated(
    _ far: ScriptedTransport, _ gate: any Gate = MemoryGate(), permits: Permits? = nil,
    deadline: Instant? = nil, stop: @escaping @Sendable () -> Bool = { false }
  ) -> GatedTransport {
    GatedTransport(
      far, gate: gate, permits: permits ?? Permits(8, clock: clock),
      patience: Patience(clock: clock, deadline: deadline, stop: stop))
  }

  static func refusal(_ wait: String?, status: Int = 429) -> HTTPResponse {
    HTTPResponse(status, headers: wait.map { [HTTPHeader("Retry-After", $0)] } ?? [])
  }

  @Test("A storm with many callers: nothing leaves before the end of any wait")
  func survivesAStorm() async throws {
    let clock = clock
    let gate = MemoryGate()
    let far = ScriptedTransport(clock: clock) { _, number in
      number % 5 == 0 ? .success(Self.refusal("\(number)")) : .success(HTTPResponse(200))
    }
    let permits = Permits(8, clock: clock)
    let one = gated(far, gate, permits: permits)
    let other = gated(far, gate, permits: Permits(3, clock: clock))
    let request = request
    let answers = await oneAtATime {
      await withTaskGroup(of: Int?.self) { group in
        for caller in 0..<24 {
          group.addTask { try? await (caller % 2 == 0 ? one : other).send(request).status }
        }
        return await group.reduce(into: [Int?]()) { $0.append($1) }
      }
    }
    #expect(answers == Array(repeating: 200, count: 24))
    #expect(far.arrivals.count > 24)
    var closedUntil = Instant(seconds: 0)
    for (index, arrival) in far.arrivals.enumerated() where (index + 1) % 5 == 0 {
      // Those sent together with the refused one were under way; later moments must obey it.
      closedUntil = arrival.at + .seconds(index + 1)
      let early = far.arrivals.filter { $0.at > arrival.at && $0.at < closedUntil }
      #expect(early.isEmpty, "after refusal \(index + 1)")
    }
  }

  @Test("A refusal is repeated without an attempt limit, whatever the method")
  func repeatsWithoutLimit() async throws {
    let far = ScriptedTransport(clock: clock) { _, number in
      .success(number <= 50 ? Self.refusal("3") : HTTPResponse(204))
    }
    #expect(try await gated(far).send(request).status == 204)
    #expect(clock.uptime == .seconds(150))
  }

  @Test("Without Retry-After the wait grows")
  func growsWithoutRetryAfter() async throws {
    let far = ScriptedTransport(
      clock: clock,
      [.success(Self.refusal(nil)), .success(Self.refusal(nil)), .success(HTTPResponse(200))])
    _ = try await gated(far).send(request)
    #expect(clock.uptime == .seconds(5 + 10))
  }

  @Test("How long the gate was waited for is counted")
  func countsTheWait() async throws {
    let meter = TrafficMeter()
    let far = ScriptedTransport(
      clock: clock, [.success(Self.refusal("30")), .success(HTTPResponse(200))])
    let transport = GatedTransport(
      far, gate: MemoryGate(), permits: Permits(8, clock: clock),
      patience: Patience(clock: clock, deadline: nil, stop: { false }), meter: meter)
    _ = try await transport.send(request)
    #expect(await meter.traffic(at: clock.uptime).waited == .seconds(30))
    _ = try await transport.send(request)
    #expect(await meter.traffic(at: clock.uptime).waited == .seconds(30))
  }

  @Test("503 closes the gate only where it says for how long")
  func reads503() async throws {
    let mute = ScriptedTransport(clock: clock, [.success(Self.refusal(nil, status: 503))])
    #expect(try await gated(mute).send(request).status == 503)
    let telling = ScriptedTransport(
      clock: clock, [.success(Self.refusal("9", status: 503)), .success(HTTPResponse(200))])
    #expect(try await gated(telling).send(request).status == 200)
    #expect(clock.uptime == .seconds(9))
  }

  @Test("A wait past the deadline is not begun")
  func obeysTheDeadline() async throws {
    let far = ScriptedTransport(clock: clock, [.success(Self.refusal("60"))])
    let start = clock.now
    let transport = gated(far, deadline: start + .seconds(59))
    let failure = await #expect(throws: TransportFailure.self) {
      try await transport.send(request)
    }
    #expect(failure?.cause?.kind == .unavailable)
    #expect(failure?.cause?.retryAfter == .seconds(60))
    #expect(clock.now == start)
  }

  @Test("A stop is heard within a second of waiting, by those without a permit too")
  func hearsAStop() async throws {
    let clock = clock
    let end = clock.now + .seconds(5)
    let far = ScriptedTransport(clock: clock, [.success(Self.refusal("600"))])
    let transport = gated(far, permits: Permits(1, clock: clock), stop: { clock.now >= end })
    let request = request
    let stopped = await oneAtATime {
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<4 {
          group.addTask {
            do throws(TransportFailure) {
              _ = try await transport.send(request)
              return false
            } catch {
              return error.cause?.isStop == true
            }
          }
        }
        return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
    }
    #expect(stopped == 4)
    #expect(clock.uptime <= .seconds(10))
    #expect(far.arrivals.count == 1)
  }

  @Test("A gate closed by a clock that ran ahead does not wedge the jobs")
  func ignoresAbsurdTimes() async throws {
    let gate = MemoryGate()
    await gate.close(until: clock.now + .seconds(10 * 365 * 86_400))
    let far = ScriptedTransport(clock: clock, [.success(HTTPResponse(200))])
    #expect(try await gated(far, gate).send(request).status == 200)
  }
}
