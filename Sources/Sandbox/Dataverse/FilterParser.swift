import Core

/// Reads a `$filter`; what the service does not support is refused as it refuses it.
///
/// - Source: fact sheet 3.2; logic `or`, then `and`, then `not`, then comparisons.
struct FilterParser {
  /// The type that literals beside a column must have.
  enum ColumnType: Sendable { case guid, text, number, bool, moment, day, multiSelect, any }
  typealias Resolve = (String) throws(ODataFault) -> (position: Int, type: ColumnType)

  private let tokens: [FilterToken]
  private let now: Int64
  private let resolve: Resolve
  private var place = 0
  private var conditions = 0

  static func parse(
    _ text: String, aliases: [String: String], now: Instant, resolve: @escaping Resolve
  ) throws(ODataFault) -> FilterExpression {
    let tokens = try FilterToken.tokens(of: text, aliases: aliases)
    var parser = FilterParser(tokens: tokens, now: now.seconds, resolve: resolve)
    let expression = try parser.disjunction()
    guard parser.place == tokens.count else { throw parser.syntax() }
    return expression
  }

  private init(tokens: [FilterToken], now: Int64, resolve: @escaping Resolve) {
    self.tokens = tokens
    self.now = now
    self.resolve = resolve
  }

  private func syntax() -> ODataFault {
    .query("Syntax error at position \(place) in the '$filter' expression.")
  }

  private var next: FilterToken? { place < tokens.count ? tokens[place] : nil }

  private mutating func take(_ token: FilterToken) -> Bool {
    guard next == token else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ token: FilterToken) throws(ODataFault) {
    guard take(token) else { throw syntax() }
  }

  private mutating func disjunction() throws(ODataFault) -> FilterExpression {
    var expression = try conjunction()
    while take(.word("or")) { expression = .or(expression, try conjunction()) }
    return expression
  }

  private mutating func conjunction() throws(ODataFault) -> FilterExpression {
    var expression = try condition()
    while take(.word("and")) { expression = .and(expression, try condition()) }
    return expression
  }

  private mutating func condition() throws(ODataFault) -> FilterExpression {
    if take(.word("not")) { return .not(try condition()) }
    if take(.open) {
      let expression = try disjunction()
      try expect(.close)
      return expression
    }
    conditions += 1
    guard conditions <= 500 else {
      throw ODataFault(
        400, "0x8004430d", "Number of conditions in query exceeded maximum limit of 500.")
    }
    if case .word(let name) = next, place + 1 < tokens.count, tokens[place + 1] == .open {
      place += 2
      return try function(name)
    }
    let one = try operand()
    guard case .word(let word) = next, let comparison = FilterExpression.Comparison(rawValue: word)
    else {
      if case .word(let word) = next, ["add", "sub", "mul", "div", "mod", "in"].contains(word) {
        throw .query("The operator '\(word)' is not supported.")
      }
      if case .column(let position, let type) = one, type == .bool {
        return .compare(.column(position), .eq, .literal(.bool(true)))
      }
      throw syntax()
    }
    place += 1
    let other = try operand()
    return .compare(try typed(one, beside: other), comparison, try typed(other, beside: one))
  }

  private enum Raw {
    case column(Int, ColumnType)
    case quoted(String)
    case bare(String)
  }

  private mutating func operand() throws(ODataFault) -> Raw {
    guard let token = next else { throw syntax() }
    place += 1
    switch token {
    case .string(let text), .member(let text): return .quoted(text)
    case .word(let word):
      if FilterParser.isLiteral(word) { return .bare(word) }
      guard next != .open else {
        throw .query("The function '\(word)' is not supported in this place.")
      }
      let column = try resolve(word)
      return .column(column.position, column.type)
    default:
      place -= 1
      throw syntax()
    }
  }

  private static func isLiteral(_ word: String) -> Bool {
    if ["true", "false", "null"].contains(word) || RowKey(word) != nil { return true }
    guard let first = word.utf8.first else { return false }
    return (0x30...0x39).contains(first) || first == 0x2D
  }

  /// A literal as a value of the type of the column on the other side.
  private func typed(_ raw: Raw, beside other: Raw) throws(ODataFault)
    -> FilterExpression.Operand
  {
    let type: ColumnType = if case .column(_, let type) = other { type } else { .any }
    switch raw {
    case .column(let position, _): return .column(position)
    case .quoted(let text):
      guard type == .text || type == .any || type == .multiSelect else {
        throw mismatch("Edm.String")
      }
      return .literal(.text(text))
    case .bare(let word): return .literal(try FilterParser.literal(word, type, mismatch))
    }
  }

  private func mismatch(_ type: String) -> ODataFault {
    .query(
      "A binary operator with incompatible types was detected. Found operand types "
        + "'\(type)' and another one for operator kind 'Equal'.")
  }

