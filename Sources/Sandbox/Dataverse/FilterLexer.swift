import Core

/// The pieces of a `$filter` text.
enum FilterToken: Sendable, Equatable {
  case word(String)
  /// `'it''s'`, unescaped.
  case string(String)
  /// `Namespace.Type'Member'`: the member.
  case member(String)
  case open, close, comma, equals, openList, closeList

  /// Takes a filter apart, aliases put in.
  static func tokens(of text: String, aliases: [String: String]) throws(ODataFault)
    -> [FilterToken]
  {
    var lexer = FilterLexer(text: text, aliases: aliases)
    return try lexer.tokens()
  }
}

/// A place in a `$filter` text, and what was found before it.
private struct FilterLexer {
  let text: String
  let aliases: [String: String]
  private var place: String.Index
  private var found: [FilterToken] = []

  private static let marks: [Character: FilterToken] = [
    "(": .open, ")": .close, ",": .comma, "=": .equals, "[": .openList, "]": .closeList,
  ]

  init(text: String, aliases: [String: String]) {
    self.text = text
    self.aliases = aliases
    place = text.startIndex
  }

  mutating func tokens() throws(ODataFault) -> [FilterToken] {
    while place < text.endIndex {
      switch text[place] {
      case " ", "\t", "\n": step()
      case "'": found.append(.string(try quoted()))
      case "\"": found.append(.string(try doubleQuoted()))
      case let character:
        if let mark = Self.marks[character] {
          found.append(mark)
          step()
        } else {
          try word()
        }
      }
    }
    return found
  }

  private mutating func step() { place = text.index(after: place) }

  private mutating func quoted() throws(ODataFault) -> String {
    var value = ""
    step()
    while place < text.endIndex {
      let character = text[place]
      step()
      guard character == "'" else {
        value.append(character)
        continue
      }
      guard place < text.endIndex, text[place] == "'" else { return value }
      value.append("'")
      step()
    }
    throw .query(
      "There is an unterminated string literal at position \(text.count) in '\(text)'.")
  }

  private mutating func doubleQuoted() throws(ODataFault) -> String {
    let start = text.index(after: place)
    guard let end = text[start...].firstIndex(of: "\"") else {
      throw .query("There is an unterminated literal at position \(text.count) in '\(text)'.")
    }
    place = text.index(after: end)
    return String(text[start..<end])
  }

  private mutating func word() throws(ODataFault) {
    let start = place
    while place < text.endIndex, !" \t\n(),=[]'".contains(text[place]) { step() }
    let word = String(text[start..<place])
    if word.hasPrefix("@") {
      guard let value = aliases[word] else {
        throw .query("The parameter alias '\(word)' is not defined.")
      }
      found += try FilterToken.tokens(of: value, aliases: [:])
    } else if place < text.endIndex, text[place] == "'" {
      found.append(.member(try quoted()))
    } else {
      found.append(.word(word))
    }
  }
}
