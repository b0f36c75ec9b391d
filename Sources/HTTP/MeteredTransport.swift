import Core

/// What went over the wire, for run records.
package struct Traffic: Sendable, Equatable {
  /// Sent, repetitions included.
  package var requests = 0
  /// Bytes of decoded bodies.
  package var received = 0
  package var sent = 0
  /// Answers that asked to be left alone.
  package var throttled = 0
  /// Requests without a whole answer.
  package var failed = 0

  package init() {}
}

/// Counts; shared by the transports of a run.
package actor TrafficMeter {
  package private(set) var traffic = Traffic()

  package init() {}

  func add(_ request: HTTPRequest, _ response: HTTPResponse?) {
    traffic.requests += 1
    traffic.sent += request.body.count
    traffic.received += response?.body.count ?? 0
    if response?.status == 429 { traffic.throttled += 1 }
    if response == nil { traffic.failed += 1 }
  }
}

/// The innermost wrapper: every request that really leaves is counted.
package struct MeteredTransport: Transport {
  private let inner: any Transport
  private let meter: TrafficMeter

  package init(_ inner: any Transport, meter: TrafficMeter) {
    (self.inner, self.meter) = (inner, meter)
  }

  package func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    do throws(TransportFailure) {
      let response = try await inner.send(request)
      await meter.add(request, response)
      return response
    } catch {
      await meter.add(request, nil)
      throw error
    }
  }
}
