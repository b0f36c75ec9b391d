import Core

/// Columns as `EntityDefinitions(...)/Attributes` describes them.
///
/// - Source: fact sheet 9.2 and 9.3.
struct AttributeMetadata {
  /// What every attribute has; the rest needs a cast to the derived type.
  static let common = [
    "MetadataId", "LogicalName", "SchemaName", "AttributeType", "AttributeTypeName", "AttributeOf",
    "EntityLogicalName", "IsPrimaryId", "IsPrimaryName", "IsValidForRead", "IsValidForCreate",
    "IsValidForUpdate", "IsLogical", "IsCustomAttribute", "RequiredLevel", "DisplayName",
    "Description", "ColumnNumber", "IsValidODataAttribute",
  ]

  let world: DataverseWorld
  let table: TableDefinition

  /// Every attribute, the shadows of labels and lookup names too.
  var all: [JSONValue] {
    table.columns.flatMap { [attribute($0)] + shadows($0) }
  }

  private func attribute(_ column: ColumnDefinition) -> JSONValue {
    let kind = AttributeMetadata.names(column.kind)
    var members = common(column, type: kind.type, typeName: kind.typeName)
    members.insert(
      .init("@odata.type", .string("#Microsoft.Dynamics.CRM.\(kind.cast)")), at: 0)
    members += details(column)
    if !column.options.isEmpty {
      members.append(.init("OptionSet", optionSet(column)))
      members.append(.init("GlobalOptionSet", globalSet(column)))
    }
    return .object(members)
  }

  private func common(
    _ column: ColumnDefinition, type: String, typeName: String
  ) -> [JSONValue.Member] {
    let isPrimaryName = column.name == table.primaryName
    let required =
      column.name == table.primaryId
      ? "SystemRequired"
      : column.isRequired
        ? "ApplicationRequired" : "None"
    return [
      .init("MetadataId", id(column.name)), .init("LogicalName", .string(column.name)),
      .init("SchemaName", .string(column.schemaName)), .init("AttributeType", .string(type)),
      .init("AttributeTypeName", ["Value": .string(typeName)]),
      .init("AttributeOf", column.attributeOf.map(JSONValue.string) ?? .null),
      .init("EntityLogicalName", .string(table.logicalName)),
      .init("IsPrimaryId", .bool(column.name == table.primaryId)),
      .init("IsPrimaryName", .bool(isPrimaryName)),
      .init("IsValidForRead", .bool(column.access.contains(.read))),
      .init("IsValidForCreate", .bool(column.access.contains(.create))),
      .init("IsValidForUpdate", .bool(column.access.contains(.update))),
      .init("IsLogical", .bool(column.name.hasPrefix("address"))),
      .init(
        "IsCustomAttribute", .bool(column.name.hasPrefix("cs_") || column.name.hasPrefix("adobe_"))),
      .init("IsValidODataAttribute", .bool(column.isInRows)),
      .init("ColumnNumber", 1), .init("Description", AttributeMetadata.label(nil)),
      .init(
        "RequiredLevel",
        [
          "Value": .string(required), "CanBeChanged": true,
          "ManagedPropertyLogicalName": "canmodifyrequirementlevelsettings",
        ]),
      .init("DisplayName", AttributeMetadata.label(column.label)),
    ]
  }

  private func id(_ name: String) -> JSONValue {
    .string(world.identifier("\(table.logicalName).\(name)").description)
  }

  private func shadows(_ column: ColumnDefinition) -> [JSONValue] {
    var shadow: ColumnDefinition
    switch column.kind {
    case .picklist, .boolean, .state, .status, .multiSelect:
      shadow = ColumnDefinition(column.name + "name", .virtual("VirtualType"), access: .read)
    case .lookup:
      shadow = ColumnDefinition(
        column.name + "name", .string(max: 160, format: "Text"), access: .read)
    default: return []
    }
    shadow.attributeOf = column.name
    return [attribute(shadow)]
  }

  // MARK: types

  static func names(_ kind: ColumnDefinition.Kind) -> (type: String, typeName: String, cast: String)
  {
    let type: String
    var cast: String?
    var typeName: String?
    switch kind {
    case .uniqueIdentifier: (type, cast) = ("Uniqueidentifier", "UniqueIdentifier")
    case .string: type = "String"
    case .memo: type = "Memo"
    case .boolean: type = "Boolean"
    case .integer: type = "Integer"
    case .bigInteger: type = "BigInt"
    case .decimal: type = "Decimal"
    case .money: type = "Money"
    case .double: type = "Double"
    case .dateTime: type = "DateTime"
    case .picklist: type = "Picklist"
    case .multiSelect:
      (type, cast, typeName) = ("Virtual", "MultiSelectPicklist", "MultiSelectPicklistType")
    case .state: type = "State"
    case .status: type = "Status"
    case .lookup(.customer, _): (type, cast) = ("Customer", "Lookup")
    case .lookup(.owner, _): (type, cast) = ("Owner", "Lookup")
    case .lookup: type = "Lookup"
    case .entityName: type = "EntityName"
    case .virtual("PartyListType"): (type, cast) = ("PartyList", "Lookup")
    case .virtual(let name):
      (type, cast, typeName) = ("Virtual", name == "ImageType" ? "Image" : "", name)
    }
    return (type, typeName ?? "\(type)Type", "\(cast ?? type)AttributeMetadata")
  }

