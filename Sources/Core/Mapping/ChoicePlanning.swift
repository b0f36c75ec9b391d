/// Choices and replacements: everything whose outcome is known before the first row.
extension RowPlanBuilder {
  mutating func addChoices(
    to step: inout FieldStep, _ mapping: FieldMapping, _ column: ColumnSchema, _ field: FieldSchema
  ) {
    checkKeys(mapping, column)
    let replaced = mapping.replace.sorted { $0.key < $1.key }.map { key, value in
      (key: key, literal: addReplacement(value, step, mapping, field))
    }
    step.null = replaced.first { $0.key.isEmpty }?.literal ?? FieldStep.none
    func replacement(_ text: String) -> Int32? { replaced.first { $0.key == text }?.literal }

    if step.source == .flag {
      step.yes = replacement("true") ?? addLiteral("true", step)
      step.no = replacement("false") ?? addLiteral("false", step)
      checkOutcomes([step.yes, step.no], replaced.map(\.literal), mapping, column, field)
      return
    }
    var entries = replaced.filter { !$0.key.isEmpty }.map { (Array($0.key.utf8), Int($0.literal)) }
    if let language = labelLanguage, step.isEnumerable || step.source == .multi {
      let labels = column.options.compactMap { option in
        option.labels[language].map { (value: option.value, label: $0) }
      }
      if labels.isEmpty && !column.options.isEmpty {
        note(mapping, "no choice of \(mapping.from) has a label in language \(language)")
      }
      if step.source == .multi {
        step.labels = addLabels(labels)
      } else {
        entries = labels.map { value, label in
          (Array(value.utf8), Int(replacement(label) ?? addLiteral(label, step)))
        }
        step.isClosed = true
        checkOutcomes(
          entries.map { Int32($0.1) }, replaced.map(\.literal), mapping, column, field)
      }
    } else if step.source == .choice {
      let outcomes = column.options.map { replacement($0.value) ?? addLiteral($0.value, step) }
      checkOutcomes(outcomes, replaced.map(\.literal), mapping, column, field)
    }
    if !entries.isEmpty || step.isClosed { step.replacements = addTable(entries) }
  }

  private var labelLanguage: Int? {
    if case .labels(let language) = settings.choices { language } else { nil }
  }

  private mutating func addLabels(_ labels: [(value: String, label: String)]) -> Int32 {
    let total = labels.reduce(0) { $0 + $1.label.utf8.count + 2 }
    longestLabels = max(longestLabels, total)
    return addTable(
      labels.map { value, label in
        literals.append(Literal(text: label))
        return (Array(value.utf8), literals.count - 1)
      })
  }

  /// A replacement must name something that the column can yield.
  private mutating func checkKeys(_ mapping: FieldMapping, _ column: ColumnSchema) {
    let known: [String]
    switch column.kind {
    case .boolean: known = ["true", "false"]
    case .picklist, .state, .status, .multiSelect:
      guard !column.options.isEmpty else { return }
      known = column.options.compactMap { option in
        if let labelLanguage { option.labels[labelLanguage] } else { option.value }
      }
    default: return
    }
    for key in mapping.replace.keys.sorted() where !key.isEmpty {
      let part = column.kind == .multiSelect ? unknownChoice(in: key, known) : key
      guard let part, !known.contains(part) else { continue }
      let few = known.count <= 12 ? known.joined(separator: ", ") : "\(known.count) values"
      note(
        mapping, "\(mapping.from) has no choice \"\(part)\" to replace", expected: few,
        nearest: Nearest.name(to: part, among: known))
    }
  }

