/// Which column of a table probably goes to which field of a resource, by their names.
///
/// - Shape: every pair compiles against both schemas; a field and a column are used once; opt-outs
///   are left out, since a person decides their direction.
package enum MappingGuess {
  /// The standard columns of a contact whose fields are called otherwise.
  static let contact: [(column: String, field: String)] = [
    ("emailaddress1", "email"), ("telephone1", "phone"), ("gendercode", "gender"),
    ("address1_line1", "location.address1"), ("address1_line2", "location.address2"),
    ("address1_line3", "location.address3"), ("address1_postalcode", "location.zipCode"),
    ("address1_city", "location.city"),
  ]

  package static func fields(
    _ table: TableSchema, _ resource: ResourceSchema, key: String
  ) -> [FieldMapping] {
    var free = resource.fields.filter { field in
      field.name != key && !field.isReadOnly && field.alias == nil && isPlain(field.kind)
        && field.name != "ccpaOptOut"
    }
    var found: [(order: Int, mapping: FieldMapping)] = []
    func take(_ order: Int, _ column: ColumnSchema, where fits: (FieldSchema) -> Bool) {
      guard let index = free.firstIndex(where: fits) else { return }
      let mapping = pair(column, free[index])
      guard compiles(mapping, table, resource, key: key) else { return }
      free.remove(at: index)
      found.append((order, mapping))
    }
    let known = table.logicalName == "contact" ? contact : []
    let columns = table.columns.enumerated().filter { $1.isReadable && $1.name != table.primaryId }
    for (order, column) in columns {
      guard let field = known.first(where: { $0.column == column.name })?.field else { continue }
      take(order, column) { $0.name == field }
    }
    let taken = Set(found.map(\.order))
    for (order, column) in columns where !taken.contains(order) {
      let name = plainName(column: column.name)
      take(order, column) { plainName(field: $0.name) == name }
    }
    let named = Set(found.map(\.order))
    for (order, column) in columns where !named.contains(order) {
      guard case .lookup(let targets) = column.kind, let target = targets.first,
        targets.count == 1
      else { continue }
      let field = parentName(of: target)
      take(order, column) { $0.name == field || plainName(field: $0.name) == field.lowercased() }
    }
    return found.sorted { $0.order < $1.order }.map(\.mapping)
  }

  /// What a custom resource for a table would be called: `cs_vehicle` -> `cusVehicle`.
  package static func resource(of table: String) -> String {
    if table == "contact" { return "profile" }
    let name = withoutPublisher(table)
    return "cus" + name.prefix(1).uppercased() + name.dropFirst()
  }

  /// What a lookup of that table would fill: `contact` -> `profileExternalId`.
  static func parentName(of table: String) -> String {
    (table == "contact" ? "profile" : withoutPublisher(table)) + "ExternalId"
  }

  private static func pair(_ column: ColumnSchema, _ field: FieldSchema) -> FieldMapping {
    var mapping = FieldMapping(from: column.name, to: field.name)
    if column.name == "gendercode", case .enumeration(let names) = field.kind,
      names.contains("male"), names.contains("female")
    {
      mapping.replace = ["1": "male", "2": "female"]
    }
    return mapping
  }

  private static func compiles(
    _ mapping: FieldMapping, _ table: TableSchema, _ resource: ResourceSchema, key: String
  ) -> Bool {
    let settings = IngressSettings(
      name: "guess", table: table.logicalName, resource: resource.name, key: key,
      fields: [mapping])
    return RowPlan.findings(settings, table: table, resource: resource).isEmpty
  }

  private static func isPlain(_ kind: FieldSchema.Kind) -> Bool {
    switch kind {
    case .link, .collection, .other: false
    default: true
    }
  }

  /// `cs_loyaltytier` -> `loyaltytier`.
  private static func plainName(column: String) -> String {
    withoutPublisher(column).filter { $0 != "_" }
  }

  /// `cusLoyaltyTier` -> `loyaltytier`; of a nested field only itself.
  private static func plainName(field: String) -> String {
    let isCustom = field.hasPrefix("cus") && field.dropFirst(3).first?.isUppercase == true
    return (isCustom ? String(field.dropFirst(3)) : field).lowercased()
  }

  /// A publisher's prefix is two to eight characters before the first underscore.
  private static func withoutPublisher(_ name: String) -> String {
    let parts = name.split(separator: "_", maxSplits: 1)
    guard parts.count == 2, (2...8).contains(parts[0].count), parts[0] != "address1",
      parts[0] != "address2", parts[0] != "address3"
    else { return name }
    return String(parts[1])
  }
}
