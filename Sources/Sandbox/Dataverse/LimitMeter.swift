import Core

/// What was used of the service protection limits since the counting began, by application user and
/// web server.
///
/// - Units: times are the service's own: real time divided by `timeScale`.
package struct LimitMeter: Sendable, Equatable {
  /// One application user on one web server.
  package struct Lane: Sendable, Equatable {
    package var client: String
    package var server: Int
    /// Requests that ran.
    package var requests = 0
    /// As modelled.
    package var executedMilliseconds = 0
    /// From their arrival until they were answered; with `pace` equal to `timeScale` the same, unless
    /// the machine is too slow to play the model at that speed.
    package var underWayMilliseconds = 0
    /// Requests that were answered with 429, by the limit that was hit.
    package var refusedForRequests = 0
    package var refusedForExecution = 0
    package var refusedForConcurrency = 0
    /// Of these, those that came before a Retry-After was over.
    package var violations = 0
    /// The longest Retry-After, in seconds as it was sent.
    package var longestWait = 0
    package var mostAtOnce = 0

    package var refused: Int { refusedForRequests + refusedForExecution + refusedForConcurrency }
  }

  package internal(set) var lanes: [Lane] = []
  /// From the first request to the last answer.
  package internal(set) var elapsed = Duration.zero
  package internal(set) var servers = 1
  package internal(set) var requestLimit = 0
  package internal(set) var executionLimit = 0
  package internal(set) var windowSeconds = 0

  /// Parts of what the limits allow in the long run on every server, for those who asked at all.
  package struct Share: Sendable, Equatable {
    package var requests: Double
    package var execution: Double
    /// Of the limit that is nearest.
    package var nearest: Double { max(requests, execution) }
  }

  /// More than 1 in the beginning: a window that is empty may be filled at once.
  package var share: Share { share(of: lanes, among: servers * Set(lanes.map(\.client)).count) }

  package func share(of client: String) -> Share {
    share(of: lanes.filter { $0.client == client }, among: servers)
  }

  private func share(of lanes: [Lane], among count: Int) -> Share {
    let windows = elapsed / .seconds(max(windowSeconds, 1)) * Double(count)
    func part(_ used: Int, _ limit: Int) -> Double {
      windows > 0 && limit > 0 ? Double(used) / (Double(limit) * windows) : 0
    }
    return Share(
      requests: part(lanes.reduce(0) { $0 + $1.requests }, requestLimit),
      execution: part(lanes.reduce(0) { $0 + $1.executedMilliseconds }, executionLimit))
  }

  package var json: JSONValue {
    var clients: [JSONValue.Member] = []
    for client in Set(lanes.map(\.client)).sorted() {
      let own = lanes.filter { $0.client == client }.sorted { $0.server < $1.server }
      let servers = own.map { JSONValue.Member("server\($0.server)", $0.json) }
      clients.append(.init(client, .object(share(of: client).members + servers)))
    }
    let milliseconds = Int(elapsed / .milliseconds(1))
    return .object(
      [.init("elapsedMilliseconds", .number(String(milliseconds)))] + share.members + clients)
  }
}

extension LimitMeter.Share {
  /// Rounded down to a thousandth.
  fileprivate var members: [JSONValue.Member] {
    func text(_ part: Double) -> JSONValue { .number(String(Double(Int(part * 1000)) / 1000)) }
    return [
      .init("share", text(nearest)), .init("shareOfRequests", text(requests)),
      .init("shareOfExecution", text(execution)),
    ]
  }
}

extension LimitMeter.Lane {
  fileprivate var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    return [
      "requests": number(requests), "executedMilliseconds": number(executedMilliseconds),
      "underWayMilliseconds": number(underWayMilliseconds),
      "refusedForRequests": number(refusedForRequests),
      "refusedForExecution": number(refusedForExecution),
      "refusedForConcurrency": number(refusedForConcurrency), "violations": number(violations),
      "longestWait": number(longestWait), "mostAtOnce": number(mostAtOnce),
    ]
  }
}
