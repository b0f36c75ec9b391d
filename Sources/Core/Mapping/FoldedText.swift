/// A UTF-8 text, code point by code point, without regard to letter case.
///
/// - Shape: every code point stands for its lower case where that is one code point, and the final
///   sigma for sigma; nothing is normalised: `é` written in two ways is two texts.
struct FoldedText {
  /// Behind the last code point.
  static let end = UInt32.max

  private let bytes: UnsafePointer<UInt8>
  private let count: Int
  private var index: Int

  init(_ bytes: UnsafePointer<UInt8>, _ count: Int, from index: Int = 0) {
    self.bytes = bytes
    self.count = count
    self.index = index
  }

  static func scalars(of text: String) -> [UInt32] { text.unicodeScalars.map { folded($0.value) } }

  @inline(__always)
  mutating func next() -> UInt32 {
    guard index < count else { return FoldedText.end }
    let byte = bytes[index]
    guard byte >= 0x80 else {
      index += 1
      return UInt32(byte &- 0x41 < 26 ? byte | 0x20 : byte)
    }
    return FoldedText.folded(wide())
  }

  /// A code point of two bytes or more.
  @inline(never)
  private mutating func wide() -> UInt32 {
    let first = bytes[index]
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
    var scalar = UInt32(first) & (0xFF >> UInt32(length + 1))
    index += 1
    for _ in 1..<length where index < count && bytes[index] & 0xC0 == 0x80 {
      scalar = scalar << 6 | UInt32(bytes[index] & 0x3F)
      index += 1
    }
    return scalar
  }

  private static func folded(_ value: UInt32) -> UInt32 {
    guard let scalar = Unicode.Scalar(value) else { return value }
    if scalar == "ς" { return ("σ" as Unicode.Scalar).value }
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    guard let first = lower.first, lower.count == 1 else { return value }
    return first.value
  }
}

extension FoldedText {
  /// Below, at or above zero, as the text lies before, at or behind the wanted one in the order of
  /// code points.
  func order(to wanted: ArraySlice<UInt32>) -> Int {
    var text = self
    for scalar in wanted {
      let own = text.next()
      if own == FoldedText.end || own < scalar { return -1 }
      if own > scalar { return 1 }
    }
    return text.next() == FoldedText.end ? 0 : 1
  }

  func starts(with wanted: ArraySlice<UInt32>) -> Bool {
    var text = self
    for scalar in wanted where text.next() != scalar { return false }
    return true
  }

  func contains(_ wanted: ArraySlice<UInt32>) -> Bool {
    var text = self
    repeat {
      if text.starts(with: wanted) { return true }
    } while text.next() != FoldedText.end
    return false
  }

  func ends(with wanted: ArraySlice<UInt32>) -> Bool {
    let scalars = TextLength(bytes, count).scalars
    guard scalars >= wanted.count else { return false }
    var text = self
    for _ in 0..<(scalars - wanted.count) { _ = text.next() }
    return text.order(to: wanted) == 0
  }
}
