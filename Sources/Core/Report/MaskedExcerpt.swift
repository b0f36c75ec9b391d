/// Text from outside, fit to be kept: values masked, one line, cut to 200 characters.
///
/// - Shape: quoted texts, `=(...)` values and words with `@` become `…`; a word with a digit
///   becomes `#`. Codes such as `PGS-220000` and schema names such as `nms:recipient:gender` stay.
package func maskedExcerpt(_ text: some Sequence<UInt8>) -> String {
  let bytes = Array(text.prefix(4096))
  var mask = ExcerptMask(Array(String(decoding: bytes, as: UTF8.self).unicodeScalars))
  return mask.masked(limit: 200)
}

private struct ExcerptMask {
  private let text: [Unicode.Scalar]
  private var position = 0
  private var result = ""

  init(_ text: [Unicode.Scalar]) { self.text = text }

  mutating func masked(limit: Int) -> String {
    while position < text.count {
      let scalar = text[position]
      if isOpeningQuote(scalar) {
        skipQuoted(by: scalar)
      } else if scalar == "(", position > 0, text[position - 1] == "=" {
        skip(to: ")")
        result += "(…)"
      } else if ExcerptMask.belongsToWord(scalar) {
        addWord()
      } else {
        addOther(scalar)
      }
    }
    let line = Array(result)
    return line.count <= limit ? result : String(line.prefix(limit - 1)) + "…"
  }

  /// An apostrophe inside a word is none: `isn't`.
  private func isOpeningQuote(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar == "'" || scalar == "\"" || scalar == "«" || scalar == "“" else { return false }
    return position == 0 || !ExcerptMask.isAlphanumeric(text[position - 1])
  }

  private mutating func skipQuoted(by quote: Unicode.Scalar) {
    let closing: Unicode.Scalar = quote == "«" ? "»" : quote == "“" ? "”" : quote
    var end = position + 1
    while end < text.count {
      let isLast = end + 1 == text.count || !ExcerptMask.isAlphanumeric(text[end + 1])
      if text[end] == closing, isLast { break }
      end += 1
    }
    var content = String.UnicodeScalarView()
    content.append(contentsOf: text[min(position + 1, text.count)..<min(end, text.count)])
    let name = String(content)
    result += ExcerptMask.isSchemaName(name) ? "'\(name)'" : "'…'"
    position = end + 1
  }

  private mutating func skip(to closing: Unicode.Scalar) {
    while position < text.count, text[position] != closing { position += 1 }
    position += 1
  }

  private mutating func addWord() {
    let start = position
    while position < text.count, ExcerptMask.belongsToWord(text[position]) { position += 1 }
    var scalars = String.UnicodeScalarView()
    scalars.append(contentsOf: text[start..<position])
    let word = String(scalars)
    if word.contains("@") {
      result += "…"
    } else if scalars.contains(where: ExcerptMask.isDigit), !ExcerptMask.isCode(word) {
      result += "#"
    } else {
      result += word
    }
  }

  private mutating func addOther(_ scalar: Unicode.Scalar) {
    position += 1
    let isBlank = scalar.properties.isWhitespace || scalar.value < 0x20 || scalar.value == 0x7F
    guard isBlank else { return result.unicodeScalars.append(scalar) }
    if !result.isEmpty, !result.hasSuffix(" ") { result += " " }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.numericType != nil
  }

  private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isAlphabetic || isDigit(scalar)
  }

  private static func belongsToWord(_ scalar: Unicode.Scalar) -> Bool {
    isAlphanumeric(scalar) || scalar == "_" || scalar == "-" || scalar == "@" || scalar == "."
      || scalar == "+" || scalar == "/"
  }

  private static func isSchemaName(_ name: String) -> Bool {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "nms" || parts[0] == "xtk" || parts[0] == "cus" else {
      return false
    }
    return parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { 0x41...0x7A ~= $0 } }
  }
}

extension ExcerptMask {
  /// Three capitals, a hyphen, six digits: `RST-360011`; a sentence may end right behind it.
  fileprivate static func isCode(_ word: String) -> Bool {
    var bytes = Array(word.utf8)
    if bytes.last == 0x2E { bytes.removeLast() }
    return bytes.count == 10 && bytes[..<3].allSatisfy { 0x41...0x5A ~= $0 }
      && bytes[3] == 0x2D && bytes[4...].allSatisfy { 0x30...0x39 ~= $0 }
  }
}
