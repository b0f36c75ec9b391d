import Core
import HTTP

/// The metadata service: tables, attributes, relationships, keys.
///
/// - Source: fact sheet 9. Answers are not paged; string functions are not implemented there.
extension DataverseService {
  func definitions(_ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    try request.require("GET")
    let segments = request.url.segments
    guard let argument = segments[0].argument else {
      guard segments.count == 1 else { throw .noSegment(segments[1].name) }
      let all = stores.map { entity($0.definition) }
      return try metadataList(all, "EntityDefinitions", request, hidden: ["Keys", "Attributes"])
    }
    let table = try definedTable(argument)
    guard segments.count > 1 else {
      return try metadataOne(
        entity(table), "EntityDefinitions", request, hidden: ["Keys", "Attributes"])
    }
    let base = "EntityDefinitions('\(table.logicalName)')/"
    switch segments[1].name {
    case "Attributes": return try attributes(table, Array(segments.dropFirst(2)), request)
    case "ManyToOneRelationships":
      return try metadataList(
        relationships { $0.logicalName == table.logicalName }, base + segments[1].name, request)
    case "OneToManyRelationships":
      let all = relationships { _ in true }.filter {
        $0["ReferencedEntity"] == .string(table.logicalName)
      }
      return try metadataList(all, base + segments[1].name, request)
    case "ManyToManyRelationships":
      return try metadataList([], base + segments[1].name, request)
    case "Keys": return try metadataList(keys(table), base + "Keys", request)
    default: throw .noSegment(segments[1].name)
    }
  }

  /// `LogicalName='contact'` or a MetadataId.
  private func definedTable(_ argument: String) throws(ODataFault) -> TableDefinition {
    let name = DataverseService.quotedValue(argument, of: "LogicalName")
    let found = world.schema.tables.first { table in
      table.logicalName == name
        || world.identifier("table \(table.logicalName)").description == argument.lowercased()
    }
    guard let found else {
      throw ODataFault(
        404, "0x80060888", "Could not find an entity with the specified entity name: \(argument)")
    }
    return found
  }

  static func quotedValue(_ argument: String, of name: String) -> String? {
    guard argument.hasPrefix("\(name)='"), argument.hasSuffix("'") else { return nil }
    return String(argument.dropFirst(name.count + 2).dropLast())
  }

  private func entity(_ table: TableDefinition) -> JSONValue {
    let id = world.identifier("table \(table.logicalName)").description
    func managed(_ value: Bool, _ name: String) -> JSONValue {
      [
        "Value": .bool(value), "CanBeChanged": true,
        "ManagedPropertyLogicalName": .string(name),
      ]
    }
    return .object([
      .init("MetadataId", .string(id)), .init("LogicalName", .string(table.logicalName)),
      .init("SchemaName", .string(table.schemaName)),
      .init("EntitySetName", .string(table.entitySet)),
      .init("LogicalCollectionName", .string(table.entitySet)),
      .init("PrimaryIdAttribute", .string(table.primaryId)),
      .init("PrimaryNameAttribute", .string(table.primaryName)),
      .init("ChangeTrackingEnabled", .bool(isTracked(table))),
      .init("CanChangeTrackingBeEnabled", managed(true, "canchangetrackingbeenabled")),
      .init("IsActivity", .bool(table.isActivity)), .init("IsPrivate", false),
      .init("ActivityTypeMask", table.isActivity ? 1 : 0), .init("HasNotes", true),
      .init("IsCustomEntity", .bool(table.isCustom)), .init("TableType", "Standard"),
      .init("OwnershipType", "UserOwned"),
      .init("IsIntersect", false), .init("IsLogicalEntity", false),
      .init("ObjectTypeCode", .number(String(table.objectTypeCode))),
      .init("IsOptimisticConcurrencyEnabled", true),
      .init("DisplayName", AttributeMetadata.label(table.label)),
      .init("DisplayCollectionName", AttributeMetadata.label(table.label + "s")),
      .init("Description", AttributeMetadata.label(nil)),
      .init("Privileges", .array(privileges(table))), .init("Keys", .array(keys(table))),
      .init("Attributes", .array(AttributeMetadata(world: world, table: described(table)).all)),
    ])
  }

