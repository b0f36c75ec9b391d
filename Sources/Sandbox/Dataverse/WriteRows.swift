import Core
import HTTP

/// Creating, changing and deleting single rows.
///
/// - Source: fact sheet 5.1.
extension DataverseService {
  func create(_ table: Int, _ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    try checkWrite("Create", table, request)
    let payload = try payload(try parseBody(request, table), table, .create)
    counters.creates += 1
    let key = try insert(payload, table, request)
    return try written(key, table, request, isNew: true)
  }

  func patch(
    _ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    guard rest.isEmpty else { throw .noSegment(rest[0].name) }
    let address = try address(table, argument)
    let json = try parseBody(request, table)
    if let row = row(table, address) {
      try checkWrite("Write", table, request)
      if request[header: "If-None-Match"] == "*" {
        throw ODataFault(
          412, "0x80040237", "A record with matching key values already exists.")
      }
      try checkVersion(overtaken(row, table, request), request)
      counters.updates += 1
      try update(row, try payload(json, table, .update), table, request)
      return try written(row.key, table, request, isNew: false)
    }
    if request[header: "If-Match"] != nil { throw missing(table, address) }
    try checkWrite("Create", table, request)
    var payload = try payload(json, table, .create)
    switch address {
    case .primary(let key):
      guard payload.key == nil || payload.key == key else { throw keyMismatch(table) }
      payload.key = key
    case .alternate(let parts):
      for part in parts { payload.values[part.position] = part.value }
    }
    counters.creates += 1
    let key = try insert(payload, table, request)
    return try written(key, table, request, isNew: true)
  }

  func delete(
    _ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    let address = try address(table, argument)
    guard let row = row(table, address) else { throw missing(table, address) }
    guard let first = rest.first else {
      try checkWrite("Delete", table, request)
      try checkVersion(row, request)
      counters.deletes += 1
      cost.writes += 1
      remove(table, row.key)
      return HTTPResponse(204, headers: HTTPHeader.plain)
    }
    try checkWrite("Write", table, request)
    let definition = stores[table].definition
    let isLink = rest.count == 2 && rest[1].name == "$ref"
    let place =
      isLink ? definition.navigation(first.name)?.position : definition.position(wire: first.name)
    guard let place else { throw .noSegment(first.name) }
    counters.updates += 1
    cost.writes += 1
    change(table, row.key, [place: .null])
    return HTTPResponse(204, headers: HTTPHeader.plain)
  }

  /// `PUT /contacts(<id>)/firstname` with a value, or `/nav/$ref` with a link.
  func putProperty(
    _ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    guard let first = rest.first else {
      throw ODataFault(405, "0x80060888", "PUT of a whole row is not supported; use PATCH.")
    }
    try checkWrite("Write", table, request)
    let address = try address(table, argument)
    let body = try parseBody(request, table)
    guard let row = row(table, address) else { throw missing(table, address) }
    let isLink = rest.count == 2 && rest[1].name == "$ref"
    let member: JSONValue.Member =
      isLink
      ? .init("\(first.name)@odata.bind", body["@odata.id"] ?? .null)
      : .init(first.name, body["value"] ?? .null)
    counters.updates += 1
    try update(row, try payload(.object([member]), table, .update), table, request)
    return HTTPResponse(204, headers: HTTPHeader.plain)
  }

  // MARK: rules of every write

  func checkWrite(
    _ verb: String, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) {
    try checkPrivilege(verb, table, request)
    guard stores[table].definition.isWritable else {
      throw ODataFault(
        405, "0x80040800",
        "The '\(verb)' method does not support entities of type "
          + "'\(stores[table].definition.logicalName)'.")
    }
  }

  /// The row as it is now; where the knob says so, somebody else has just written it.
  private func overtaken(_ row: RowView, _ table: Int, _ request: ODataRequest) -> RowView {
    guard knobs.staleWrites > 0, request[header: "If-Match"].map({ $0 != "*" }) ?? false else {
      return row
    }
    knobs.staleWrites -= 1
    let before = author
    author = .user
    defer { author = before }
    change(table, row.key, [:])
    return stores[table].row(row.key) ?? row
  }

  private func checkVersion(_ row: RowView, _ request: ODataRequest) throws(ODataFault) {
    guard let wanted = request[header: "If-Match"], wanted != "*", wanted != etag(row) else {
      return
    }
    throw ODataFault(
      412, "0x80060882",
      "The version of the existing record doesn't match the RowVersion property provided.")
  }

  private func keyMismatch(_ table: Int) -> ODataFault {
    ODataFault(
      400, "0x80060888",
      "The primary key in the body of a \(stores[table].definition.logicalName) is not that of the "
        + "address.")
  }

