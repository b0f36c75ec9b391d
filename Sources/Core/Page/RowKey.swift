/// The primary id of a row: a guid as its sixteen bytes, in the order in which it is written.
package struct RowKey: Hashable, Sendable, BitwiseCopyable {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, either case; nil where it is anything else.
  init?(_ text: UnsafeBufferPointer<UInt8>) {
    guard text.count == 36, let start = text.baseAddress, let guid = GuidText(start) else {
      return nil
    }
    self = guid.key
  }

  package init?(_ text: ArraySlice<UInt8>) {
    guard let key = text.withUnsafeBufferPointer({ RowKey($0) }) else { return nil }
    self = key
  }

  package init?(_ text: [UInt8]) { self.init(text[...]) }

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
