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
  private struct Usage: Sendable {
    var entries: [Entry] = []
    /// Entries before this one have left the window.
    var head = 0
    var executed = 0
    var inFlight = 0
    var blockedUntil: Instant?
    var blockedSince: Instant?
    /// Requests that did not wait, in a row; each doubles the wait.
    var impatience = 0

    var requests: Int { entries.count - head }

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
  /// Requests that came before a Retry-After was over.
  private(set) var violations = 0

  /// The answer of an overloaded service, or nil where the request may run.
  mutating func refusal(
    of lane: Lane, at now: Instant, _ knobs: DataverseKnobs
  ) -> HTTPResponse? {
    guard knobs.limitsEnabled else { return nil }
    var used = usage[lane] ?? Usage()
    defer { usage[lane] = used }
    let window = Duration.milliseconds(Int(Double(knobs.windowSeconds * 1000) * knobs.timeScale))
    used.forget(before: now + (.zero - window))
    if let until = used.blockedUntil, now < until {
      // What was on its way when the limit was hit is not impatience.
      if now - (used.blockedSince ?? now) > .milliseconds(250) {
        violations += 1
        used.impatience = min(used.impatience + 1, 6)
      }
      return block(&used, .concurrent(used.inFlight, knobs), now, knobs)
    }
    guard let limit = Limit(used.requests, used.executed, used.inFlight, knobs) else {
      used.impatience = 0
      used.blockedUntil = nil
      return nil
    }
    return block(&used, limit, now, knobs)
  }

  private enum Limit {
    case requests, execution, concurrency

    init?(_ requests: Int, _ executed: Int, _ inFlight: Int, _ knobs: DataverseKnobs) {
      if inFlight >= knobs.concurrencyLimit {
        self = .concurrency
      } else if requests >= knobs.requestLimit {
        self = .requests
      } else if executed >= knobs.executionLimit {
        self = .execution
      } else {
        return nil
      }
    }

    /// The limit that a blocked request is told about.
    static func concurrent(_ inFlight: Int, _ knobs: DataverseKnobs) -> Limit {
      inFlight >= knobs.concurrencyLimit ? .concurrency : .requests
    }
  }

  private func block(
    _ used: inout Usage, _ limit: Limit, _ now: Instant, _ knobs: DataverseKnobs
  ) -> HTTPResponse {
    let base = Double(knobs.retryAfterSeconds) * knobs.timeScale * Double(1 << used.impatience)
    let wait = max(1, min(Int(base.rounded(.up)), 420))
    if used.blockedUntil.map({ now >= $0 }) ?? true { used.blockedSince = now }
    used.blockedUntil = max(used.blockedUntil ?? now, now + .seconds(wait))
    let fault =
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
    var response = fault.response
    let text =
      knobs.retryAfterIsDate
      ? ServiceLimits.date(now + .seconds(wait)) : String(wait)
    response.headers.append(HTTPHeader("Retry-After", text))
    return response
  }

  mutating func enter(_ lane: Lane) { usage[lane, default: Usage()].inFlight += 1 }

  mutating func leave(_ lane: Lane, cost milliseconds: Int, at now: Instant) {
    usage[lane]?.inFlight -= 1
    usage[lane]?.executed += milliseconds
    usage[lane]?.entries.append(Entry(when: now, milliseconds: milliseconds))
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
