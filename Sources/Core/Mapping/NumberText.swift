/// The text of a number, taken apart without going through a floating-point type.
///
/// - Shape: `-?digits(.digits)?(e[+-]?digits)?`, as JSON writes it; leading zeros are accepted.
struct NumberText {
  /// Digits that a number may have written out.
  static let maxDigits = 60
  /// Exponents beyond it count as it.
  private static let maxExponent = 1_000_000_000_000_000
  /// Memory that a written number needs.
  static let size = maxDigits + 8

  private let text: UnsafePointer<UInt8>
  private let count: Int
  private let isNegative: Bool
  private let whole: Range<Int>
  private let fraction: Range<Int>
  private let exponent: Int

  init?(_ text: UnsafePointer<UInt8>, _ count: Int) {
    func digits(from start: Int) -> Range<Int>? {
      var end = start
      while end < count && text[end] &- 0x30 < 10 { end += 1 }
      return end > start ? start..<end : nil
    }
    let isNegative = count > 0 && text[0] == 0x2D
    guard let whole = digits(from: isNegative ? 1 : 0) else { return nil }
    var end = whole.upperBound
    var fraction = end..<end
    if end < count && text[end] == 0x2E {
      guard let found = digits(from: end + 1) else { return nil }
      fraction = found
      end = found.upperBound
    }
    var exponent = 0
    if end < count && text[end] | 0x20 == 0x65 {
      end += 1
      let isDown = end < count && text[end] == 0x2D
      if end < count && (isDown || text[end] == 0x2B) { end += 1 }
      guard let found = digits(from: end) else { return nil }
      for index in found {
        exponent = min(exponent * 10 + Int(text[index] - 0x30), NumberText.maxExponent)
      }
      if isDown { exponent = -exponent }
      end = found.upperBound
    }
    guard end == count else { return nil }
    (self.text, self.count, self.isNegative) = (text, count, isNegative)
    (self.whole, self.fraction, self.exponent) = (whole, fraction, exponent)
  }

  /// True where the text needs no rewriting: no exponent, no leading zero.
  var isPlain: Bool {
    exponent == 0 && fraction.upperBound == max(whole.upperBound, count)
      && (whole.count == 1 || text[whole.lowerBound] != 0x30)
  }

  /// True where the text is already the shortest form of a whole number.
  var isPlainWhole: Bool {
    whole.upperBound == count && (whole.count == 1 || text[whole.lowerBound] != 0x30)
      && !(isNegative && text[whole.lowerBound] == 0x30)
  }

  /// Digits before the point once written out.
  var wholeDigits: Int { whole.count + exponent }

  /// True where the value is zero or has no digits behind the point other than zeros.
  var isWhole: Bool {
    for place in max(0, wholeDigits)..<max(max(0, wholeDigits), whole.count + fraction.count)
    where digit(place) != 0x30 {
      return false
    }
    return wholeDigits > 0 || isZero
  }

  var isZero: Bool {
    for place in 0..<(whole.count + fraction.count) where digit(place) != 0x30 { return false }
    return true
  }

  /// Below, at or above zero, as this number is less than, equal to or greater than the other.
  func order(to other: NumberText) -> Int {
    let (sign, otherSign) = (self.sign, other.sign)
    guard sign == otherSign, sign != 0 else { return sign - otherSign }
    let (first, otherFirst) = (significant, other.significant)
    let (size, otherSize) = (wholeDigits - first, other.wholeDigits - otherFirst)
    guard size == otherSize else { return size < otherSize ? -sign : sign }
    for place in 0..<max(digits - first, other.digits - otherFirst) {
      let (own, others) = (digit(first + place), other.digit(otherFirst + place))
      if own != others { return own < others ? -sign : sign }
    }
    return 0
  }

  private var sign: Int { isZero ? 0 : isNegative ? -1 : 1 }

  private var digits: Int { whole.count + fraction.count }

  /// The place of the first digit other than 0; behind the last one of zero.
  private var significant: Int { (0..<digits).first { digit($0) != 0x30 } ?? digits }

  /// Writes the value without exponent and leading zeros.
  ///
  /// - Parameter isTrimmed: drops zeros behind the point, and the sign of zero, too: equal values
  ///   become equal texts.
  /// - Returns: the length, or nil where it would be longer than `maxDigits`.
  func write(isTrimmed: Bool, to out: UnsafeMutablePointer<UInt8>) -> Int? {
    let given = whole.count + fraction.count
    if isZero && isTrimmed {
      out[0] = 0x30
      return 1
    }
    let behind = max(0, given - wholeDigits)
    guard max(wholeDigits, 1) + behind <= NumberText.maxDigits else { return nil }
    var length = 0
    func put(_ byte: UInt8) {
      out[length] = byte
      length += 1
    }
    if isNegative { put(0x2D) }
    let start = length
    for place in 0..<max(wholeDigits, 0) {
      let byte = digit(place)
      if byte != 0x30 || length > start { put(byte) }
    }
    if length == start { put(0x30) }
    guard behind > 0 else { return length }
    put(0x2E)
    for place in wholeDigits..<given { put(digit(place)) }
    while isTrimmed && out[length - 1] == 0x30 { length -= 1 }
    if out[length - 1] == 0x2E { length -= 1 }
    return length
  }

  /// The digit at that place, counted from the first one written; zeros lie on both sides.
  private func digit(_ place: Int) -> UInt8 {
    if place < 0 { return 0x30 }
    if place < whole.count { return text[whole.lowerBound + place] }
    let index = fraction.lowerBound + place - whole.count
    return index < fraction.upperBound ? text[index] : 0x30
  }
}
