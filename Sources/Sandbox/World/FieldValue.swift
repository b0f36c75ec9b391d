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
