import Core
import HTTP
import JSONPages

/// CreateMultiple, UpdateMultiple, UpsertMultiple: one transaction each; and BulkDelete.
///
/// - Source: fact sheet 6.3.
extension DataverseService {
  func bulk(
    _ table: Int, _ name: String, _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    let message = name.split(separator: ".").last.map(String.init) ?? name
    let definition = stores[table].definition
    guard message != "DeleteMultiple" else {
      throw ODataFault(400, "0x80040216", "DeleteMultiple has not yet been implemented.")
    }
    guard hasBulk(definition), message != "UpsertMultiple" || knobs.hasUpsertMultiple else {
      throw ODataFault(
        400, "0x80040800",
        "The '\(message)' method does not support entities of type '\(definition.logicalName)'.")
    }
    counters.bulk += 1
    let body = try parseBody(request, table)
    guard let targets = body["Targets"]?.items, !targets.isEmpty else {
      throw .payload(definition.entitySet, "The parameter 'Targets' is missing or empty.")
    }
    let single = cost.writes
    defer { (cost.bulkWrites, cost.writes) = (cost.bulkWrites + cost.writes - single, single) }
    let verb: WritePayload.Verb = message == "UpdateMultiple" ? .update : .create
    let ids = try transaction { () throws(ODataFault) -> [RowKey] in
      var ids: [RowKey] = []
      var seen: Set<RowKey> = []
      for target in targets {
        let payload = try payload(target, table, verb)
        guard payload.type == nil || payload.type == definition.type else {
          throw .payload(
            definition.entitySet, "Every target must be of the type '\(definition.type)'.")
        }
        if let key = payload.key, !seen.insert(key).inserted, knobs.failsRepeatedTargets {
          throw ODataFault(
            400, "0x80040237", "Cannot insert duplicate key: the targets hold one row twice.")
        }
        switch message {
        case "CreateMultiple": ids.append(try createOne(payload, table, request))
        case "UpdateMultiple": try updateOne(payload, table, request)
        default: try upsertOne(payload, target, table, request)
        }
      }
      return ids
    }
    guard message == "CreateMultiple" else { return HTTPResponse(204, headers: HTTPHeader.plain) }
    let context =
      "\(request.url.root)$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"
    let answer: JSONValue = [
      "@odata.context": .string(context),
      "Ids": .array(ids.map { .string($0.description) }),
    ]
    return HTTPResponse(200, headers: HTTPHeader.json, body: answer.encoded)
  }

  private func createOne(
    _ payload: WritePayload, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) -> RowKey {
    try checkWrite("Create", table, request)
    counters.creates += 1
    return try insert(payload, table, request)
  }

  private func updateOne(
    _ payload: WritePayload, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) {
    try checkWrite("Write", table, request)
    let definition = stores[table].definition
    guard let key = payload.key else {
      throw ODataFault(
        400, "0x80040203", "Every target of UpdateMultiple needs '\(definition.primaryId)'.")
    }
    guard let row = stores[table].row(key) else {
      throw ODataFault(
        404, "0x80040217", "\(definition.schemaName) With Ids = \(key) Do Not Exist")
    }
    counters.updates += 1
    try update(row, payload, table, request)
  }

  private func upsertOne(
    _ payload: WritePayload, _ target: JSONValue, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) {
    var payload = payload
    var found = payload.key.flatMap { stores[table].row($0) }
    if let identifier = payload.identifier {
      let last = identifier.split(separator: "/").last.map(String.init) ?? ""
      let segment = ODataURL.segment(ODataURL.decode(last, plusIsBlank: false))
      guard segment.name == stores[table].definition.entitySet, let argument = segment.argument,
        case .alternate(let parts) = try address(table, argument)
      else {
        throw ODataFault(
          400, "0x80060890", "Invalid key attributes in the '@odata.id' of a target.")
      }
      found = find(table, parts)
      for part in parts {
        if found == nil, payload.values[part.position] != nil {
          throw ODataFault(400, "0x80040216", "An unexpected error occurred.")
        }
        payload.values[part.position] = part.value
      }
    }
    try checkWrite(found == nil ? "Create" : "Write", table, request)
    if let found {
      counters.updates += 1
      payload = try restricted(payload, target, table)
      try update(found, payload, table, request)
    } else {
      counters.creates += 1
      try insert(payload, table, request)
    }
  }

  /// The values that an update may set; the payload was read as that of a create.
  private func restricted(
    _ payload: WritePayload, _ target: JSONValue, _ table: Int
  ) throws(ODataFault) -> WritePayload {
    var update = try self.payload(target, table, .update)
    update.key = nil
    return update
  }

  /// Runs all or nothing.
  func transaction<Result>(
    _ body: () throws(ODataFault) -> Result
  ) throws(ODataFault) -> Result {
    let isOutermost = journal == nil
    if isOutermost { journal = [] }
    do throws(ODataFault) {
      let result = try body()
      if isOutermost { journal = nil }
      return result
    } catch {
      if isOutermost { rollBack() }
      throw error
    }
  }

  func rollBack() {
    for (table, step) in (journal ?? []).reversed() { stores[table].undo(step) }
    heldChanges = []
    journal = nil
    pages.removeAll()
  }

  /// The asynchronous job that deletes by a list of keys; here it has run when the answer comes.
  func bulkDelete(_ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    guard request.method == "POST", let body = try? JSONDocument.parse(request.body),
      let query = body["QuerySet"]?.items?.first, let name = query["EntityName"]?.text,
      let table = world.schema.table(name),
      let condition = query["Criteria"]?["Conditions"]?.items?.first,
      condition["AttributeName"]?.text == stores[table].definition.primaryId
    else {
      throw .query("The stand-in runs BulkDelete by primary key only.")
    }
    try checkWrite("Delete", table, request)
    for value in condition["Values"]?.items ?? [] {
      guard let key = (value["Value"]?.text ?? value.text).flatMap({ RowKey($0) }),
        stores[table].row(key) != nil
      else { continue }
      counters.deletes += 1
      cost.writes += 1
      remove(table, key)
    }
    let context = "\(request.url.root)$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse"
    let answer: JSONValue = [
      "@odata.context": .string(context),
      "JobId": .string(world.identifier("job \(version)").description),
    ]
    return HTTPResponse(200, headers: HTTPHeader.json, body: answer.encoded)
  }
}
