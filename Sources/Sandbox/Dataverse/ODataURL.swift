import Core

/// A request's address below the service root, taken apart.
struct ODataURL: Sendable {
  struct Segment: Sendable {
    var name: String
    /// What stands in the parentheses, decoded; nil without parentheses.
    var argument: String?
  }
  struct Option: Sendable {
    var name: String
    var value: String
    /// As it came, for links that repeat it.
    var raw: String
  }

  /// Scheme and host: `https://host`.
  var origin: String
  /// `v9.2`; empty where the path is not below `/api/data/`.
  var version: String
  /// Segments after the version, or of the whole path.
  var segments: [Segment]
  var options: [Option]
  /// The whole path, decoded.
  var path: String
  /// Characters of the path and query, as they came.
  var length: Int

  var root: String { "\(origin)/api/data/\(version)/" }

  subscript(option: String) -> String? { options.first { $0.name == option }?.value }

  init?(_ text: String) {
    guard let scheme = text.firstRange(of: "://") else { return nil }
    let rest = text[scheme.upperBound...]
    let pathStart = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    origin = String(text[..<scheme.lowerBound]) + "://" + rest[..<pathStart]
    let target = rest[pathStart...]
    length = target.utf8.count
    let mark = target.firstIndex(of: "?") ?? target.endIndex
    let rawPath = target[..<mark]
    path = ODataURL.decode(rawPath, plusIsBlank: false)

    var parts = rawPath.split(separator: "/", omittingEmptySubsequences: true)[...]
    version = ""
    if parts.count >= 3, parts[parts.startIndex] == "api",
      parts[parts.startIndex + 1] == "data"
    {
      version = String(parts[parts.startIndex + 2])
      parts = parts.dropFirst(3)
    }
    segments = parts.map { ODataURL.segment(ODataURL.decode($0, plusIsBlank: false)) }
    let query = mark < target.endIndex ? target[target.index(after: mark)...] : ""
    options = query.split(separator: "&").map { pair in
      let equals = pair.firstIndex(of: "=") ?? pair.endIndex
      let value = equals < pair.endIndex ? pair[pair.index(after: equals)...] : ""
      return Option(
        name: ODataURL.decode(pair[..<equals], plusIsBlank: true),
        value: ODataURL.decode(value, plusIsBlank: true), raw: String(pair))
    }
  }

  static func segment(_ text: String) -> Segment {
    guard text.last == ")", let open = text.firstIndex(of: "(") else {
      return Segment(name: text, argument: nil)
    }
    let inner = text[text.index(after: open)...].dropLast()
    return Segment(name: String(text[..<open]), argument: String(inner))
  }

  /// Percent-decodes; what is not a valid escape stays as it is.
  static func decode(_ text: some StringProtocol, plusIsBlank: Bool) -> String {
    var bytes: [UInt8] = []
    let source = Array(text.utf8)
    var place = 0
    func digit(_ byte: UInt8) -> UInt8? {
      switch byte {
      case 0x30...0x39: byte - 0x30
      case 0x41...0x46: byte - 0x41 + 10
      case 0x61...0x66: byte - 0x61 + 10
      default: nil
      }
    }
    while place < source.count {
      let byte = source[place]
      if byte == 0x25, place + 2 < source.count, let high = digit(source[place + 1]),
        let low = digit(source[place + 2])
      {
        bytes.append(high << 4 | low)
        place += 3
        continue
      }
      bytes.append(plusIsBlank && byte == 0x2B ? 0x20 : byte)
      place += 1
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Percent-encodes all but letters, digits and what `keep` holds; lower-case hexadecimal.
  static func encode(_ text: String, keep: String = "-", upperCase: Bool = false) -> String {
    let digits = Array((upperCase ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
    let kept = Array(keep.utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: bytes.append(byte)
      case _ where kept.contains(byte): bytes.append(byte)
      default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
