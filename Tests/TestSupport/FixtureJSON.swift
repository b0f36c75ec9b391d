import Core

/// Reads a fixture's JSON; numbers keep their text, which `JSONSerialization` would not do.
package enum FixtureJSON {
  package struct Malformed: Error, CustomStringConvertible {
    package let offset: Int
    package var description: String { "malformed JSON at byte \(offset)" }
  }

  package static func parse(_ bytes: [UInt8]) throws -> JSONValue {
    var parser = Parser(bytes: bytes)
    let value = try parser.value()
    parser.skipBlanks()
    guard parser.index == bytes.count else { throw Malformed(offset: parser.index) }
    return value
  }

  private struct Parser {
    let bytes: [UInt8]
    var index = 0

    var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func skipBlanks() {
      while let byte = next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { index += 1 }
    }

    mutating func take(_ word: String) -> Bool {
      guard bytes[index...].starts(with: word.utf8) else { return false }
      index += word.utf8.count
      return true
    }

    mutating func value() throws -> JSONValue {
      skipBlanks()
      if take("null") { return .null }
      if take("true") { return .bool(true) }
      if take("false") { return .bool(false) }
      switch next {
      case 0x22: return .string(try string())
      case 0x5B: return .array(try list(end: 0x5D) { try $0.value() })
      case 0x7B:
        return .object(
          try list(end: 0x7D) { parser in
            parser.skipBlanks()
            let name = try parser.string()
            parser.skipBlanks()
            guard parser.take(":") else { throw Malformed(offset: parser.index) }
            return JSONValue.Member(name, try parser.value())
          })
      default: return try number()
      }
    }

    mutating func list<Item>(
      end: UInt8, _ item: (inout Parser) throws -> Item
    ) throws -> [Item] {
      index += 1
      var items: [Item] = []
      skipBlanks()
      while next != end {
        items.append(try item(&self))
        skipBlanks()
        guard next == end || take(",") else { throw Malformed(offset: index) }
        skipBlanks()
      }
      index += 1
      return items
    }

    mutating func number() throws -> JSONValue {
      let start = index
      while let byte = next, "+-.0123456789eE".utf8.contains(byte) { index += 1 }
      guard index > start else { throw Malformed(offset: start) }
      return .number(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    mutating func string() throws -> String {
      guard next == 0x22 else { throw Malformed(offset: index) }
      index += 1
      var text: [UInt8] = []
      var units: [UInt16] = []
      func flushed(_ units: [UInt16]) -> String.UTF8View {
        String(decoding: units, as: UTF16.self).utf8
      }
      while let byte = next, byte != 0x22 {
        index += 1
        if byte == 0x5C, take("u") {
          let digits = String(decoding: bytes[index..<min(index + 4, bytes.count)], as: UTF8.self)
          guard let unit = UInt16(digits, radix: 16) else { throw Malformed(offset: index) }
          units.append(unit)
          index += 4
          continue
        }
        text += flushed(units)
        units = []
        guard byte == 0x5C else {
          text.append(byte)
          continue
        }
        let short: [UInt8: UInt8] = [0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09, 0x62: 0x08, 0x66: 0x0C]
        guard let escaped = next else { throw Malformed(offset: index) }
        text.append(short[escaped] ?? escaped)
        index += 1
      }
      text += flushed(units)
      guard next == 0x22 else { throw Malformed(offset: index) }
      index += 1
      return String(decoding: text, as: UTF8.self)
    }
  }
}
