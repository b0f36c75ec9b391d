/// `filter:`: every condition is checked against its column before the first row.
extension RowPlanBuilder {
  typealias Condition = IngressSettings.Filter.Condition

  mutating func addFilter() {
    guard let filter = settings.filter else { return }
    var compiled = RowFilter(isAny: filter.match == .any)
    for condition in filter.conditions {
      guard let column = column(condition.column, at: condition.position),
        let source = column.kind.source
      else { continue }
      guard source.comparisons.contains(condition.comparison) else {
        note(
          condition,
          "\(condition.column) (\(column.kind.words)) is not compared with "
            + condition.comparison.rawValue,
          expected: source.comparisons.map(\.rawValue).joined(separator: ", "))
        continue
      }
      guard let wanted = wanted(condition, column, source, &compiled) else { continue }
      filterNames.append(condition.column)
      compiled.add(
        FilterStep(
          column: position(of: column), comparison: condition.comparison, wanted: wanted))
    }
    self.filter = compiled
  }

  private mutating func wanted(
    _ condition: Condition, _ column: ColumnSchema, _ source: FieldStep.Source,
    _ filter: inout RowFilter
  ) -> FilterStep.Wanted? {
    if condition.comparison == .isEmpty || condition.comparison == .isNotEmpty { return .nothing }
    guard let value = condition.value else {
      note(condition, "\(condition.comparison.rawValue) compares \(condition.column) with a value")
      return nil
    }
    guard !value.isEmpty else {
      note(
        condition, "an empty value meets no comparison with \(condition.column)",
        expected: "isEmpty or isNotEmpty")
      return nil
    }
    switch source {
    case .text: return .text(filter.keep(folded: value))
    case .number: return number(value, condition, column, &filter)
    case .choice:
      guard isDefined([value], condition, column) else { return nil }
      return number(value, condition, column, &filter)
    case .multi:
      let values = value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let selected = condition.comparison == .contains ? [value] : values
      guard isDefined(selected, condition, column) else { return nil }
      return .choices(filter.keep(Array(value.utf8)))
    case .moment, .local, .day: return time(value, condition, source)
    case .flag:
      if value == "true" || value == "false" { return .flag(value == "true") }
      refuse(
        value, condition, .notABoolean, expected: "true or false",
        nearest: meant(value, column).map { $0 == "1" ? "true" : "false" })
      return nil
    case .identifier:
      if let key = RowKey(value) { return .identifier(key) }
      note(
        condition, "the value \"\(value)\" for \(condition.column): not a guid",
        expected: "a guid, written like 11a3b0c4-52de-ee11-904c-000d3a2b1c4d")
      return nil
    }
  }

  private mutating func number(
    _ value: String, _ condition: Condition, _ column: ColumnSchema, _ filter: inout RowFilter
  ) -> FilterStep.Wanted? {
    let isWholeOnly =
      switch column.kind {
      case .decimal, .money, .double: false
      default: true
      }
    let bytes = Array(value.utf8)
    let isWhole = withPointer(to: bytes) { NumberText($0, bytes.count)?.isWhole }
    guard let isWhole, isWhole || !isWholeOnly else {
      refuse(
        value, condition, isWhole == nil ? .notANumber : .notAnInteger,
        expected: isWholeOnly ? "a whole number" : "a number, written like 1234.5")
      return nil
    }
    return .number(filter.keep(bytes))
  }

  private mutating func time(
    _ value: String, _ condition: Condition, _ source: FieldStep.Source
  ) -> FilterStep.Wanted? {
    let bytes = Array(value.utf8)
    func read(isShifted: Bool) -> Moment? {
      withPointer(to: bytes) { Moment($0, bytes.count, isShifted: isShifted) }
    }
    let expected =
      switch source {
      case .day: "a date, written like 2024-03-05"
      case .local: "a time without a zone, written like 2024-03-05T21:59:01"
      default: "a time, written like 2024-03-05T21:59:01Z, or a date"
      }
    if let moment = read(isShifted: true) {
      if source == .moment { return .moment(moment.seconds, isShifted: true) }
      // An offset would have to be ignored in a column that has none.
      let hasNoOffset = read(isShifted: false)?.seconds == moment.seconds
      if source == .local && hasNoOffset { return .moment(moment.seconds, isShifted: false) }
      if source == .day && bytes.count == 10 { return .day(moment.midnight) }
    }
    refuse(value, condition, .notADate, expected: expected)
    return nil
  }

  /// Whether the column defines each of these choices; where the metadata lists none, all are.
  private mutating func isDefined(
    _ values: [String], _ condition: Condition, _ column: ColumnSchema
  ) -> Bool {
    let known = column.options.map(\.value)
    guard !known.isEmpty, let wrong = values.first(where: { !known.contains($0) }) else {
      return true
    }
    note(
      condition, "\(condition.column) has no choice \"\(wrong)\" to compare with",
      expected: known.count <= 12 ? known.joined(separator: ", ") : "\(known.count) values",
      nearest: meant(wrong, column))
    return false
  }

  /// The value of the choice whose label somebody wrote instead.
  private func meant(_ text: String, _ column: ColumnSchema) -> String? {
    let wanted = text.lowercased()
    return column.options.first { option in
      option.value == text || option.labels.values.contains { $0.lowercased() == wanted }
    }?.value
  }

  private mutating func refuse(
    _ value: String, _ condition: Condition, _ rule: MappingRule, expected: String,
    nearest: String? = nil
  ) {
    note(
      condition, "the value \"\(value)\" for \(condition.column): \(rule.reason)",
      expected: expected, nearest: nearest)
  }

  private mutating func note(
    _ condition: Condition, _ problem: String, expected: String? = nil, nearest: String? = nil
  ) {
    findings.append(
      MappingFinding(condition.position, problem, expected: expected, nearest: nearest))
  }
}
