/// Text from outside, fit to be kept: values masked, one line, cut to 200 characters.
///
/// Safe by what it lets through: words of `ExcerptWords`, error codes such as `PGS-220000`, schema
/// names in quotes such as `'nms:recipient:gender'`, and the column names of `Key (...)=(...)`. No
/// quote or bracket inside a value can bring the value to light.
///
/// - Shape: other words become `…`, those with a digit `#`; what is quoted becomes `'…'`, what is in
///   brackets `(…)` unless all of it may pass.
package func maskedExcerpt(_ text: some Sequence<UInt8>) -> String {
  let bytes = Array(text.prefix(4096))
  var mask = ExcerptMask(Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)[...])
  let line = Array(mask.masked())
  return line.count <= 200 ? String(line) : String(line.prefix(199)) + "…"
}

private struct ExcerptMask {
  private let text: ArraySlice<Unicode.Scalar>
  /// Brackets around this text.
  private let depth: Int
  private var position: Int
  private var result = ""
  private var lastWord = ""
  private var hasNamedColumns = false

  init(_ text: ArraySlice<Unicode.Scalar>, depth: Int = 0) {
    self.text = text
    self.depth = depth
    position = text.startIndex
  }

  mutating func masked() -> String {
    while position < text.endIndex {
      let scalar = text[position]
      if isOpeningQuote(scalar) {
        addQuoted(by: scalar)
      } else if scalar == "(" {
        addBracketed()
      } else if scalar.isBlank || scalar.isPlainMark || scalar.isQuote {
        addMark(scalar)
      } else {
        addWord()
      }
    }
    return result
  }

  /// An apostrophe inside or behind a word opens nothing: `isn't`.
  private func isOpeningQuote(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isQuote && (position == text.startIndex || !text[position - 1].isAlphanumeric)
  }

  private mutating func addQuoted(by quote: Unicode.Scalar) {
    let closing: Unicode.Scalar = quote == "«" ? "»" : quote == "“" ? "”" : quote
    var end = position + 1
    while end < text.endIndex {
      let isLast = end + 1 == text.endIndex || !text[end + 1].isAlphanumeric
      if text[end] == closing, isLast { break }
      end += 1
    }
    let name = String(text[min(position + 1, text.endIndex)..<end])
    result += ExcerptMask.isSchemaName(name) ? "'\(name)'" : "'…'"
    position = min(end + 1, text.endIndex)
  }

  private mutating func addBracketed() {
    let isValue = position > text.startIndex && text[position - 1] == "="
    let (end, next) = closing()
    let content = text[(position + 1)..<end]
    if !isValue, isColumnList(content, before: next) {
      hasNamedColumns = true
      result += "(\(String(content)))"
    } else if isValue || depth == 4 {
      result += "(…)"
    } else {
      var inner = ExcerptMask(content, depth: depth + 1)
      let shown = inner.masked()
      result += shown.contains("…") ? "(…)" : "(\(shown))"
    }
    position = next
  }

  /// - Returns: where the bracket's content ends and what follows it begins: at its own closing
  ///   bracket; where brackets do not pair, at the last one there is, else at the end.
  private func closing() -> (end: Int, next: Int) {
    var open = 0
    for index in position..<text.endIndex {
      if text[index] == "(" { open += 1 }
      if text[index] == ")" { open -= 1 }
      if open == 0 { return (index, index + 1) }
    }
    let last = text[position...].lastIndex(of: ")")
    return last.map { ($0, $0 + 1) } ?? (text.endIndex, text.endIndex)
  }

  /// The first `Key (a, b)=(`: the service names its columns before it quotes their values.
  private func isColumnList(_ content: ArraySlice<Unicode.Scalar>, before next: Int) -> Bool {
    guard !hasNamedColumns, depth == 0, lastWord == "Key" else { return false }
    guard text[next...].starts(with: ["=", "("]) else { return false }
    let names = String(content).split(separator: ",", omittingEmptySubsequences: false)
    return names.allSatisfy { name in
      let bytes = Array(name.utf8.drop { $0 == 0x20 })
      return !bytes.isEmpty && bytes.count <= 64
        && bytes.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x5F }
    }
  }

  private mutating func addMark(_ scalar: Unicode.Scalar) {
    position += 1
    guard scalar.isBlank else { return result.unicodeScalars.append(scalar) }
    if !result.isEmpty, !result.hasSuffix(" ") { result += " " }
  }

  /// A word goes to the next blank, mark or quote; an apostrophe between letters is part of it.
  private mutating func addWord() {
    let start = position
    while position < text.endIndex {
      let scalar = text[position]
      let isInside =
        position > start && position + 1 < text.endIndex && text[position - 1].isAlphanumeric
        && text[position + 1].isAlphanumeric
      if scalar.isQuote ? !isInside : scalar.isBlank || scalar.isPlainMark || scalar == "(" {
        break
      }
      position += 1
    }
    let whole = String(text[start..<position])
    let stops = whole.reversed().prefix { $0 == "." }.count
    let word = String(whole.dropLast(stops))
    lastWord = word
    if word.isEmpty || word == "-" || ExcerptMask.isCode(word)
      || ExcerptWords.all.contains(word.lowercased())
    {
      result += whole
    } else if word.unicodeScalars.contains(where: \.isDigit) {
      result += "#" + String(repeating: ".", count: min(stops, 1))
    } else {
      addMasked()
    }
  }

  /// What is masked in a row is masked once: how many words it has says something of it.
  private mutating func addMasked() {
    var before = Substring(result)
    while let last = before.last, " ,;".contains(last) { before.removeLast() }
    result = before.hasSuffix("…") ? String(before) : result + "…"
  }

  private static func isSchemaName(_ name: String) -> Bool {
    let parts = name.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "nms" || parts[0] == "xtk" || parts[0] == "cus" else {
      return false
    }
    return parts.allSatisfy { part in
      !part.isEmpty
        && part.utf8.allSatisfy { 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == 0x2F }
    }
  }

  /// A prefix of Campaign's, a hyphen, six digits: `RST-360011`.
  private static func isCode(_ word: String) -> Bool {
    let bytes = Array(word.utf8)
    return bytes.count == 10 && ExcerptWords.codes.contains(String(word.prefix(3)))
      && bytes[3] == 0x2D && bytes[4...].allSatisfy { 0x30...0x39 ~= $0 }
  }
}

extension Unicode.Scalar {
  fileprivate var isBlank: Bool {
    properties.isWhitespace || value < 0x20 || value == 0x7F || value == 0xFEFF
  }
  fileprivate var isQuote: Bool {
    self == "'" || self == "\"" || self == "«" || self == "»" || self == "“" || self == "”"
  }
  /// A mark that stands between words and is none.
  fileprivate var isPlainMark: Bool { self == ")" || ",;:!?=".unicodeScalars.contains(self) }
  fileprivate var isDigit: Bool { properties.numericType != nil }
  fileprivate var isAlphanumeric: Bool { properties.isAlphabetic || isDigit }
}

extension String {
  fileprivate init(_ scalars: ArraySlice<Unicode.Scalar>) {
    var view = UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
