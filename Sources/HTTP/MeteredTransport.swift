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
  /// While a request of this run waited for what a service takes: it had asked to be left alone, or
  /// takes no more by what was learned of its limits.
  package var waited = Duration.zero

  package init() {}
}

/// Counts; shared by the transports of a run.
package actor TrafficMeter {
  private var counted = Traffic()
  /// Requests that wait now, and since when there is one.
  private var waiting = 0
  private var waitingSince = Duration.zero

  package init() {}

  /// Until now.
  ///
  /// - Parameter uptime: so that a wait that goes on counts too.
  package func traffic(at uptime: Duration) -> Traffic {
    var traffic = counted
    if waiting > 0 { traffic.waited += uptime - waitingSince }
    return traffic
  }

  /// Several that wait at once count once.
  func waitBegan(at uptime: Duration) {
    if waiting == 0 { waitingSince = uptime }
    waiting += 1
  }

  func waitEnded(at uptime: Duration) {
    waiting -= 1
    if waiting == 0 { counted.waited += uptime - waitingSince }
  }

  func add(_ request: HTTPRequest, _ response: HTTPResponse?) {
    counted.requests += 1
    counted.sent += request.body.count
    counted.received += response?.body.count ?? 0
    if response?.status == 429 { counted.throttled += 1 }
    if response == nil { counted.failed += 1 }
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
