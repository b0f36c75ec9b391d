import Core

/// One value of a row of the Dataverse stand-in.
package enum FieldValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// Integers, big integers and choices.
  case whole(Int64)
  /// Decimal, money, double: the text with its scale.
  case number(String)
  case text(String)
  /// Seconds since 1970.
  case moment(Int64)
  /// Days since 1970-01-01.
  case day(Int)
  case key(RowKey)
  case reference(RowKey, table: String)

  var key: RowKey? {
    switch self {
    case .key(let key), .reference(let key, _): key
    default: nil
    }
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  var json: JSONValue {
    switch self {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .whole(let number): .number(String(number))
    case .number(let text): .number(text)
    case .text(let text): .string(text)
    case .moment(let seconds): .string(CalendarText.moment(seconds))
    case .day(let day): .string(CalendarText.day(day))
    case .key(let key), .reference(let key, _): .string(key.description)
    }
  }
}

extension FieldValue {
  /// A JSON value as the type of a column; empty text is null.
  ///
  /// - Returns: nil where it is of another type.
  init?(_ json: JSONValue, _ column: ColumnDefinition) {
    if json == .null {
      self = .null
      return
    }
    switch (column.kind, json) {
    case (.string, .string(let text)), (.memo, .string(let text)),
      (.multiSelect, .string(let text)):
      self = text.isEmpty ? .null : .text(text)
    case (.boolean, .bool(let flag)): self = .bool(flag)
    case (.integer, .number(let text)), (.bigInteger, .number(let text)),
      (.picklist, .number(let text)), (.state, .number(let text)), (.status, .number(let text)):
      guard let number = Int64(text) else { return nil }
      self = .whole(number)
    case (.decimal(let scale, _), .number(let text)), (.double(let scale, _), .number(let text)):
      self = .number(FieldValue.scaled(text, scale))
    case (.money, .number(let text)): self = .number(FieldValue.scaled(text, 4))
    case (.dateTime(.dateOnly), .string(let text)):
      guard let day = CalendarText.parse(day: text.prefix(10)) else { return nil }
      self = .day(day)
    case (.dateTime, .string(let text)):
      guard let moment = CalendarText.parse(moment: text) else { return nil }
      self = .moment(moment)
    case (.uniqueIdentifier, .string(let text)):
      guard let key = RowKey(text) else { return nil }
      self = .key(key)
    case (.lookup(_, let targets), .string(let text)):
      guard let key = RowKey(text), let target = targets.first else { return nil }
      self = .reference(key, table: target.table)
    default: return nil
    }
  }

  /// A number's text with as many decimals as its column keeps; an exponent is left alone.
  static func scaled(_ text: String, _ scale: Int) -> String {
    guard !text.contains("e"), !text.contains("E") else { return text }
    let parts = text.split(separator: ".", maxSplits: 1)
    guard scale > 0, let whole = parts.first else { return text }
    let fraction = parts.count > 1 ? String(parts[1].prefix(scale)) : ""
    return whole + "." + fraction + String(repeating: "0", count: scale - fraction.count)
  }
}
