import Core

/// The parts of a request's address.
struct CampaignAddress {
  /// `http://127.0.0.1:8081`.
  var origin: String
  /// The path as it came, without the query.
  var path: String
  /// Decoded; empty ones are dropped, as Campaign itself writes double slashes.
  var segments: [String]
  var query: [(name: String, value: String)]

  init?(_ url: String) {
    guard let scheme = url.firstRange(of: "://") else { return nil }
    let rest = url[scheme.upperBound...]
    let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    origin = String(url[..<end])
    let tail = rest[end...]
    let mark = tail.firstIndex(of: "?") ?? tail.endIndex
    path = String(tail[..<mark])
    segments = path.split(separator: "/").map { CampaignAddress.decoded($0) }
    query = CampaignAddress.form(tail[mark...].dropFirst())
  }

  subscript(name: String) -> String? { query.first { $0.name == name }?.value }

  static func form(_ text: some StringProtocol) -> [(name: String, value: String)] {
    text.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = parts.count > 1 ? String(parts[1].map { $0 == "+" ? " " : $0 }) : ""
      return (decoded(parts[0]), decoded(value))
    }
  }

  static func decoded(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      guard byte == 0x25, digits.count == 2,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      else {
        bytes.append(byte)
        continue
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func encoded(_ text: String) -> String {
    var bytes: [UInt8] = []
    let digits = Array("0123456789ABCDEF".utf8)
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x40: bytes.append(byte)
      default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
