import Core
import HTTP

/// One request to the Web API, alone or a part of a batch.
struct ODataRequest {
  var method: String
  var url: ODataURL
  var headers: [HTTPHeader]
  var body: [UInt8]
  var identity: GrantedToken
  var preferences: Preferences
  var isInBatch = false

  init(_ request: HTTPRequest, _ url: ODataURL, identity: GrantedToken) {
    method = request.method.uppercased()
    self.url = url
    headers = request.headers
    body = request.body
    self.identity = identity
    preferences = Preferences(request.headers)
  }

  subscript(header name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// Values of `@p1=...` options.
  var aliases: [String: String] {
    var aliases: [String: String] = [:]
    for option in url.options where option.name.hasPrefix("@") {
      aliases[option.name] = option.value
    }
    return aliases
  }

  func require(_ methods: String...) throws(ODataFault) {
    guard methods.contains(method) else {
      throw ODataFault(
        405, "0x0", "The requested resource does not support http method '\(method)'.")
    }
  }
}

extension DataverseService {
  /// Finds who answers.
  func route(_ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    guard ["v9.0", "v9.1", "v9.2"].contains(request.url.version) else {
      throw .query("Requested API Version '\(request.url.version)' was not understood.")
    }
    guard request.url.length <= (request.isInBatch ? 65_536 : 32_768) else {
      return htmlPage(414, "Request-URI Too Long")
    }
    guard let first = request.url.segments.first else {
      try request.require("GET")
      return serviceDocument(request)
    }
    switch first.name {
    case "$metadata": return metadataDocument(request)
    case "$batch": return try batch(request)
    case "WhoAmI", "RetrieveCurrentOrganization", "RetrieveVersion", "RetrieveTotalRecordCount":
      return try function(first, request)
    case "EntityDefinitions":
      counters.metadata += 1
      return try definitions(request)
    case "organizations", "sdkmessagefilters", "sdkmessages":
      return try settings(first.name, request)
    case "BulkDelete": return try bulkDelete(request)
    default: break
    }
    guard let table = world.schema.table(set: first.name) else { throw .noSegment(first.name) }
    return try rows(of: table, first, request)
  }

  private func rows(
    of table: Int, _ first: ODataURL.Segment, _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    let rest = request.url.segments.dropFirst()
    try fillTimeline(table, request)
    if let argument = first.argument {
      return try single(table, argument, Array(rest), request)
    }
    guard let second = rest.first else {
      switch request.method {
      case "GET":
        try checkPrivilege("Read", table, request)
        return try list(table, request)
      case "POST":
        return try create(table, request)
      default:
        throw ODataFault(
          405, "0x80060888",
          "Method \(request.method) is not supported on the collection '\(first.name)'.")
      }
    }
    switch second.name {
    case "$count":
      try request.require("GET")
      try checkPrivilege("Read", table, request)
      return try countText(table, request)
    case "Microsoft.Dynamics.CRM.CreateMultiple", "Microsoft.Dynamics.CRM.UpdateMultiple",
      "Microsoft.Dynamics.CRM.UpsertMultiple", "Microsoft.Dynamics.CRM.DeleteMultiple":
      guard request.method == "POST" else {
        throw ODataFault(
          404, "",
          "No HTTP resource was found that matches the request URI '\(request.url.path)'.")
      }
      return try bulk(table, second.name, request)
    default:
      throw .noSegment(second.name)
    }
  }

  /// Refuses what the application user's roles do not allow.
  func checkPrivilege(
    _ verb: String, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) {
    let definition = stores[table].definition
    let name = "prv\(verb)\(definition.privilegeName)"
    guard knobs.missingPrivileges.contains(name) else { return }
    throw noPrivilege(name, definition, request)
  }

  func noPrivilege(
    _ name: String, _ table: TableDefinition, _ request: ODataRequest
  ) -> ODataFault {
    ODataFault(
      403, "0x80040220",
      "Principal user (Id=\(userKey(request.identity.client)), type=8, roleCount=1, "
        + "privilegeCount=12, accessMode='4 Non-interactive', MetadataCachePrivilegesCount=9) is "
        + "missing \(name) privilege (Id=\(world.identifier(name))) on OTC="
        + "\(table.objectTypeCode) for entity '\(table.logicalName)' (LocalizedName="
        + "'\(table.label)').")
  }

  /// The systemuserid of an application.
  func userKey(_ client: String) -> RowKey {
    guard let users = world.schema.table("systemuser"),
      let place = world.clients.firstIndex(where: { $0.id == client }),
      place < stores[users].generator.keys.count
    else { return world.identifier("user \(client)") }
    return stores[users].generator.keys.rank(place).key
  }
}
