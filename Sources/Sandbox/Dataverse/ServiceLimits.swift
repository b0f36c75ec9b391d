import Core
import HTTP

/// The service protection limits: per application user and web server, over a sliding window.
///
/// - Source: fact sheet 7.1 and 7.2.
struct ServiceLimits: Sendable {
  struct Lane: Hashable, Sendable {
    var client: String
    var server: Int
  }
  private struct Entry: Sendable {
    var when: Instant
    var milliseconds: Int
  }
  private enum Limit { case requests, execution, concurrency }

  private struct Usage: Sendable {
    var entries: [Entry] = []
    /// Entries before this one have left the window.
    var head = 0
    var executed = 0
    var inFlight = 0
    var blockedUntil: Instant?
    var blockedSince: Instant?
    var blockedFor = Limit.requests
    /// Requests that did not wait, in a row; each doubles the wait.
    var impatience = 0

    var requests: Int { entries.count - head }

    /// The limit that is reached, if one is.
    func limit(_ knobs: DataverseKnobs) -> Limit? {
      if inFlight >= knobs.concurrencyLimit { return .concurrency }
      if requests >= knobs.requestLimit { return .requests }
      return executed >= knobs.executionLimit ? .execution : nil
    }

    mutating func forget(before limit: Instant) {
      while head < entries.count, entries[head].when < limit {
        executed -= entries[head].milliseconds
        head += 1
      }
      guard head > 4096 else { return }
      entries.removeFirst(head)
      head = 0
    }
  }

  private var usage: [Lane: Usage] = [:]
  private var meters: [Lane: LimitMeter.Lane] = [:]
  /// When the first request that is counted came, and when the last one was answered.
  private var span: (from: Instant, to: Instant)?
  /// Servers that took a user's requests in turn.
  private var turns: [String: Int] = [:]
  /// Requests that came before a Retry-After was over.
  private(set) var violations = 0

  /// The web server that takes a user's next request.
  mutating func nextServer(for client: String, of servers: Int) -> Int {
    let turn = turns[client, default: 0]
    turns[client] = turn + 1
    return turn % max(servers, 1)
  }

  /// The answer of an overloaded service, or nil where the request may run.
  ///
  /// - Parameter arrival: when the request came; a busy stand-in looks at it later.
  mutating func refusal(
    of lane: Lane, at now: Instant, arrival: Instant, _ knobs: DataverseKnobs
  ) -> HTTPResponse? {
    guard knobs.limitsEnabled else { return nil }
    var used = usage[lane] ?? Usage()
    defer { usage[lane] = used }
    let window = Duration.milliseconds(Int(Double(knobs.windowSeconds * 1000) * knobs.timeScale))
    used.forget(before: now + (.zero - window))
    if let until = used.blockedUntil, arrival < until {
      // What was on its way when the limit was hit is not impatience.
      let isEarly = arrival - (used.blockedSince ?? arrival) > .milliseconds(250)
      if isEarly {
        violations += 1
        used.impatience = min(used.impatience + 1, 6)
      }
      return block(&used, lane, used.limit(knobs) ?? used.blockedFor, now, knobs, isEarly: isEarly)
    }
    guard let limit = used.limit(knobs) else {
      used.impatience = 0
      used.blockedUntil = nil
      return nil
    }
    return block(&used, lane, limit, now, knobs, isEarly: false)
  }

  private mutating func block(
    _ used: inout Usage, _ lane: Lane, _ limit: Limit, _ now: Instant, _ knobs: DataverseKnobs,
    isEarly: Bool
  ) -> HTTPResponse {
    let base = Double(knobs.retryAfterSeconds) * Double(1 << used.impatience)
    let wait = max(1, Int((min(base, 420) * knobs.timeScale).rounded(.up)))
    if used.blockedUntil.map({ now >= $0 }) ?? true { used.blockedSince = now }
    used.blockedUntil = max(used.blockedUntil ?? now, now + .seconds(wait))
    used.blockedFor = limit
    meter(lane, at: now) { meter in
      switch limit {
      case .requests: meter.refusedForRequests += 1
      case .execution: meter.refusedForExecution += 1
      case .concurrency: meter.refusedForConcurrency += 1
      }
      meter.violations += isEarly ? 1 : 0
      meter.longestWait = max(meter.longestWait, wait)
    }
    var response = fault(limit, knobs).response
    let text =
      knobs.retryAfterIsDate
      ? ServiceLimits.date(now + .seconds(wait)) : String(wait)
    response.headers.append(HTTPHeader("Retry-After", text))
    return response
  }

