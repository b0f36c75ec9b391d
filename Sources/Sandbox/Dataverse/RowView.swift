import Core

/// What was written to a row since the world began; everything else is generated.
struct WrittenRow: Sendable {
  /// Where its generated values come from; nil for a row that somebody created.
  var slot: Int?
  /// False for rows that the world began with.
  var isInserted: Bool
  var version: Int64
  var values: [Int: FieldValue]
}

/// One current row, with all its values at hand and none of them copied.
struct RowView {
  let definition: TableDefinition
  let generator: RowGenerator
  let key: RowKey
  let slot: Int?
  let written: WrittenRow?

  var version: Int64 { written?.version ?? generator.version(slot ?? 0) }

  func value(_ position: Int) -> FieldValue {
    if let written, let value = written.values[position] { return value }
    switch definition.columns[position].recipe {
    case .key: return .key(key)
    case .version: return .whole(version)
    case .fullName: return fullName
    case .address: return address
    case .status: return status(position)
    case .copy(let name):
      return definition.position(wire: name).map { value($0) } ?? .null
    case .nothing: return .null
    case let recipe:
      guard let slot else { return .null }
      return generator.value(recipe, column: position, slot: slot)
    }
  }

  func value(wire name: String) -> FieldValue {
    definition.position(wire: name).map { value($0) } ?? .null
  }

  private func joined(_ names: [String], by separator: String) -> FieldValue {
    let texts = names.compactMap { value(wire: $0).text }
    return texts.isEmpty ? .null : .text(texts.joined(separator: separator))
  }

  private var fullName: FieldValue {
    joined(["firstname", "middlename", "lastname"], by: " ")
  }

  private var address: FieldValue {
    joined(
      [
        "address1_line1", "address1_line2", "address1_line3", "address1_postalcode",
        "address1_city", "address1_country",
      ], by: "\r\n")
  }

  /// The first status of the row's state.
  private func status(_ position: Int) -> FieldValue {
    let state = value(wire: "statecode")
    let options = definition.columns[position].options
    return options.first { .whole($0.state ?? 0) == state }.map { .whole($0.value) } ?? .null
  }
}