  /// What is no choice in the text of a multi-select, `2,3` or `Reading; Music`; nil where all are.
  ///
  /// A label may have a separator in it: what counts is whether the text can be made of labels.
  private func unknownChoice(in text: String, _ known: [String]) -> String? {
    let separator = Array((labelLanguage == nil ? "," : "; ").utf8)
    let bytes = Array(text.utf8)
    var reached: Set<Int> = [0]
    var open = [0]
    while let start = open.popLast() {
      for name in known where bytes[start...].starts(with: name.utf8) {
        let end = start + name.utf8.count
        if end == bytes.count { return nil }
        guard bytes[end...].starts(with: separator) else { continue }
        if reached.insert(end + separator.count).inserted { open.append(end + separator.count) }
      }
    }
    let rest = bytes[(reached.max() ?? 0)...]
    let end = rest.indices.first { rest[$0...].starts(with: separator) } ?? rest.endIndex
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  private mutating func addReplacement(
    _ value: String, _ step: FieldStep, _ mapping: FieldMapping, _ field: FieldSchema
  ) -> Int32 {
    let index = addLiteral(value, step)
    if let rule = literals[Int(index)].rule {
      var names: [String] = []
      if case .enumeration(let all) = field.kind { names = all.filter { !$0.hasPrefix("__") } }
      note(
        mapping, "the replacement \"\(value)\" for \(mapping.to): \(rule.reason)",
        expected: names.isEmpty ? field.kind.words : names.joined(separator: ", "),
        nearest: Nearest.name(to: value, among: names))
    }
    return index
  }

  /// Two options must both have a form in the field; of a choice, one at least.
  private mutating func checkOutcomes(
    _ outcomes: [Int32], _ replacements: [Int32], _ mapping: FieldMapping, _ column: ColumnSchema,
    _ field: FieldSchema
  ) {
    guard field.kind != .text, !outcomes.isEmpty else { return }
    // A wrong replacement has its own finding.
    let failed = outcomes.filter { literals[Int($0)].rule != nil && !replacements.contains($0) }
    guard column.kind == .boolean ? !failed.isEmpty : failed.count == outcomes.count else { return }
    note(
      mapping, "the choices of \(mapping.from) do not fit \(mapping.to), \(field.kind.words)",
      expected: "a replacement for each of them")
  }

  /// A text that is known beforehand, in both its forms.
  private mutating func addLiteral(_ text: String, _ step: FieldStep) -> Int32 {
    var plain = step
    plain.source = .text  // a replacement is what the operator wrote, whatever the column is
    var literal = Literal()
    if !text.isEmpty {
      switch convert(text, plain, dialect.timeForm) {
      case .failure(let failure): literal.rule = failure.rule
      case .success(let file):
        let field = dialect.encode(file.bytes)
        (literal.csv, literal.replaced, literal.cut) = (field.bytes, field.replaced, file.cuts)
        if step.onlyOptsOut, file.bytes == FlagText.bytes(false) { literal.csv = [] }
      }
      if case .success(let value) = convert(text, plain, .api) {
        literal.text = String(decoding: value.bytes, as: UTF8.self)
      }
    }
    literals.append(literal)
    return Int32(literals.count - 1)
  }

  private struct Failure: Error { var rule: MappingRule }

  private func convert(
    _ text: String, _ step: FieldStep, _ form: Moment.Form
  ) -> Result<(bytes: [UInt8], cuts: Int), Failure> {
    let bytes = Array(text.utf8)
    let scratchCount = scratchCount
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: scratchCount) { scratch in
      guard let memory = scratch.baseAddress else { return .success(([], 0)) }
      return withPointer(to: bytes) { pointer in
        var converter = CellConverter(
          text: pointer, textCount: bytes.count, scratch: memory, scratchCount: scratchCount,
          tables: tables, literals: literals, textTime: dialect.timeForm, fieldTime: form)
        switch converter.form(step, pointer, bytes.count, bytes.count) {
        case .bytes(let start, let count, _):
          return .success(
            (Array(UnsafeBufferPointer(start: start, count: count)), converter.cuts))
        case .rejected(let rule): return .failure(Failure(rule: rule))
        case .null, .literal: return .success(([], converter.cuts))
        }
      }
    }
  }
}

extension CSVDialect {
  /// How times stand in a file.
  var timeForm: Moment.Form { dateTime == .iso ? .iso : .file }
}
