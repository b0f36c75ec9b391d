import HTTP

/// The answers in the answer to a `$batch`, in the order of its parts.
///
/// - Shape: fewer than there were parts where the service stopped at an error after all.
enum BatchResponse {
  /// Nil where the answer is not multipart (the batch was refused as a whole) or is torn.
  static func parts(of response: HTTPResponse) -> [HTTPResponse]? {
    guard let type = response["Content-Type"], let boundary = boundary(of: type) else { return nil }
    let delimiter = Array("--\(boundary)".utf8)
    var parts: [HTTPResponse] = []
    var start: Int?
    var place = 0
    while place < response.body.count {
      let end = response.body[place...].firstIndex(of: 0x0A) ?? response.body.endIndex
      if response.body[place..<end].starts(with: delimiter) {
        if let start {
          guard let part = part(response.body[start..<place]) else { return nil }
          parts.append(part)
        }
        let rest = response.body[(place + delimiter.count)..<end]
        if rest.starts(with: [0x2D, 0x2D]) { return parts }
        start = end + 1
      }
      place = end + 1
    }
    return nil
  }

  static func boundary(of contentType: String) -> String? {
    guard contentType.lowercased().hasPrefix("multipart/mixed") else { return nil }
    for option in contentType.split(separator: ";").dropFirst() {
      let option = option.drop { $0 == " " }
      guard option.lowercased().hasPrefix("boundary=") else { continue }
      let boundary = option.dropFirst("boundary=".count).filter { $0 != "\"" && $0 != " " }
      return boundary.isEmpty ? nil : boundary
    }
    return nil
  }

  /// The part's own headers, an empty line, a status line, headers, an empty line, the body.
  private static func part(_ bytes: ArraySlice<UInt8>) -> HTTPResponse? {
    var place = bytes.startIndex
    while let line = line(bytes, &place), !line.isEmpty {}
    guard let status = line(bytes, &place), status.hasPrefix("HTTP/"),
      let number = status.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    var response = HTTPResponse(number)
    while let line = line(bytes, &place), !line.isEmpty {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      response.headers.append(HTTPHeader(String(line[..<colon]), String(value)))
    }
    var body = bytes[min(place, bytes.endIndex)...]
    while let last = body.last, last == 0x0A || last == 0x0D { body.removeLast() }
    response.body = Array(body)
    return response
  }

  /// The next line without its end; nil at the end of the bytes.
  private static func line(_ bytes: ArraySlice<UInt8>, _ place: inout Int) -> String? {
    guard place < bytes.endIndex else { return nil }
    let end = bytes[place...].firstIndex(of: 0x0A) ?? bytes.endIndex
    var line = bytes[place..<end]
    if line.last == 0x0D { line.removeLast() }
    place = end + 1
    return String(decoding: line, as: UTF8.self)
  }
}
