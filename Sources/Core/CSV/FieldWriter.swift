/// Quotes one field after another: the innermost loop of an export.
///
/// It copies eight bytes at a time in the hope that nothing needs quoting, looks at them on the
/// way, and begins again only where that hope fails.
struct FieldWriter {
  private let separator: UInt8
  private let isQuoting: Bool
  private let separators: UInt64

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  init(_ dialect: CSVDialect) {
    separator = dialect.separator
    isQuoting = dialect.quote == .double
    separators = FieldWriter.ones &* UInt64(dialect.separator)
  }

  /// Memory that a field of that many bytes may need: every byte a quote, and the overrun of the
  /// copy.
  @inline(__always)
  static func bound(_ count: Int) -> Int { 2 * count + 10 }

  /// Writes one field and returns where it ends.
  ///
  /// - Parameter readable: bytes that may be read from `text` on, at least `count`.
  /// - Parameter replaced: raised by the characters that `quote: none` turned into spaces.
  @inline(__always)
  func write(
    _ text: UnsafePointer<UInt8>, _ count: Int, readable: Int,
    to out: UnsafeMutablePointer<UInt8>, _ replaced: inout Int
  ) -> UnsafeMutablePointer<UInt8> {
    if count == 0 { return out }
    let isPlain = copy(text, count, readable: readable, to: out)
    if isPlain && !(isQuoting && (isBlank(text[0]) || isBlank(text[count - 1]))) {
      return out + count
    }
    return isQuoting ? quote(text, count, to: out) : replace(text, count, to: out, &replaced)
  }

  @inline(__always)
  private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Copies, and says whether no byte asks for quotes.
  @inline(__always)
  private func copy(
    _ text: UnsafePointer<UInt8>, _ count: Int, readable: Int, to out: UnsafeMutablePointer<UInt8>
  ) -> Bool {
    let source = UnsafeRawPointer(text)
    let target = UnsafeMutableRawPointer(out)
    var found: UInt64 = 0
    var done = 0
    while done + 8 <= count {
      let word = source.loadUnaligned(fromByteOffset: done, as: UInt64.self)
      target.storeBytes(of: word, toByteOffset: done, as: UInt64.self)
      found |= special(word)
      done += 8
    }
    let rest = count - done
    guard rest > 0 else { return found == 0 }
    var word: UInt64 = 0
    if done + 8 <= readable {
      word = source.loadUnaligned(fromByteOffset: done, as: UInt64.self)
    } else {
      for index in 0..<rest { word |= UInt64(text[done + index]) &<< UInt64(index &* 8) }
    }
    target.storeBytes(of: word, toByteOffset: done, as: UInt64.self)
    // A false alarm only ever stands above a true one, so the bytes past the end may be ignored.
    found |= special(word) & ((1 &<< UInt64(rest &* 8)) &- 1)
    return found == 0
  }

  /// Not zero where a byte is the separator, a quote, CR or LF.
  @inline(__always)
  private func special(_ word: UInt64) -> UInt64 {
    zeros(word ^ separators) | zeros(word ^ (FieldWriter.ones &* 0x22))
      | zeros(word ^ (FieldWriter.ones &* 0x0A)) | zeros(word ^ (FieldWriter.ones &* 0x0D))
  }

  @inline(__always)
  private func zeros(_ word: UInt64) -> UInt64 {
    (word &- FieldWriter.ones) & ~word & FieldWriter.highs
  }

  @inline(never)
  private func quote(
    _ text: UnsafePointer<UInt8>, _ count: Int, to out: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    var out = out
    out[0] = 0x22
    out += 1
    for index in 0..<count {
      out[0] = text[index]
      out += 1
      if text[index] == 0x22 {
        out[0] = 0x22
        out += 1
      }
    }
    out[0] = 0x22
    return out + 1
  }

  @inline(never)
  private func replace(
    _ text: UnsafePointer<UInt8>, _ count: Int, to out: UnsafeMutablePointer<UInt8>,
    _ replaced: inout Int
  ) -> UnsafeMutablePointer<UInt8> {
    var out = out
    var index = 0
    while index < count {
      let byte = text[index]
      let isSpecial = byte == separator || byte == 0x22 || byte == 0x0A || byte == 0x0D
      out[0] = isSpecial ? 0x20 : byte
      out += 1
      if isSpecial { replaced += 1 }
      if byte == 0x0D && index + 1 < count && text[index + 1] == 0x0A { index += 1 }
      index += 1
    }
    return out
  }
}
