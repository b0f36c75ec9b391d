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
    var tokens: [FilterToken] = []
    var place = text.startIndex
    while place < text.endIndex {
      switch text[place] {
      case " ", "\t", "\n": place = text.index(after: place)
      case "(": append(.open)
      case ")": append(.close)
      case ",": append(.comma)
      case "=": append(.equals)
      case "[": append(.openList)
      case "]": append(.closeList)
      case "'": tokens.append(.string(try quoted()))
      case "\"": tokens.append(.string(try doubleQuoted()))
      default: try word()
      }
    }
    return tokens

    func append(_ token: FilterToken) {
      tokens.append(token)
      place = text.index(after: place)
    }

    func quoted() throws(ODataFault) -> String {
      var value = ""
      place = text.index(after: place)
      while place < text.endIndex {
        let character = text[place]
        place = text.index(after: place)
        guard character == "'" else {
          value.append(character)
          continue
        }
        guard place < text.endIndex, text[place] == "'" else { return value }
        value.append("'")
        place = text.index(after: place)
      }
      throw .query(
        "There is an unterminated string literal at position \(text.count) in '\(text)'.")
    }

    func doubleQuoted() throws(ODataFault) -> String {
      let start = text.index(after: place)
      guard let end = text[start...].firstIndex(of: "\"") else {
        throw .query("There is an unterminated literal at position \(text.count) in '\(text)'.")
      }
      place = text.index(after: end)
      return String(text[start..<end])
    }

    func word() throws(ODataFault) {
      let start = place
      while place < text.endIndex, !" \t\n(),=[]'".contains(text[place]) {
        place = text.index(after: place)
      }
      let word = String(text[start..<place])
      if word.hasPrefix("@") {
        guard let value = aliases[word] else {
          throw .query("The parameter alias '\(word)' is not defined.")
        }
        tokens += try FilterToken.tokens(of: value, aliases: [:])
      } else if place < text.endIndex, text[place] == "'" {
        tokens.append(.member(try quoted()))
      } else {
        tokens.append(.word(word))
      }
    }
  }
}