  private func details(_ column: ColumnDefinition) -> [JSONValue.Member] {
    func whole(_ number: Int64) -> JSONValue { .number(String(number)) }
    func range(_ range: ClosedRange<Double>, _ scale: Int) -> [JSONValue.Member] {
      [
        .init("Precision", whole(Int64(scale))), .init("MinValue", .number("\(range.lowerBound)")),
        .init("MaxValue", .number("\(range.upperBound)")),
      ]
    }
    switch column.kind {
    case .string(let max, let format):
      return [
        .init("MaxLength", whole(Int64(max))), .init("Format", .string(format)),
        .init("FormatName", ["Value": .string(format)]),
      ]
    case .memo(let max):
      return [.init("MaxLength", whole(Int64(max))), .init("Format", "TextArea")]
    case .integer(let bounds):
      return [
        .init("MinValue", whole(bounds.lowerBound)), .init("MaxValue", whole(bounds.upperBound)),
      ]
    case .decimal(let scale, let bounds), .double(let scale, let bounds):
      return range(bounds, scale)
    case .money(let scale):
      return range(-922_337_203_685_477...922_337_203_685_477, scale) + [
        .init("PrecisionSource", 2)
      ]
    case .dateTime(let behavior):
      return [
        .init("Format", .string(behavior == .dateOnly ? "DateOnly" : "DateAndTime")),
        .init("DateTimeBehavior", ["Value": .string(behavior.rawValue)]),
      ]
    case .lookup(_, let targets):
      return [.init("Targets", .array(targets.map { .string($0.table) }))]
    case .boolean:
      let initial = if case .bool(let flag) = column.initial { flag } else { false }
      return [.init("DefaultValue", .bool(initial))]
    case .picklist, .state, .status, .multiSelect:
      let initial: JSONValue = column.initial == .null ? whole(-1) : column.initial.json
      return [.init("DefaultFormValue", initial)]
    default: return []
    }
  }

  // MARK: choices

  static func label(_ text: String?, french: String? = nil) -> JSONValue {
    guard let text else { return ["LocalizedLabels": [], "UserLocalizedLabel": .null] }
    func labeled(_ text: String, _ language: JSONValue) -> JSONValue {
      [
        "Label": .string(text), "LanguageCode": language, "IsManaged": true, "MetadataId": .null,
        "HasChanged": .null,
      ]
    }
    var labels = [labeled(text, 1033)]
    if let french { labels.append(labeled(french, 1036)) }
    return ["LocalizedLabels": .array(labels), "UserLocalizedLabel": labeled(text, 1033)]
  }

  private func option(_ option: ColumnDefinition.Option, _ column: ColumnDefinition) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("Value", .number(String(option.value))), .init("Color", .null),
      .init("IsManaged", true), .init("ExternalValue", ""),
      .init("Label", AttributeMetadata.label(option.label, french: option.french)),
    ]
    if case .state = column.kind {
      members.append(.init("DefaultStatus", .number(String(option.value + 1))))
      members.append(.init("InvariantName", .string(option.label)))
    }
    if let state = option.state { members.append(.init("State", .number(String(state)))) }
    return .object(members)
  }

  private func optionSet(_ column: ColumnDefinition) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("MetadataId", id("\(column.name).options")),
      .init("Name", .string(globalName(column) ?? "\(table.logicalName)_\(column.name)")),
      .init("IsGlobal", .bool(globalName(column) != nil)),
    ]
    let options = column.options.map { option($0, column) }
    if case .boolean = column.kind {
      members += [
        .init("OptionSetType", "Boolean"), .init("TrueOption", options[1]),
        .init("FalseOption", options[0]),
      ]
    } else {
      let type = AttributeMetadata.names(column.kind).type
      members += [
        .init("OptionSetType", .string(type == "Virtual" ? "Picklist" : type)),
        .init("Options", .array(options)),
      ]
    }
    return .object(members)
  }

  private func globalName(_ column: ColumnDefinition) -> String? {
    if case .picklist(_, let global) = column.kind { global } else { nil }
  }

  private func globalSet(_ column: ColumnDefinition) -> JSONValue {
    globalName(column) == nil ? .null : optionSet(column)
  }
}
