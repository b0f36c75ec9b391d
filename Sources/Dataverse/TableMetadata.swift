import Core
import JSONPages

extension DataverseClient {
  /// Every column of a table, with the details that only its own kind of attribute has.
  ///
  /// - Source: `Attributes` and one cast for each kind that the table has; metadata has no pages.
  func columns(below entity: String, for action: String) async throws(SyncError) -> [ColumnSchema] {
    let select = "LogicalName,AttributeType,AttributeTypeName,AttributeOf,IsValidForRead"
    let attributes = try await list("\(entity)/Attributes?$select=\(select)", for: action)
    var columns = attributes.compactMap { ColumnSchema(attribute: $0) }
    let casts = AttributeCast.all.filter { cast in
      columns.contains { cast.serves($0.kind) }
    }
    let details = await withTaskGroup(of: CastAnswer.self) { group in
      for cast in casts {
        group.addTask {
          await CastAnswer(cast: cast, of: self, below: entity, for: action)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    for detail in details {
      let items = try detail.items.get()
      let byName = Dictionary(
        items.compactMap { item in item["LogicalName"]?.text.map { ($0, item) } },
        uniquingKeysWith: { $1 })
      for index in columns.indices where detail.cast.serves(columns[index].kind) {
        guard let item = byName[columns[index].name] else { continue }
        detail.cast.apply(item, &columns[index])
      }
    }
    return columns
  }
}

/// The answer to one cast; a task group carries no typed error.
private struct CastAnswer: Sendable {
  let cast: AttributeCast
  let items: Result<[JSONValue], SyncError>

  init(
    cast: AttributeCast, of client: DataverseClient, below entity: String, for action: String
  ) async {
    self.cast = cast
    do throws(SyncError) {
      items = .success(
        try await client.list(
          "\(entity)/Attributes/Microsoft.Dynamics.CRM.\(cast.query)", for: action))
    } catch {
      items = .failure(error)
    }
  }
}

/// A derived type of attribute metadata, and what it adds to a column.
private struct AttributeCast: Sendable {
  var query: String
  var serves: @Sendable (ColumnSchema.Kind) -> Bool
  var apply: @Sendable (JSONValue, inout ColumnSchema) -> Void

  static let all = [
    text("StringAttributeMetadata", .string), text("MemoAttributeMetadata", .memo),
    choice("PicklistAttributeMetadata", .picklist), choice("StateAttributeMetadata", .state),
    choice("StatusAttributeMetadata", .status),
    choice("MultiSelectPicklistAttributeMetadata", .multiSelect),
    dates, lookups, twoOptions,
  ]

  private static func text(_ type: String, _ kind: ColumnSchema.Kind) -> AttributeCast {
    AttributeCast(query: "\(type)?$select=LogicalName,MaxLength", serves: { $0 == kind }) {
      $1.maxLength = $0["MaxLength"]?.integer
    }
  }

  private static func choice(_ type: String, _ kind: ColumnSchema.Kind) -> AttributeCast {
    let expand = "OptionSet($select=Options),GlobalOptionSet($select=Options)"
    let query = "\(type)?$select=LogicalName&$expand=\(expand)"
    return AttributeCast(query: query, serves: { $0 == kind }) { item, column in
      let own = item["OptionSet"]?["Options"]?.items
      let shared = item["GlobalOptionSet"]?["Options"]?.items
      column.options = (own ?? shared ?? []).compactMap { ColumnSchema.Option(metadata: $0) }
    }
  }

  private static let dates = AttributeCast(
    query: "DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior",
    serves: { if case .dateTime = $0 { true } else { false } },
    apply: { item, column in
      switch item["DateTimeBehavior"]?["Value"]?.text {
      case "DateOnly": column.kind = .dateTime(.dateOnly)
      case "TimeZoneIndependent": column.kind = .dateTime(.timeZoneIndependent)
      default: column.kind = .dateTime(.userLocal)
      }
    })

  private static let lookups = AttributeCast(
    query: "LookupAttributeMetadata?$select=LogicalName,Targets",
    serves: { if case .lookup = $0 { true } else { false } },
    apply: { item, column in
      column.kind = .lookup(targets: (item["Targets"]?.items ?? []).compactMap(\.text))
    })

  private static let twoOptions = AttributeCast(
    query: "BooleanAttributeMetadata?$select=LogicalName"
      + "&$expand=OptionSet($select=TrueOption,FalseOption)",
    serves: { $0 == .boolean },
    apply: { item, column in
      let set = item["OptionSet"]
      column.options = [set?["FalseOption"], set?["TrueOption"]].compactMap { option in
        option.flatMap { ColumnSchema.Option(metadata: $0) }
      }
    })
}

extension TableSchema {
  init(entity: JSONValue, columns: [ColumnSchema], for action: String) throws(SyncError) {
    guard let name = entity["LogicalName"]?.text, let set = entity["EntitySetName"]?.text,
      let primaryId = entity["PrimaryIdAttribute"]?.text
    else { throw .incomplete("the table's set and primary id", action) }
    // These become parts of addresses.
    let isPlain = [name, set, primaryId].allSatisfy { text in
      !text.isEmpty
        && text.utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
            || $0 == 0x5F
        }
    }
    guard isPlain else { throw .incomplete("a plain name of the table", action) }
    self.init(
      logicalName: name, entitySet: set, primaryId: primaryId,
      isChangeTracked: entity["ChangeTrackingEnabled"]?.flag ?? false, columns: columns)
  }
}

extension ColumnSchema {
  /// - Source: `AttributeType`; of `Virtual` ones, `AttributeTypeName` tells multi-select choices.
  init?(attribute: JSONValue) {
    guard let name = attribute["LogicalName"]?.text else { return nil }
    let type = attribute["AttributeType"]?.text ?? ""
    let typeName = attribute["AttributeTypeName"]?["Value"]?.text
    let isShadow = attribute["AttributeOf"]?.text != nil
    let kind = isShadow ? .other : Kind(type: type, typeName: typeName)
    var wireName = name
    if case .lookup = kind { wireName = "_\(name)_value" }
    self.init(
      name: name, wireName: wireName, kind: kind,
      isReadable: kind != .other && attribute["IsValidForRead"]?.flag != false)
  }
}

extension ColumnSchema.Kind {
  init(type: String, typeName: String?) {
    self =
      switch type {
      case "Boolean": .boolean
      case "Integer": .integer
      case "BigInt": .bigInteger
      case "Decimal": .decimal
      case "Money": .money
      case "Double": .double
      case "String": .string
      case "Memo": .memo
      case "DateTime": .dateTime(.userLocal)
      case "Picklist": .picklist
      case "State": .state
      case "Status": .status
      case "Lookup", "Customer", "Owner": .lookup(targets: [])
      case "Uniqueidentifier": .uniqueIdentifier
      default: typeName == "MultiSelectPicklistType" ? .multiSelect : .other
      }
  }
}

extension ColumnSchema.Option {
  init?(metadata: JSONValue) {
    guard let value = metadata["Value"]?.integer else { return nil }
    var labels: [Int: String] = [:]
    for label in metadata["Label"]?["LocalizedLabels"]?.items ?? [] {
      guard let text = label["Label"]?.text, let code = label["LanguageCode"]?.integer else {
        continue
      }
      labels[code] = text
    }
    self.init(value: String(value), labels: labels)
  }
}
