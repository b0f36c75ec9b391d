/// The length of a text in characters, as Campaign counts them.
///
/// - Units: Unicode scalars: `é` written as one scalar is one, an emoji of three joined scalars is
///   three. Campaign's documents say "characters"; scalars are what PostgreSQL's varchar counts.
struct TextLength {
  private let bytes: UnsafePointer<UInt8>
  private let count: Int

  init(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
    self.bytes = bytes
    self.count = count
  }

  var scalars: Int {
    var scalars = 0
    for index in 0..<count where bytes[index] & 0xC0 != 0x80 { scalars += 1 }
    return scalars
  }

  /// Bytes of the longest beginning of at most that many scalars that splits no character that a
  /// reader sees as one (a letter and its accent, a flag, a family).
  func prefix(_ limit: Int) -> Int {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    var scalars = 0
    var length = 0
    for character in text {
      scalars += character.unicodeScalars.count
      if scalars > limit { break }
      length += character.utf8.count
    }
    return length
  }
}

/// A boolean as text.
enum FlagText {
  private static let yes = Array("true".utf8)
  private static let no = Array("false".utf8)

  /// Bytes of `false`.
  static let falseCount = 5

  static func bytes(_ flag: Bool) -> [UInt8] { flag ? yes : no }

  /// `true`, `false` in any case, `1`, `0`; nil otherwise.
  static func read(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool? {
    if count == 1 && bytes[0] == 0x31 { return true }
    if count == 1 && bytes[0] == 0x30 { return false }
    func equals(_ word: [UInt8]) -> Bool {
      count == word.count && (0..<count).allSatisfy { bytes[$0] | 0x20 == word[$0] }
    }
    if equals(yes) { return true }
    return equals(no) ? false : nil
  }
}
