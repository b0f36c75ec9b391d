import Core
import HTTP

/// A `$batch`: several requests in one.
///
/// - Shape: lines end in CR LF, the last one of each part too. Each write stands alone, outside of
///   change sets, and the service is asked to go on after an error: ids or versions make each of them harmless
///   to repeat, so one that fails costs itself and none of its neighbours, and all answers come
///   back at once. A change set would undo up to a thousand good ones for a bad one.
/// - Source: OData 4.0, section 11.7; Dataverse takes at most 1,000 parts.
struct BatchRequest: Sendable {
  struct Part: Sendable {
    var method: String
    /// Path and query, from the slash on.
    var target: String
    var headers: [HTTPHeader]
    var body: [UInt8]

    init(_ method: String, _ target: String, headers: [HTTPHeader] = [], body: [UInt8] = []) {
      (self.method, self.target, self.headers, self.body) = (method, target, headers, body)
    }
  }

  var boundary: String
  var parts: [Part]

  /// Bodies are JSON without line ends, so no boundary of ours can begin a line inside of one.
  init(_ parts: [Part], number: UInt64) {
    self.parts = parts
    boundary = "batch_" + String(number, radix: 16)
  }

  var headers: [HTTPHeader] {
    [
      HTTPHeader("Content-Type", "multipart/mixed; boundary=\"\(boundary)\""),
      HTTPHeader("Prefer", "odata.continue-on-error"),
    ]
  }

  var body: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(64) { $0 + $1.body.count + $1.target.utf8.count + 256 })
    let head = Array(
      ("--\(boundary)\r\nContent-Type: application/http\r\n"
        + "Content-Transfer-Encoding: binary\r\n\r\n").utf8)
    for part in parts {
      bytes += head
      bytes += part.method.utf8
      bytes.append(0x20)
      bytes += part.target.utf8
      bytes += " HTTP/1.1\r\n".utf8
      for header in part.headers { bytes += "\(header.name): \(header.value)\r\n".utf8 }
      bytes += "\r\n".utf8
      bytes += part.body
      bytes += "\r\n".utf8
    }
    bytes += "--\(boundary)--\r\n".utf8
    return bytes
  }
}