  private func attributes(
    _ table: TableDefinition, _ rest: [ODataURL.Segment], _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    var all = AttributeMetadata(world: world, table: described(table)).all
    let name = request.url.segments[1].argument
    if let name {
      all = all.filter { attribute in
        attribute["LogicalName"]?.text == DataverseService.quotedValue(name, of: "LogicalName")
          || attribute["MetadataId"]?.text == name.lowercased()
      }
      guard !all.isEmpty else {
        throw ODataFault(404, "0x80060888", "Could not find an attribute \(name).")
      }
    }
    var path = "EntityDefinitions('\(table.logicalName)')/Attributes"
    if let cast = rest.first {
      guard cast.name.hasPrefix("Microsoft.Dynamics.CRM."),
        cast.name.hasSuffix("AttributeMetadata"), !cast.name.hasSuffix(".EnumAttributeMetadata")
      else { throw .noSegment(cast.name) }
      all = all.filter { $0["@odata.type"]?.text == "#\(cast.name)" }
      path += "/\(cast.name)"
      guard name == nil || !all.isEmpty else { throw .noSegment(cast.name) }
    } else {
      try requireCommon(request)
    }
    guard name == nil else {
      return try metadataOne(all[0], path, request, hidden: ["OptionSet", "GlobalOptionSet"])
    }
    return try metadataList(all, path, request, hidden: ["OptionSet", "GlobalOptionSet"])
  }

  private func privileges(_ table: TableDefinition) -> [JSONValue] {
    DataverseService.privilegeVerbs.map { verb in
      let name = "prv\(verb)\(table.privilegeName)"
      return [
        "CanBeBasic": true, "CanBeDeep": true, "CanBeEntityReference": false, "CanBeGlobal": true,
        "CanBeLocal": true, "CanBeParentEntityReference": false, "Name": .string(name),
        "PrivilegeId": .string(world.identifier(name).description), "PrivilegeType": .string(verb),
      ]
    }
  }

  /// The table as this server has it: an activity's state may not be valid for create.
  private func described(_ table: TableDefinition) -> TableDefinition {
    guard table.isActivity, knobs.activityState != .create else { return table }
    var table = table
    for place in table.columns.indices where table.columns[place].isStateOrStatus {
      table.columns[place].access.remove(.create)
    }
    return table
  }

  /// Derived properties need a cast segment.
  private func requireCommon(_ request: ODataRequest) throws(ODataFault) {
    for name in (request.url["$select"] ?? "").split(separator: ",") {
      let plain = String(name.filter { $0 != " " })
      guard AttributeMetadata.common.contains(plain) else {
        throw .query(
          "Could not find a property named '\(plain)' on type "
            + "'Microsoft.Dynamics.CRM.AttributeMetadata'.")
      }
    }
  }

  private func relationships(_ referencing: (TableDefinition) -> Bool) -> [JSONValue] {
    world.schema.tables.filter(referencing).flatMap { table in
      table.columns.flatMap { column in
        column.targets.map { target in
          let referenced = world.schema.table(target.table).map { stores[$0].definition }
          let name = "\(table.logicalName)_\(column.name)_\(target.table)"
          let set = "\(table.logicalName)_\(target.navigation)"
          return .object([
            .init("MetadataId", .string(world.identifier("relationship \(name)").description)),
            .init("SchemaName", .string(name)), .init("RelationshipType", "OneToManyRelationship"),
            .init("ReferencingEntity", .string(table.logicalName)),
            .init("ReferencingAttribute", .string(column.name)),
            .init("ReferencedEntity", .string(target.table)),
            .init("ReferencedAttribute", .string(referenced?.primaryId ?? "\(target.table)id")),
            .init("ReferencingEntityNavigationPropertyName", .string(target.navigation)),
            .init("ReferencedEntityNavigationPropertyName", .string(set)),
            .init("IsCustomRelationship", .bool(table.isCustom)),
          ])
        }
      }
    }
  }

