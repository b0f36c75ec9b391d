/// The labels that a mapping with `choices: labels` writes: of its mapped choice columns.
///
/// Rows that were written before a label changed keep the old one: the checkpoint remembers what
/// the load wrote.
package struct ChoiceLabels: Codable, Sendable, Equatable {
  /// Column -> value -> label.
  package var columns: [String: [String: String]]

  package init(columns: [String: [String: String]]) { self.columns = columns }

  /// Nil where no label is written.
  package init?(_ settings: IngressSettings, table: TableSchema) {
    guard case .labels(let language) = settings.choices else { return nil }
    columns = [:]
    for mapping in settings.fields {
      guard let column = table.column(mapping.from), column.kind.hasLabels else { continue }
      let labels = column.options.compactMap { option in
        option.labels[language].map { (option.value, $0) }
      }
      columns[column.name] = Dictionary(labels) { $1 }
    }
    if columns.isEmpty { return nil }
  }

  /// Choices of both that have another label now, or none.
  ///
  /// A column or a choice that came or went is no drift: rows with it changed, or are refused.
  package func changes(to now: ChoiceLabels) -> [LabelDrift] {
    columns.sorted { $0.key < $1.key }.compactMap { column, labels in
      guard let others = now.columns[column] else { return nil }
      let values = labels.filter { others[$0.key] != $0.value }.map(\.key)
      return values.isEmpty ? nil : LabelDrift(column: column, values: values)
    }
  }
}

/// Choices of one column whose labels are others than when the job was loaded.
package struct LabelDrift: Sendable, Equatable {
  package var column: String
  package var values: [String]

  package init(column: String, values: [String]) {
    self.column = column
    self.values = values.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
  }

  package var words: String {
    let few = values.prefix(12).joined(separator: ", ")
    let more = values.count > 12 ? " and \(values.count - 12) more" : ""
    return "\(column): another label of \(few)\(more)"
  }

  /// One line for an operator.
  package static func sentence(_ drifts: [LabelDrift], job: String) -> String {
    "labels changed in Dynamics since \(job) was loaded ("
      + drifts.map(\.words).joined(separator: "; ")
      + "): rows written before keep the old ones until `campaign-sync replay \(job)`"
  }
}

extension ColumnSchema.Kind {
  fileprivate var hasLabels: Bool {
    switch self {
    case .picklist, .state, .status, .multiSelect: true
    default: false
    }
  }
}
