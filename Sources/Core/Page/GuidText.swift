/// The 36 bytes of a guid, read eight digits at a time: the key is the one field that every row of
/// every job has.
struct GuidText {
  private let groups: (HexDigits, HexDigits, HexDigits, HexDigits)

  /// Nil where it is anything but a guid, in either case.
  ///
  /// - Parameter text: 36 bytes.
  @inline(__always)
  init?(_ text: UnsafePointer<UInt8>) {
    let source = UnsafeRawPointer(text)
    groups = (
      HexDigits(source.loadUnaligned(as: UInt64.self)),
      HexDigits(source.fours(at: 9, 14)),
      HexDigits(source.fours(at: 19, 24)),
      HexDigits(source.loadUnaligned(fromByteOffset: 28, as: UInt64.self))
    )
    let hasHyphens = text[8] == 0x2D && text[13] == 0x2D && text[18] == 0x2D && text[23] == 0x2D
    guard hasHyphens, groups.0.areValid, groups.1.areValid, groups.2.areValid, groups.3.areValid
    else { return nil }
  }

  var key: RowKey {
    RowKey(
      high: groups.0.number &<< 32 | groups.1.number,
      low: groups.2.number &<< 32 | groups.3.number)
  }

  /// Writes the 36 bytes, in lower case.
  @inline(__always)
  func write(to out: UnsafeMutablePointer<UInt8>) {
    let target = UnsafeMutableRawPointer(out)
    target.storeBytes(of: groups.0.lowerCase, as: UInt64.self)
    target.store(fours: groups.1.lowerCase, at: 9, 14)
    target.store(fours: groups.2.lowerCase, at: 19, 24)
    target.storeBytes(of: groups.3.lowerCase, toByteOffset: 28, as: UInt64.self)
    (out[8], out[13], out[18], out[23]) = (0x2D, 0x2D, 0x2D, 0x2D)
  }
}

/// Eight hexadecimal digits in one word, the first in its lowest byte.
private struct HexDigits {
  /// The digits with letters in lower case.
  let lowerCase: UInt64
  let areValid: Bool

  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always)
  init(_ text: UInt64) {
    let lower = text | (0x20 &* Self.ones)
    // The highest bit of a byte is the answer; of bytes below 0x80 no sum reaches into the next one.
    let isDigit = ~((lower ^ (0x30 &* Self.ones)) &+ (0x76 &* Self.ones))
    let isLetter = (lower &+ (0x1F &* Self.ones)) & ~(lower &+ (0x19 &* Self.ones))
    // With the bit of lower case set, 0x10...0x19 would look like digits.
    let isPrinted = text &<< 1 | text &<< 2
    lowerCase = lower
    areValid =
      text & Self.highs == 0 && (isDigit | isLetter) & isPrinted & Self.highs == Self.highs
  }

  /// Their value.
  @inline(__always)
  var number: UInt64 {
    let isLetter = lowerCase &>> 6 & Self.ones
    let nibbles = (lowerCase & (0x0F &* Self.ones)) &+ (isLetter &* 9)
    let bytes = (nibbles &<< 4 | nibbles &>> 8) & 0x00FF_00FF_00FF_00FF
    let pairs = (bytes &<< 8 | bytes &>> 16) & 0x0000_FFFF_0000_FFFF
    return (pairs &<< 16 | pairs &>> 32) & 0xFFFF_FFFF
  }
}

extension UnsafeRawPointer {
  /// Four bytes from each place, as one word.
  @inline(__always)
  fileprivate func fours(at first: Int, _ second: Int) -> UInt64 {
    UInt64(loadUnaligned(fromByteOffset: first, as: UInt32.self))
      | UInt64(loadUnaligned(fromByteOffset: second, as: UInt32.self)) &<< 32
  }
}

extension UnsafeMutableRawPointer {
  @inline(__always)
  fileprivate func store(fours word: UInt64, at first: Int, _ second: Int) {
    storeBytes(of: UInt32(truncatingIfNeeded: word), toByteOffset: first, as: UInt32.self)
    storeBytes(of: UInt32(truncatingIfNeeded: word &>> 32), toByteOffset: second, as: UInt32.self)
  }
}
