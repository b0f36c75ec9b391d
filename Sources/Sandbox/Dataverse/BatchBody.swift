import Core
import HTTP

/// A `multipart/mixed` body, read strictly: lines end in CR LF, or the batch is refused.
///
/// - Source: fact sheet 6.1.
struct BatchBody {
  struct Part {
    var headers: [HTTPHeader]
    var content: ArraySlice<UInt8>

    subscript(name: String) -> String? {
      headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
  }

  static let unreadable = ODataFault(400, "0x80048d19", "Stream was not readable.")

  /// The boundary of a content type; nil where it is not multipart.
  static func boundary(_ contentType: String?) -> String? {
    guard let contentType, contentType.lowercased().hasPrefix("multipart/mixed"),
      let mark = contentType.firstRange(of: "boundary=")
    else { return nil }
    let rest = contentType[mark.upperBound...].prefix { $0 != ";" }
    let boundary = rest.filter { $0 != "\"" && $0 != " " }
    return boundary.isEmpty ? nil : boundary
  }

  static func parts(
    of bytes: ArraySlice<UInt8>, boundary: String
  ) throws(ODataFault) -> [Part] {
    let delimiter = Array("--\(boundary)".utf8)
    var parts: [Part] = []
    var place = bytes.startIndex
    while bytes[place...].starts(with: [0x0D, 0x0A]) { place += 2 }
    guard bytes[place...].starts(with: delimiter) else { throw unreadable }
    place += delimiter.count
    while !bytes[place...].starts(with: [0x2D, 0x2D]) {
      guard bytes[place...].starts(with: [0x0D, 0x0A]) else { throw unreadable }
      place += 2
      guard let end = find([0x0D, 0x0A] + delimiter, in: bytes[place...]) else { throw unreadable }
      parts.append(try part(bytes[place..<end]))
      place = end + 2 + delimiter.count
    }
    return parts
  }

  private static func find(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= needle.count else { return nil }
    var place = bytes.startIndex
    let last = bytes.endIndex - needle.count
    while place <= last {
      if bytes[place] == needle[0], bytes[place...].starts(with: needle) { return place }
      place += 1
    }
    return nil
  }

  /// Header lines up to an empty one, then the content.
  static func part(_ bytes: ArraySlice<UInt8>) throws(ODataFault) -> Part {
    var place = bytes.startIndex
    var headers: [HTTPHeader] = []
    while let line = try line(bytes, &place), !line.isEmpty {
      guard let colon = line.firstIndex(of: ":") else { throw unreadable }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers.append(HTTPHeader(String(line[..<colon]), String(value)))
    }
    return Part(headers: headers, content: bytes[place...])
  }

  /// The next line without its end; nil at the end of the bytes.
  static func line(_ bytes: ArraySlice<UInt8>, _ place: inout Int) throws(ODataFault) -> String? {
    guard place < bytes.endIndex else { return nil }
    let end = bytes[place...].firstIndex(of: 0x0A) ?? bytes.endIndex
    let hasEnd = end < bytes.endIndex
    if hasEnd, end == place || bytes[end - 1] != 0x0D { throw unreadable }
    let line = String(decoding: bytes[place..<(hasEnd ? end - 1 : end)], as: UTF8.self)
    place = hasEnd ? end + 1 : end
    return line
  }
}

/// Builds the answer to a batch.
struct BatchAnswer {
  let boundary: String
  private(set) var bytes: [UInt8] = []

  init(boundary: String) { self.boundary = boundary }

  mutating func append(_ response: HTTPResponse, contentId: String?) {
    bytes += "--\(boundary)\r\nContent-Type: application/http\r\n".utf8
    bytes += "Content-Transfer-Encoding: binary\r\n".utf8
    if let contentId { bytes += "Content-ID: \(contentId)\r\n".utf8 }
    bytes += "\r\nHTTP/1.1 \(response.status) \(BatchAnswer.reason(response.status))\r\n".utf8
    for header in response.headers {
      var value = header.value
      if header.name == "Content-Type" { value += "; odata.streaming=true" }
      bytes += "\(header.name): \(value)\r\n".utf8
    }
    bytes += "\r\n".utf8
    bytes += response.body
    bytes += "\r\n".utf8
  }

  mutating func append(_ nested: BatchAnswer) {
    bytes += "--\(boundary)\r\nContent-Type: multipart/mixed; ".utf8
    bytes += "boundary=\(nested.boundary)\r\n\r\n".utf8
    bytes += nested.bytes
    bytes += "--\(nested.boundary)--\r\n".utf8
  }

  func response(_ status: Int) -> HTTPResponse {
    HTTPResponse(
      status,
      headers: [
        HTTPHeader("Content-Type", "multipart/mixed; boundary=\(boundary)"),
        HTTPHeader("OData-Version", "4.0"),
      ], body: bytes + "--\(boundary)--\r\n".utf8)
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 201: "Created"
    case 204: "No Content"
    case 304: "Not Modified"
    case 400: "Bad Request"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 412: "Precondition Failed"
    case 429: "Too Many Requests"
    default: "Error"
    }
  }
}
