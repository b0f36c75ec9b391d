import Core
import HTTP

/// One way in which a request goes wrong.
package enum Fault: Sendable, Equatable {
  /// An answer instead of the execution.
  case status(Int, body: String, contentType: String, retryAfter: String?)
  /// The connection ends, and nothing was executed.
  case resetBefore
  /// The request was executed, and the connection ends without an answer.
  case resetAfter
  /// The answer ends after so many bytes of its body.
  case cut(afterBytes: Int)
  /// The answer comes late.
  case slow(milliseconds: Int)
  /// The first guid of the answer that is an id is none any more.
  case badKey
  /// Every token is withdrawn before the request is looked at.
  case revoked

  private static let gatewayPage =
    "<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"

  /// The fault of that name, as control endpoints and command lines say it.
  package init?(named name: String) {
    switch name {
    case "throttled":
      self = .status(
        429,
        body: "{\"error\":{\"code\":\"0x80072322\",\"message\":\"Number of requests exceeded the "
          + "limit of 6000 over time window of 300 seconds.\"}}",
        contentType: "application/json", retryAfter: "1")
    case "unavailable":
      self = .status(503, body: "", contentType: "text/plain", retryAfter: "1")
    case "badGateway":
      self = .status(502, body: Fault.gatewayPage, contentType: "text/html", retryAfter: nil)
    case "gatewayTimeout":
      self = .status(504, body: Fault.gatewayPage, contentType: "text/html", retryAfter: nil)
    case "deadlock":
      self = .status(
        500,
        body: "{\"error\":{\"code\":\"0x80044150\",\"message\":\"Generic SQL error. SQL ErrorCode: "
          + "-2146232060 Sql Number: 1205\"}}",
        contentType: "application/json", retryAfter: nil)
    case "resetBefore": self = .resetBefore
    case "resetAfter": self = .resetAfter
    case "cut": self = .cut(afterBytes: 1000)
    case "slow": self = .slow(milliseconds: 1000)
    case "badKey": self = .badKey
    case "revoked": self = .revoked
    default: return nil
    }
  }

  /// The names of `init(named:)`.
  package static let names = [
    "throttled", "unavailable", "badGateway", "gatewayTimeout", "deadlock", "resetBefore",
    "resetAfter", "cut", "slow", "badKey", "revoked",
  ]
}

/// When a fault strikes.
package struct FaultRule: Sendable, Equatable {
  /// Nil: every method.
  package var method: String?
  /// What the URL must contain; empty: every URL.
  package var path: String
  /// So many matching requests go well before.
  package var after: Int
  /// So many are struck then; nil: all that follow.
  package var times: Int?
  package var fault: Fault

  package init(
    _ fault: Fault, method: String? = nil, path: String = "", after: Int = 0, times: Int? = 1
  ) {
    self.fault = fault
    self.method = method
    self.path = path
    self.after = after
    self.times = times
  }

  func matches(_ request: HTTPRequest) -> Bool {
    (method.map { $0.uppercased() == request.method.uppercased() } ?? true)
      && (path.isEmpty || request.url.contains(path))
  }
}

/// Faults by chance, the same from the same seed and the same order of requests.
package struct RandomFaults: Sendable, Equatable {
  package var seed: UInt64
  package var percent: Int
  package var faults: [Fault]
  /// What the URL must contain; empty: every URL.
  package var path: String

  package init(seed: UInt64, percent: Int, faults: [Fault], path: String = "") {
    self.seed = seed
    self.percent = percent
    self.faults = faults
    self.path = path
  }
}
