import Core

/// The filter of a job file, asked about one row: slow, obvious, and none of the tool's code.
package struct RowFilter {
  let filter: IngressSettings.Filter
  /// The type of a column; nil: its JSON says it.
  let kind: @Sendable (String) -> ColumnDefinition.Kind?

  package init(
    filter: IngressSettings.Filter,
    kind: @escaping @Sendable (String) -> ColumnDefinition.Kind? = { _ in nil }
  ) {
    self.filter = filter
    self.kind = kind
  }

  package func passes(_ row: JSONValue) -> Bool {
    switch filter.match {
    case .all: filter.conditions.allSatisfy { holds($0, for: row) }
    case .any: filter.conditions.contains { holds($0, for: row) }
    }
  }

  private func holds(_ condition: IngressSettings.Filter.Condition, for row: JSONValue) -> Bool {
    let column = RowFilter.bare(condition.column)
    let value = row[column] ?? row["_\(column)_value"] ?? .null
    // Null, and text without a character, match isEmpty and nothing else.
    if value == .null || value.text == "" { return condition.comparison == .isEmpty }
    if condition.comparison == .isNotEmpty { return true }
    guard condition.comparison != .isEmpty, let wanted = condition.value else { return false }
    return compare(value, condition.comparison, wanted, kind(column))
  }

  /// `cs_contactid` of `_cs_contactid_value`.
  static func bare(_ column: String) -> String {
    guard column.hasPrefix("_"), column.hasSuffix("_value") else { return column }
    return String(column.dropFirst().dropLast(6))
  }

  private func compare(
    _ value: JSONValue, _ comparison: IngressSettings.Filter.Comparison, _ wanted: String,
    _ kind: ColumnDefinition.Kind?
  ) -> Bool {
    let order: Int?
    switch (kind, value) {
    case (_, .bool(let flag)):
      order = wanted.lowercased() == (flag ? "true" : "false") ? 0 : 1
    case (_, .number(let text)): order = RowFilter.order(number: text, wanted)
    case (.dateTime(.dateOnly), .string(let text)):
      order = RowFilter.order(CalendarText.parse(day: text), CalendarText.parse(day: wanted))
    case (.dateTime, .string(let text)):
      order = RowFilter.order(
        CalendarText.parse(moment: text), CalendarText.parse(moment: wanted))
    case (.uniqueIdentifier, .string(let text)), (.lookup, .string(let text)):
      order = text.lowercased() == wanted.lowercased() ? 0 : 1
    case (.multiSelect, .string(let text)):
      return holds(several: text, comparison, wanted)
    case (_, .string(let text)): return holds(text: text, comparison, wanted)
    default: return false
    }
    guard let order else { return false }
    switch comparison {
    case .equals: return order == 0
    case .notEquals: return order != 0
    case .greaterThan: return order > 0
    case .atLeast: return order >= 0
    case .lessThan: return order < 0
    case .atMost: return order <= 0
    default: return false
    }
  }

  // MARK: types

  /// Text without regard to case, character by character, by the numbers of Unicode.
  private func holds(
    text: String, _ comparison: IngressSettings.Filter.Comparison, _ wanted: String
  ) -> Bool {
    let text = RowFilter.folded(text)
    let wanted = RowFilter.folded(wanted)
    switch comparison {
    case .equals: return text == wanted
    case .notEquals: return text != wanted
    case .greaterThan: return wanted.lexicographicallyPrecedes(text)
    case .atLeast: return !text.lexicographicallyPrecedes(wanted)
    case .lessThan: return text.lexicographicallyPrecedes(wanted)
    case .atMost: return !wanted.lexicographicallyPrecedes(text)
    case .contains: return wanted.isEmpty || text.firstRange(of: wanted) != nil
    case .startsWith: return text.starts(with: wanted)
    case .endsWith: return text.reversed().starts(with: wanted.reversed())
    case .isEmpty, .isNotEmpty: return false
    }
  }

  static func folded(_ text: String) -> [UInt32] {
    text.unicodeScalars.flatMap { $0.properties.lowercaseMapping.unicodeScalars.map(\.value) }
  }

  /// Several choices are equal as sets; they contain a choice.
  private func holds(
    several text: String, _ comparison: IngressSettings.Filter.Comparison, _ wanted: String
  ) -> Bool {
    func choices(_ text: String) -> Set<String> {
      Set(text.split(separator: ",").map { $0.filter { $0 != " " } })
    }
    switch comparison {
    case .equals: return choices(text) == choices(wanted)
    case .notEquals: return choices(text) != choices(wanted)
    case .contains: return choices(text).isSuperset(of: choices(wanted))
    default: return false
    }
  }

  private static func order<Value: Comparable>(_ one: Value?, _ other: Value?) -> Int? {
    guard let one, let other else { return nil }
    return one < other ? -1 : one == other ? 0 : 1
  }

  /// Decimals by their digits: no binary fraction comes in between.
  ///
  /// - Returns: nil where `wanted` is no number.
  static func order(number text: String, _ wanted: String) -> Int? {
    guard let one = Digits(text), let other = Digits(wanted) else { return nil }
    if one.isNegative != other.isNegative { return one.isNegative ? -1 : 1 }
    let sign = one.isNegative ? -1 : 1
    if one.whole.count != other.whole.count {
      return one.whole.count < other.whole.count ? -sign : sign
    }
    let length = max(one.fraction.count, other.fraction.count)
    let pair = [one, other].map { digits in
      digits.whole + digits.fraction
        + String(repeating: "0", count: length - digits.fraction.count)
    }
    return pair[0] == pair[1] ? 0 : pair[0] < pair[1] ? -sign : sign
  }

  /// `-0012.50`: negative, `12`, `50`.
  private struct Digits {
    var isNegative: Bool
    var whole: String
    var fraction: String

    init?(_ text: String) {
      let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
      guard text.filter({ $0 == "-" }).count <= 1, (1...2).contains(parts.count),
        parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
      else { return nil }
      whole = String(parts[0].drop { $0 == "0" })
      fraction = parts.count > 1 ? String(parts[1]) : ""
      while fraction.hasSuffix("0") { fraction.removeLast() }
      // There is one zero.
      isNegative = text.hasPrefix("-") && !(whole + fraction).isEmpty
    }
  }
}
