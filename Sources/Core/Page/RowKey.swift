/// The primary id of a row: a guid as its sixteen bytes, in the order in which it is written.
package struct RowKey: Hashable, Sendable, BitwiseCopyable {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, either case; nil where it is anything else.
  package init?(_ text: some Collection<UInt8>) {
    guard text.count == 36 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    var digits = 0
    for (position, byte) in text.enumerated() {
      if position == 8 || position == 13 || position == 18 || position == 23 {
        guard byte == 0x2D else { return nil }
        continue
      }
      let digit: UInt8
      switch byte {
      case 0x30...0x39: digit = byte - 0x30
      case 0x41...0x46: digit = byte - 0x41 + 10
      case 0x61...0x66: digit = byte - 0x61 + 10
      default: return nil
      }
      if digits < 16 { words.0 = words.0 << 4 | UInt64(digit) }
      if digits >= 16 { words.1 = words.1 << 4 | UInt64(digit) }
      digits += 1
    }
    self.init(high: words.0, low: words.1)
  }

  package init?(_ text: String) {
    self.init(Array(text.utf8))
  }
}

extension RowKey: CustomStringConvertible {
  /// Lower case, with hyphens, as Dataverse writes it.
  package var description: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for position in 0..<32 {
      if position == 8 || position == 12 || position == 16 || position == 20 { text.append(0x2D) }
      let word = position < 16 ? high : low
      text.append(digits[Int(word >> UInt64((15 - position % 16) * 4) & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension RowKey: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let key = RowKey(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a guid")
    }
    self = key
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
