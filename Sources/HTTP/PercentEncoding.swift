/// Text made fit for a URL, and for a form.
///
/// - Source: RFC 3986, section 2; OData 4.0 URL conventions, section 5.1.1.6.2.
package enum PercentEncoding {
  /// Everything but letters, digits and `-._~` is encoded: good in a path segment, a query value and
  /// a form alike.
  package static func encode(_ text: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count + 16)
    for byte in text.utf8 {
      if isUnreserved(byte) {
        bytes.append(byte)
      } else {
        bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `name=value&name=value`, both encoded, in the order given.
  package static func query(_ pairs: [(name: String, value: String)]) -> String {
    pairs.map { encode($0.name) + "=" + encode($0.value) }.joined(separator: "&")
  }

  /// The body of `application/x-www-form-urlencoded`.
  package static func form(_ pairs: [(name: String, value: String)]) -> [UInt8] {
    Array(query(pairs).utf8)
  }

  /// An OData text literal for a filter or a key, its quotes doubled, encoded: `%27O%27%27Hara%27`.
  package static func odataText(_ text: String) -> String {
    var literal = "'"
    for character in text.unicodeScalars {
      if character == "'" { literal.unicodeScalars.append("'") }
      literal.unicodeScalars.append(character)
    }
    return encode(literal + "'")
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
    default: false
    }
  }
}