  private func keys(_ table: TableDefinition) -> [JSONValue] {
    table.keys.map { key in
      .object([
        .init("MetadataId", .string(world.identifier("key \(key.name)").description)),
        .init("LogicalName", .string(key.name)), .init("SchemaName", .string(key.name)),
        .init("EntityLogicalName", .string(table.logicalName)),
        .init("KeyAttributes", .array(key.columns.map(JSONValue.string))),
        .init("EntityKeyIndexStatus", "Active"),
        .init("DisplayName", AttributeMetadata.label(key.name)),
      ])
    }
  }

  // MARK: options on documents

  func metadataList(
    _ all: [JSONValue], _ path: String, _ request: ODataRequest, hidden: [String] = []
  ) throws(ODataFault) -> HTTPResponse {
    var rows = all
    if let text = request.url["$filter"] { rows = try metadataFilter(rows, text, request) }
    var projected: [JSONValue] = []
    for row in rows { projected.append(try project(row, request, hidden)) }
    let select = request.url["$select"].map { "(\($0))" } ?? ""
    let body: JSONValue = [
      "@odata.context": .string("\(request.url.root)$metadata#\(path)\(select)"),
      "value": .array(projected),
    ]
    return HTTPResponse(200, headers: HTTPHeader.json, body: body.encoded)
  }

  private func metadataOne(
    _ row: JSONValue, _ path: String, _ request: ODataRequest, hidden: [String]
  ) throws(ODataFault) -> HTTPResponse {
    let select = request.url["$select"].map { "(\($0))" } ?? ""
    let context = JSONValue.string("\(request.url.root)$metadata#\(path)\(select)/$entity")
    let members = try project(row, request, hidden).members ?? []
    let body = JSONValue.object([.init("@odata.context", context)] + members)
    return HTTPResponse(200, headers: HTTPHeader.json, body: body.encoded)
  }

  private func metadataFilter(
    _ rows: [JSONValue], _ text: String, _ request: ODataRequest
  ) throws(ODataFault) -> [JSONValue] {
    for word in ["contains(", "startswith(", "endswith("] where text.contains(word) {
      throw ODataFault(501, "0x8006088a", "The method or operation is not implemented.")
    }
    let paths = Paths()
    let expression = try FilterParser.parse(text, aliases: request.aliases, now: clock.now) {
      name throws(ODataFault) in
      (paths.add(name), .any)
    }
    return rows.filter { row in
      expression.matches(.sql) { DataverseService.value(row, at: paths.names[$0]) }
    }
  }

  /// Property paths in the order in which a filter names them.
  private final class Paths {
    var names: [String] = []
    func add(_ name: String) -> Int {
      names.append(name)
      return names.count - 1
    }
  }

  private static func value(_ row: JSONValue, at path: String) -> FieldValue {
    var value: JSONValue? = row
    for name in path.split(separator: "/") { value = value?[String(name)] }
    switch value {
    case .bool(let flag): return .bool(flag)
    case .number(let text): return Int64(text).map { .whole($0) } ?? .number(text)
    case .string(let text): return .text(text)
    default: return .null
    }
  }

  /// Keeps what `$select` and `$expand` ask for.
  private func project(
    _ row: JSONValue, _ request: ODataRequest, _ hidden: [String]
  ) throws(ODataFault) -> JSONValue {
    let expanded = (request.url["$expand"] ?? "").split { ",();=".contains($0) }.map(String.init)
    guard var members = row.members else { return row }
    members.removeAll { hidden.contains($0.name) && !expanded.contains($0.name) }
    guard let select = request.url["$select"] else { return .object(members) }
    let names = select.split(separator: ",").map { String($0.filter { $0 != " " }) }
    for name in names where !(row.members ?? []).contains(where: { $0.name == name }) {
      guard AttributeMetadata.common.contains(name) || row["EntitySetName"] == nil else {
        throw .query("Could not find a property named '\(name)' on this type.")
      }
    }
    members = members.filter { member in
      member.name == "MetadataId" || member.name == "@odata.type" || names.contains(member.name)
        || expanded.contains(member.name)
    }
    return .object(members)
  }
}