  private static func literal(
    _ word: String, _ type: ColumnType, _ mismatch: (String) -> ODataFault
  ) throws(ODataFault) -> FieldValue {
    if word == "null" { return .null }
    switch type {
    case .guid:
      if let key = RowKey(word) { return .key(key) }
    case .bool:
      if word == "true" || word == "false" { return .bool(word == "true") }
    case .moment:
      if let moment = CalendarText.parse(moment: word) { return .moment(moment) }
    case .day:
      if let day = CalendarText.parse(day: word.prefix(10)) { return .day(day) }
    case .number:
      if let whole = Int64(word) { return .whole(whole) }
      if Double(word) != nil { return .number(word) }
    case .text, .multiSelect: break
    case .any:
      if let key = RowKey(word) { return .key(key) }
      if word == "true" || word == "false" { return .bool(word == "true") }
      if let whole = Int64(word) { return .whole(whole) }
      return .text(word)
    }
    throw mismatch("of '\(word.count)' characters")
  }

  // MARK: functions

  private mutating func function(_ name: String) throws(ODataFault) -> FilterExpression {
    if let match = FilterExpression.Match(rawValue: name) {
      let column = try operand()
      try expect(.comma)
      let pattern = try operand()
      try expect(.close)
      guard case .column(let position, let type) = column, case .quoted(let text) = pattern,
        type == .text || type == .multiSelect || type == .any
      else { throw syntax() }
      return .match(match, position, LikePattern(text, as: match))
    }
    guard let short = name.split(separator: ".").last, name.hasPrefix("Microsoft.Dynamics.CRM.")
    else { throw .query("The function '\(name)' is not supported.") }
    return try queryFunction(String(short))
  }

  /// `PropertyName='x',PropertyValue='y'` or `PropertyValues=['a','b']`, up to the parenthesis.
  private mutating func arguments() throws(ODataFault) -> (name: String, values: [String]) {
    var property = ""
    var values: [String] = []
    while !take(.close) {
      guard case .word(let name) = next else { throw syntax() }
      place += 1
      try expect(.equals)
      let isList = take(.openList)
      repeat {
        switch next {
        case .string(let text) where name == "PropertyName": property = text
        case .string(let text): values.append(text)
        case .word(let word): values.append(word)
        default: throw syntax()
        }
        place += 1
      } while isList && take(.comma)
      if isList { try expect(.closeList) }
      _ = take(.comma)
    }
    return (property, values)
  }

  private mutating func queryFunction(_ name: String) throws(ODataFault) -> FilterExpression {
    let (property, texts) = try arguments()
    let column = try resolve(property)
    let position = column.position
    func value(_ text: String) throws(ODataFault) -> FieldValue {
      column.type == .text
        ? .text(text) : try FilterParser.literal(text, column.type) { _ in self.syntax() }
    }
    func first() throws(ODataFault) -> FieldValue {
      guard let text = texts.first else { throw syntax() }
      return try value(text)
    }
    switch name {
    case "In", "NotIn":
      var values: [FieldValue] = []
      for text in texts { values.append(try value(text)) }
      let expression = FilterExpression.oneOf(position, values)
      return name == "In" ? expression : .not(expression)
    case "Between", "NotBetween":
      guard texts.count == 2 else { throw syntax() }
      let expression = FilterExpression.within(position, try value(texts[0]), try value(texts[1]))
      return name == "Between" ? expression : .not(expression)
    case "ContainValues": return .holdsAny(position, texts)
    case "DoesNotContainValues": return .not(.holdsAny(position, texts))
    case "OnOrAfter": return .compare(.column(position), .ge, .literal(try first()))
    case "On": return onDay(position, try first(), from: true, to: true)
    case "OnOrBefore": return onDay(position, try first(), from: false, to: true)
    case "Today": return onDay(position, .moment(now), from: true, to: true)
    case "LastXDays", "LastXHours":
      guard let count = texts.first.flatMap({ Int64($0) }) else { throw syntax() }
      let start = now - count * (name == "LastXDays" ? 86_400 : 3600)
      return .within(position, .moment(start), .moment(now))
    default:
      throw .query("The query function '\(name)' is not supported by this stand-in.")
    }
  }

  private func onDay(_ position: Int, _ value: FieldValue, from: Bool, to: Bool)
    -> FilterExpression
  {
    guard case .moment(let moment) = value else {
      return .compare(.column(position), from ? .eq : .le, .literal(value))
    }
    let start = moment - moment % 86_400
    let end = FilterExpression.compare(
      .column(position), .lt, .literal(.moment(start + 86_400)))
    guard from else { return end }
    return .and(.compare(.column(position), .ge, .literal(.moment(start))), end)
  }
}
