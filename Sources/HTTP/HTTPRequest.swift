import Core

/// One request, as it goes on the wire.
package struct HTTPRequest: Sendable {
  package var method: String
  /// Absolute; sent exactly as it stands (opaque links must not be re-encoded).
  package var url: String
  package var headers: [HTTPHeader]
  package var body: [UInt8]
  /// For the whole exchange, connection included.
  package var timeout: Duration
  /// The most bytes of a decoded body that are taken; more is a failure, not memory.
  package var maxBody: Int
  /// Sent twice, it does no more than sent once.
  ///
  /// Only such a request is repeated where nobody knows whether it was executed.
  package var isIdempotent: Bool

  /// - Parameter isIdempotent: nil: true of GET and HEAD.
  package init(
    _ method: String, _ url: String, headers: [HTTPHeader] = [], body: [UInt8] = [],
    timeout: Duration = .seconds(60), maxBody: Int = 64 << 20, isIdempotent: Bool? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.maxBody = maxBody
    self.isIdempotent = isIdempotent ?? (method == "GET" || method == "HEAD")
  }
}

package struct HTTPHeader: Sendable, Equatable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// What came back: any status; a body that ended as announced.
package struct HTTPResponse: Sendable {
  package var status: Int
  package var headers: [HTTPHeader]
  package var body: [UInt8]

  package init(_ status: Int, headers: [HTTPHeader] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The first header of that name, whatever its case.
  package subscript(name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}
