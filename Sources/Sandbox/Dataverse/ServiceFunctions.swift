import Core
import HTTP

/// Documents and functions about the environment itself.
///
/// - Source: fact sheet 9.4.
extension DataverseService {
  func serviceDocument(_ request: ODataRequest) -> HTTPResponse {
    let sets = stores.map { store -> JSONValue in
      let name = JSONValue.string(store.definition.entitySet)
      return ["name": name, "kind": "EntitySet", "url": name]
    }
    let body: JSONValue = [
      "@odata.context": .string("\(request.url.root)$metadata"), "value": .array(sets),
    ]
    return HTTPResponse(200, headers: HTTPHeader.json, body: body.encoded)
  }

  func metadataDocument(_ request: ODataRequest) -> HTTPResponse {
    var text =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" "
      + "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>"
      + "<Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" "
      + "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">"
    for table in world.schema.tables {
      text += "<EntityType Name=\"\(table.logicalName)\"><Key><PropertyRef Name=\""
      text += "\(table.primaryId)\"/></Key>"
      for column in table.columns where column.isInRows {
        text +=
          "<Property Name=\"\(column.wireName)\" Type=\"\(DataverseService.edm(column.kind))\"/>"
      }
      for column in table.columns {
        for target in column.targets {
          text +=
            "<NavigationProperty Name=\"\(target.navigation)\" Type=\"mscrm.\(target.table)\"/>"
        }
      }
      text += "</EntityType>"
    }
    text += "<EntityContainer Name=\"System\">"
    for table in world.schema.tables {
      text += "<EntitySet Name=\"\(table.entitySet)\" EntityType=\"\(table.type)\"/>"
    }
    text += "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    return HTTPResponse(
      200,
      headers: [
        HTTPHeader("Content-Type", "application/xml"), HTTPHeader("OData-Version", "4.0"),
      ], body: Array(text.utf8))
  }

  private static func edm(_ kind: ColumnDefinition.Kind) -> String {
    switch kind {
    case .uniqueIdentifier, .lookup: "Edm.Guid"
    case .string, .memo, .multiSelect, .entityName, .virtual: "Edm.String"
    case .boolean: "Edm.Boolean"
    case .integer, .picklist, .state, .status: "Edm.Int32"
    case .bigInteger: "Edm.Int64"
    case .decimal, .money: "Edm.Decimal"
    case .double: "Edm.Double"
    case .dateTime(.dateOnly): "Edm.Date"
    case .dateTime: "Edm.DateTimeOffset"
    }
  }

  func function(
    _ segment: ODataURL.Segment, _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    guard request.method == "GET" else {
      throw ODataFault(
        404, "", "No HTTP resource was found that matches the request URI '\(request.url.path)'.")
    }
    counters.metadata += 1
    func answer(_ type: String, _ members: [JSONValue.Member]) -> HTTPResponse {
      let context = "\(request.url.root)$metadata#Microsoft.Dynamics.CRM.\(type)"
      let body = JSONValue.object([.init("@odata.context", .string(context))] + members)
      return HTTPResponse(200, headers: HTTPHeader.json, body: body.encoded)
    }
    switch segment.name {
    case "WhoAmI":
      let user = userKey(request.identity.client)
      return answer(
        "WhoAmIResponse",
        [
          .init("BusinessUnitId", .string(businessUnit.description)),
          .init("UserId", .string(user.description)),
          .init("OrganizationId", .string(organizationId.description)),
        ])
    case "RetrieveVersion":
      return answer("RetrieveVersionResponse", [.init("Version", "9.2.25011.00145")])
    case "RetrieveCurrentOrganization":
      return answer("RetrieveCurrentOrganizationResponse", [.init("Detail", detail(request))])
    default:
      return answer("RetrieveTotalRecordCountResponse", [try totals(segment, request)])
    }
  }

  package var organizationId: RowKey {
    world.identifier(
      knobs.organization == 1 ? "organization" : "organization \(knobs.organization)")
  }

  private var businessUnit: RowKey {
    guard let table = world.schema.table("businessunit"),
      stores[table].generator.keys.count > 0
    else { return world.identifier("businessunit") }
    return stores[table].generator.keys.rank(0).key
  }

  private func detail(_ request: ODataRequest) -> JSONValue {
    let origin = request.url.origin
    return [
      "OrganizationId": .string(organizationId.description), "FriendlyName": "Contoso",
      "OrganizationVersion": "9.2.25011.00145",
      "EnvironmentId": .string(world.identifier("environment").description), "Geo": "EUR",
      "TenantId": .string(world.tenant), "UniqueName": "unqcontoso", "UrlName": "contoso",
      "State": "Enabled",
      "Endpoints": [
        "Count": 2, "IsReadOnly": false,
        "Keys": ["WebApplication", "OrganizationDataService"],
        "Values": [
          .string("\(origin)/"), .string("\(origin)/XRMServices/2011/OrganizationData.svc"),
        ],
      ],
    ]
  }

  /// Totals come from a nightly snapshot: with `staleTotals` they are those of the beginning.
  private func totals(
    _ segment: ODataURL.Segment, _ request: ODataRequest
  ) throws(ODataFault) -> JSONValue.Member {
    let argument = segment.argument ?? ""
    var list = argument.split(separator: "=", maxSplits: 1).last.map(String.init) ?? ""
    if list.hasPrefix("@") { list = request.aliases[list] ?? "" }
    let names = list.split { "[]'\", ".contains($0) }.map(String.init)
    guard argument.hasPrefix("EntityNames="), !names.isEmpty else {
      throw .query("Parameter 'EntityNames' is missing or malformed.")
    }
    var counts: [JSONValue] = []
    for name in names {
      guard let table = world.schema.table(name) else {
        throw ODataFault(
          404, "0x80041102", "The entity with a name = '\(name)' was not found.")
      }
      fillTimeline(table)
      let store = stores[table]
      let count = knobs.staleTotals ? store.generator.keys.count : store.count
      counts.append(.number(String(count)))
    }
    return .init(
      "EntityRecordCountCollection",
      [
        "Count": .number(String(names.count)), "IsReadOnly": false,
        "Keys": .array(names.map(JSONValue.string)), "Values": .array(counts),
      ])
  }

  // MARK: settings

  /// `organizations` and the probe for bulk messages.
  func settings(_ set: String, _ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    try request.require("GET")
    counters.metadata += 1
    let rows: [JSONValue] =
      switch set {
      case "organizations":
        [
          [
            "MetadataId": .null, "organizationid": .string(organizationId.description),
            "name": "contoso", "expirechangetrackingindays": .number(String(knobs.expiryDays)),
            "languagecode": 1033,
          ]
        ]
      case "sdkmessagefilters": messageFilters
      default: messageFilters.compactMap { $0["sdkmessageid"] }
      }
    var request = request
    // Row options work on these as they do on metadata documents.
    request.url.options.removeAll { $0.name == "$top" || $0.name == "$expand" }
    let response = try metadataList(rows.map(DataverseService.withoutId), set, request)
    return response
  }

  private static func withoutId(_ row: JSONValue) -> JSONValue {
    .object((row.members ?? []).filter { $0.name != "MetadataId" })
  }

  private var messageFilters: [JSONValue] {
    let messages = ["CreateMultiple", "UpdateMultiple", "UpsertMultiple"]
    return stores.map(\.definition).filter(hasBulk).flatMap { table in
      messages.filter { $0 != "UpsertMultiple" || knobs.hasUpsertMultiple }.map { message in
        let id = world.identifier("\(message) \(table.logicalName)").description
        return [
          "sdkmessagefilterid": .string(id), "primaryobjecttypecode": .string(table.logicalName),
          "sdkmessageid": [
            "name": .string(message),
            "sdkmessageid": .string(world.identifier(message).description),
          ],
        ]
      }
    }
  }

  func hasBulk(_ table: TableDefinition) -> Bool {
    table.hasBulkMessages && !knobs.withoutBulk.contains(table.logicalName)
  }

  static let privilegeVerbs = ["Create", "Read", "Write", "Delete", "Append", "AppendTo"]

  /// Answers `systemusers(<id>)/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()`.
  func userPrivileges(_ request: ODataRequest) -> HTTPResponse {
    var privileges: [JSONValue] = []
    var seen: Set<String> = []
    for store in stores {
      for verb in DataverseService.privilegeVerbs {
        let name = "prv\(verb)\(store.definition.privilegeName)"
        guard !knobs.missingPrivileges.contains(name), seen.insert(name).inserted else { continue }
        let isGlobal =
          verb != "Read" || knobs.readsWholeOrganization || !isNarrow(store.definition)
        privileges.append([
          "Depth": isGlobal ? "Global" : "Basic",
          "PrivilegeId": .string(world.identifier(name).description),
          "BusinessUnitId": .string(businessUnit.description),
          "PrivilegeName": .string(name),
          "RecordFilterId": .string(RowKey(high: 0, low: 0).description),
        ])
      }
    }
    let context =
      "\(request.url.root)$metadata#Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse"
    let body: JSONValue = [
      "@odata.context": .string(context), "RolePrivileges": .array(privileges),
    ]
    return HTTPResponse(200, headers: HTTPHeader.json, body: body.encoded)
  }
}