  private func fault(_ limit: Limit, _ knobs: DataverseKnobs) -> ODataFault {
    switch limit {
    case .requests:
      ODataFault(
        429, knobs.decimalCodes ? "-2147015902" : "0x80072322",
        "Number of requests exceeded the limit of \(knobs.requestLimit) over time window of "
          + "\(knobs.windowSeconds) seconds.")
    case .execution:
      ODataFault(
        429, knobs.decimalCodes ? "-2147015903" : "0x80072321",
        "Combined execution time of incoming requests exceeded limit of "
          + "\(knobs.executionLimit) milliseconds over time window of \(knobs.windowSeconds) "
          + "seconds. Decrease number of concurrent requests or reduce the duration of requests "
          + "and try again later.")
    case .concurrency:
      ODataFault(
        429, knobs.decimalCodes ? "-2147015898" : "0x80072326",
        "Number of concurrent requests exceeded the limit of \(knobs.concurrencyLimit).")
    }
  }

  mutating func enter(_ lane: Lane, at now: Instant) {
    usage[lane, default: Usage()].inFlight += 1
    let inFlight = usage[lane]?.inFlight ?? 0
    meter(lane, at: now) { $0.mostAtOnce = max($0.mostAtOnce, inFlight) }
  }

  /// - Parameter underWay: since the request came, in the service's time.
  mutating func leave(
    _ lane: Lane, cost milliseconds: Int, underWay: Duration, at now: Instant
  ) {
    usage[lane]?.inFlight -= 1
    usage[lane]?.executed += milliseconds
    usage[lane]?.entries.append(Entry(when: now, milliseconds: milliseconds))
    meter(lane, at: now) { meter in
      meter.requests += 1
      meter.executedMilliseconds += milliseconds
      meter.underWayMilliseconds += Int(underWay / .milliseconds(1))
    }
  }

  // MARK: counting

  private mutating func meter(
    _ lane: Lane, at now: Instant, _ count: (inout LimitMeter.Lane) -> Void
  ) {
    count(&meters[lane, default: LimitMeter.Lane(client: lane.client, server: lane.server)])
    span = (from: span?.from ?? now, to: now)
  }

  func meter(_ knobs: DataverseKnobs) -> LimitMeter {
    var meter = LimitMeter()
    meter.lanes = meters.values.sorted { ($0.client, $0.server) < ($1.client, $1.server) }
    if let span { meter.elapsed = (span.to - span.from) / max(knobs.timeScale, 0.000_001) }
    meter.servers = max(knobs.servers, 1)
    (meter.requestLimit, meter.executionLimit) = (knobs.requestLimit, knobs.executionLimit)
    meter.windowSeconds = knobs.windowSeconds
    return meter
  }

  mutating func resetMeter() {
    meters = [:]
    span = nil
  }

  func headers(of lane: Lane, _ knobs: DataverseKnobs) -> [HTTPHeader] {
    guard let used = usage[lane] else { return [] }
    let left = max(0, knobs.executionLimit - used.executed) / 1000
    let grouped =
      left >= 1000 ? "\(left / 1000),\(String(left % 1000 + 1000).dropFirst())" : "\(left)"
    return [
      HTTPHeader(
        "x-ms-ratelimit-burst-remaining-xrm-requests",
        String(max(0, knobs.requestLimit - used.requests))),
      HTTPHeader("x-ms-ratelimit-time-remaining-xrm-requests", "\(grouped).00"),
    ]
  }

  /// A moment as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT`.
  static func date(_ instant: Instant) -> String {
    let days = Int(instant.seconds / 86_400)
    let date = CalendarText.civil(days)
    let names = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let clock = CalendarText.moment(instant.seconds).dropFirst(11).dropLast()
    let day = date.day < 10 ? "0\(date.day)" : "\(date.day)"
    return "\(names[days % 7]), \(day) \(months[date.month - 1]) \(date.year) \(clock) GMT"
  }
}
