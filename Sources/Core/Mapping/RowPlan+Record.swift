extension RowPlan {
  /// One row of a page as typed values, in Campaign's form.
  ///
  /// - Units: times are UTC, `YYYY-MM-DD HH:MM:SS.000Z`; dates `YYYY-MM-DD`; booleans `true` and
  ///   `false`; numbers as text; enumerations by name.
  package func record(_ page: Page, row: Int) -> RecordOutcome {
    precondition(page.columns == columns.count, "the page has other columns than the plan")
    let keyCell = page[row, 0]
    guard keyCell.kind == .text, let key = RowKey(page.bytes(of: keyCell)) else {
      return .rejected(rejection(keyOf: keyCell, in: page))
    }
    var mapped = MappedRow(
      key: key, keyField: FieldValue(self.key, .text, key.description), values: [], cuts: 0)
    mapped.parents = parents(page, row: row)
    mapped.values.reserveCapacity(steps.count)
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: scratchCount) { scratch in
      page.text.withUnsafeBufferPointer { text in
        guard let scratch = scratch.baseAddress else { return .mapped(mapped) }
        var converter = converter(text, scratch, .api)
        switch judge(page, row: row, converter.text) {
        case .passes: break
        case .filteredOut: return .filteredOut(key)
        case .rejected(let condition, let rule):
          return .rejected(rejection(key.description, rule, condition: condition))
        }
        if required.contains(where: { page[row, $0].kind == .null }) { return .parentless(key) }
        for (index, step) in steps.enumerated() {
          let value: String
          switch converter.convert(step, page[row, step.column]) {
          case .rejected(let rule):
            return .rejected(rejection(key.description, rule, field: index))
          case .null: value = ""
          case .literal(let literal):
            value = literals[literal].text
            converter.cuts += literals[literal].cut
          case .bytes(let bytes, let count, _):
            value = String(
              decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
          }
          mapped.values.append(fields[index].value(value))
        }
        mapped.cuts = converter.cuts
        return .mapped(mapped)
      }
    }
  }

  private func judge(
    _ page: Page, row: Int, _ text: UnsafePointer<UInt8>
  ) -> RowFilter.Verdict {
    guard let filter else { return .passes }
    let first = row * page.columns
    return page.cells[first..<first + page.columns].withUnsafeBufferPointer {
      filter.judge($0, text)
    }
  }

  /// The fields whose values `MappedRow.differences` wants to see, as the API knows them.
  package var fieldNames: [String] { fields.map(\.name) }
}

extension PlannedField {
  /// The text in Campaign's form, `""` for null, as a value to be written.
  fileprivate func value(_ text: String) -> MappedRow.Value {
    var field = FieldValue(name, .text, text)
    var presence = text.isEmpty ? MappedRow.Presence.cleared : .value
    switch target {
    case .text, .date, .dateTime: break
    case .enumeration: if text.isEmpty { presence = .leftOut }
    case .integer, .number:
      field.form = .number
      if text.isEmpty { field.text = "0" }
    case .boolean:
      field.form = .boolean
      if text.isEmpty { field.text = "false" }
    }
    if text.isEmpty && isOptOut { presence = .leftOut }
    return MappedRow.Value(
      field: field, presence: presence, isCreateOnly: isCreateOnly, target: target,
      isOptOut: isOptOut, isInsertOnly: isInsertOnly)
  }
}
