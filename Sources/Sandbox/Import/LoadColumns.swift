import Core

/// Why a record of a file is not loaded.
struct LoadFault: Error {
  var reason: String
}

/// The header of a file, matched with the fields of a resource, and the rules for its records.
struct LoadColumns {
  let resource: ResourceDefinition
  let key: Int
  /// Field position of each column; nil: not a field, ignored.
  let positions: [Int?]
  let isISO: Bool
  let optOutOnInsertOnly: Bool
  private let keyColumn: Int
  private let optOuts: Set<Int>

  /// Fails where a name is no field that can be loaded, or the key is missing.
  init(
    header: [[UInt8]], resource: ResourceDefinition, key: String, knobs: CampaignKnobs
  ) throws(LoadFault) {
    self.resource = resource
    isISO = knobs.isoTimes
    optOutOnInsertOnly = knobs.optOutOnInsertOnly
    var positions: [Int?] = []
    for name in header.map({ String(decoding: $0, as: UTF8.self) }) {
      let position = LoadColumns.loadable(name, of: resource)
      if position == nil, knobs.checkColumns {
        throw LoadFault(reason: "column '\(name)' is not in the column definitions")
      }
      if let position, positions.contains(position) {
        throw LoadFault(reason: "column '\(name)' is there twice")
      }
      positions.append(position)
    }
    guard let key = resource.position(key), let keyColumn = positions.firstIndex(of: key) else {
      throw LoadFault(reason: "the reconciliation key is not among the columns")
    }
    self.positions = positions
    self.key = key
    self.keyColumn = keyColumn
    optOuts = Set(
      ResourceDefinition.optOuts.compactMap { resource.position($0.name) })
  }

  private static func loadable(_ name: String, of resource: ResourceDefinition) -> Int? {
    guard let position = resource.position(name) else { return nil }
    switch resource.fields[position].kind {
    case .computed, .collection, .link: return nil
    default: return position
    }
  }

  /// The key's bytes, as they stand in the file.
  func keyText(_ fields: [[UInt8]]) -> [UInt8] { fields.count > keyColumn ? fields[keyColumn] : [] }

  /// The texts to keep by field position; nil: empty in the file, which loads NULL.
  func values(of fields: [[UInt8]]) throws(LoadFault) -> [(position: Int, text: String?)] {
    guard !keyText(fields).isEmpty else { throw LoadFault(reason: "the key is empty") }
    var values: [(position: Int, text: String?)] = []
    values.reserveCapacity(fields.count)
    for (column, bytes) in fields.enumerated() where column < positions.count {
      guard let position = positions[column] else { continue }
      values.append((position, try value(bytes, for: resource.fields[position])))
    }
    return values.sorted { $0.position < $1.position }
  }

  /// False for what an update of an existing row leaves alone.
  func updates(_ position: Int) -> Bool {
    !(optOutOnInsertOnly && optOuts.contains(position))
  }

  private func value(_ bytes: [UInt8], for field: FieldDefinition) throws(LoadFault) -> String? {
    if bytes.isEmpty { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw LoadFault(reason: "column '\(field.name)' is not UTF-8")
    }
    if case .dateTime = field.kind, !hasDateTimeForm(bytes) {
      throw LoadFault(reason: "column '\(field.name)' is not a date of the declared format")
    }
    var plain = field
    // Load file knows types and lengths; the data policy of the field belongs to the API.
    plain.isEmail = false
    do {
      return try ValueRule(resource: resource, field: plain).stored(text)
    } catch {
      throw LoadFault(reason: "column '\(field.name)' does not fit its definition")
    }
  }

  /// `2026/02/03 08:11:09`, or `2026-02-03T08:11:09Z`, as the column is declared.
  private func hasDateTimeForm(_ bytes: [UInt8]) -> Bool {
    let form = isISO ? "0000-00-00T00:00:00Z" : "0000/00/00 00:00:00"
    guard bytes.count == form.utf8.count else { return false }
    return zip(bytes, form.utf8).allSatisfy { byte, wanted in
      wanted == 0x30 ? (0x30...0x39).contains(byte) : byte == wanted
    }
  }
}
