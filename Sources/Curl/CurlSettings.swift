import Core

/// What is the same for every request of a transport.
package struct CurlSettings: Sendable {
  /// `campaign-sync/1.2.0`.
  package var userAgent: String
  /// A PEM file of authorities, from `tls.caFile`, else from `SSL_CERT_FILE`; nil: the system's.
  package var caFile: String?
  package var connectTimeout: Duration
  /// A transfer that moves nothing for this long is given up; a service may think this long.
  package var stall: Duration
  /// Connections kept open.
  package var connections: Int

  package init(
    userAgent: String, caFile: String? = nil, connectTimeout: Duration = .seconds(10),
    stall: Duration = .seconds(120), connections: Int = 32
  ) {
    self.userAgent = userAgent
    self.caFile = caFile
    self.connectTimeout = connectTimeout
    self.stall = stall
    self.connections = connections
  }
}

extension Duration {
  /// Whole units as libcurl counts them; never zero, which means "no limit" there.
  var curlMilliseconds: Int {
    let (seconds, attoseconds) = components
    return max(Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000), 1)
  }
}