  /// Adds a row; refuses a key that exists.
  @discardableResult
  func insert(
    _ payload: WritePayload, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) -> RowKey {
    cost.writes += 1
    if let key = payload.key, stores[table].row(key) != nil {
      throw ODataFault(412, "0x80040237", "Cannot insert duplicate key.")
    }
    try checkKeys(payload.values, table, except: nil)
    let definition = stores[table].definition
    var values = payload.values
    let user = FieldValue.reference(userKey(request.identity.client), table: "systemuser")
    let defaults: [(String, FieldValue)] = [
      ("ownerid", user), ("createdby", user), ("modifiedby", user),
      ("owningbusinessunit", firstRow("businessunit")),
      ("transactioncurrencyid", firstRow("transactioncurrency")),
    ]
    for (name, value) in defaults {
      guard let place = definition.position(logical: name), values[place] == nil else { continue }
      values[place] = value
    }
    try settleStatus(&values, current: nil, definition)
    if definition.isActivity {
      settleActivity(&values, current: nil, definition)
      if knobs.workflowTables.contains(definition.logicalName) { cost.workflows += 1 }
    }
    keysGiven += 1
    let key =
      payload.key ?? KeySpace.fresh(at: clock.now, number: keysGiven, seed: world.seed)
    if let place = definition.position(wire: "overriddencreatedon"),
      let earlier = values[place], earlier != .null,
      let created = definition.position(wire: "createdon")
    {
      values[created] = earlier
    }
    add(table, key, values)
    return key
  }

  private func firstRow(_ table: String) -> FieldValue {
    guard let index = world.schema.table(table), stores[index].generator.keys.count > 0 else {
      return .null
    }
    return .reference(stores[index].generator.keys.rank(0).key, table: table)
  }

  func update(
    _ row: RowView, _ payload: WritePayload, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) {
    cost.writes += 1
    guard payload.key == nil || payload.key == row.key else { throw keyMismatch(table) }
    var values = payload.values
    try checkKeys(values, table, except: row.key)
    try settleStatus(&values, current: row, row.definition)
    if row.definition.isActivity { settleActivity(&values, current: row, row.definition) }
    if let place = row.definition.position(logical: "modifiedby") {
      values[place] = .reference(userKey(request.identity.client), table: "systemuser")
    }
    change(table, row.key, values)
  }

  /// A state without a status takes the state's first; a status must be one of its state.
  private func settleStatus(
    _ values: inout [Int: FieldValue], current: RowView?, _ definition: TableDefinition
  ) throws(ODataFault) {
    guard let state = definition.position(wire: "statecode"),
      let status = definition.position(wire: "statuscode"),
      values[state] != nil || values[status] != nil
    else { return }
    let options = definition.columns[status].options
    let wanted = values[state] ?? current?.value(state) ?? definition.columns[state].initial
    if let chosen = values[status], chosen != .null {
      guard
        options.contains(where: { .whole($0.value) == chosen && .whole($0.state ?? 0) == wanted })
      else {
        throw ODataFault(
          400, "0x80048408", "The status code is not valid for the state code of this row.")
      }
    } else if let first = options.first(where: { .whole($0.state ?? 0) == wanted }) {
      values[status] = .whole(first.value)
    }
  }

  /// A completed activity ended, at the latest now; a new one stands where it was made.
  private func settleActivity(
    _ values: inout [Int: FieldValue], current: RowView?, _ definition: TableDefinition
  ) {
    let now = FieldValue.moment(clock.now.seconds)
    func fill(_ name: String) {
      guard let place = definition.position(wire: name),
        (values[place] ?? current?.value(place) ?? .null) == .null
      else { return }
      values[place] = now
    }
    if current == nil { fill("sortdate") }
    guard let state = definition.position(wire: "statecode"), values[state] == .whole(1) else {
      return
    }
    fill("actualend")
  }

  /// No other row may have the values of an alternate key.
  private func checkKeys(
    _ values: [Int: FieldValue], _ table: Int, except key: RowKey?
  ) throws(ODataFault) {
    let definition = stores[table].definition
    for alternate in definition.keys {
      let parts = alternate.columns.compactMap { name -> (position: Int, value: FieldValue)? in
        guard let place = definition.position(logical: name), let value = values[place],
          value != .null
        else { return nil }
        return (place, value)
      }
      guard parts.count == alternate.columns.count, let other = find(table, parts),
        other.key != key
      else { continue }
      throw ODataFault(
        412, "0x80060892",
        "Entity Key \(alternate.name) violated. A record with the same value for "
          + "\(alternate.columns.joined(separator: ", ")) already exists. A duplicate record "
          + "cannot be created.")
    }
  }

  // MARK: answers

  private func written(
    _ key: RowKey, _ table: Int, _ request: ODataRequest, isNew: Bool
  ) throws(ODataFault) -> HTTPResponse {
    let link = "\(request.url.root)\(stores[table].definition.entitySet)(\(key))"
    guard request.preferences.wantsRepresentation, let row = stores[table].row(key) else {
      return HTTPResponse(
        204,
        headers: HTTPHeader.plain + [
          HTTPHeader("Location", link), HTTPHeader("OData-EntityId", link),
        ])
    }
    let query = try parse(table, request, isSingle: true)
    return HTTPResponse(
      isNew ? 201 : 200,
      headers: HTTPHeader.json + [
        HTTPHeader("ETag", etag(row)),
        HTTPHeader("Preference-Applied", "return=representation"),
      ], body: document(row, query, request))
  }
}
