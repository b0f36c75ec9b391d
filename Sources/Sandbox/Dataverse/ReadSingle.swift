import Core
import HTTP

/// One row, addressed by its key.
extension DataverseService {
  func single(
    _ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    if let function = rest.first?.name, function.hasSuffix(".RetrieveUserPrivileges") {
      try request.require("GET")
      return userPrivileges(request)
    }
    guard rest.isEmpty || request.method != "GET" else {
      return try property(table, argument, rest, request)
    }
    switch request.method {
    case "GET":
      try checkPrivilege("Read", table, request)
      return try read(table, argument, request)
    case "PATCH": return try patch(table, argument, rest, request)
    case "DELETE": return try delete(table, argument, rest, request)
    case "PUT": return try putProperty(table, argument, rest, request)
    default:
      throw ODataFault(
        405, "0x80060888", "The http method '\(request.method)' is not supported on a single row.")
    }
  }

  /// The key that an address means, whether or not a row has it.
  enum Address {
    case primary(RowKey)
    /// Columns and values of an alternate key.
    case alternate([(position: Int, value: FieldValue)])
  }

  func address(_ table: Int, _ argument: String) throws(ODataFault) -> Address {
    let definition = stores[table].definition
    if let key = RowKey(argument) { return .primary(key) }
    if argument.hasPrefix("\(definition.primaryId)="),
      let key = RowKey(String(argument.dropFirst(definition.primaryId.count + 1)))
    {
      return .primary(key)
    }
    return .alternate(try alternateKey(definition, argument))
  }

  func row(_ table: Int, _ address: Address) -> RowView? {
    switch address {
    case .primary(let key): stores[table].row(key)
    case .alternate(let parts): find(table, parts)
    }
  }

  func missing(_ table: Int, _ address: Address) -> ODataFault {
    let definition = stores[table].definition
    switch address {
    case .primary(let key): return .noRow(definition, key)
    case .alternate:
      return ODataFault(
        404, "0x80060891",
        "A record with the specified key values does not exist in \(definition.logicalName) entity")
    }
  }

  private func read(
    _ table: Int, _ argument: String, _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    counters.reads += 1
    let address = try address(table, argument)
    let query = try parse(table, request, isSingle: true)
    guard let row = row(table, address) else { throw missing(table, address) }
    try checkReadable(row, table, request)
    let tag = etag(row)
    if let known = request[header: "If-None-Match"], known == tag, query.expansions.isEmpty,
      request.preferences.annotations.text == nil
    {
      return HTTPResponse(304, headers: [HTTPHeader("ETag", tag)])
    }
    return HTTPResponse(
      200, headers: HTTPHeader.json + [HTTPHeader("ETag", tag)],
      body: document(row, query, request))
  }

  func etag(_ row: RowView) -> String { "W/\"\(row.version)\"" }

  /// One row as a document of its own.
  func document(_ row: RowView, _ query: ListQuery, _ request: ODataRequest) -> [UInt8] {
    cost.rows += 1
    cost.cells += query.positions.count
    let select = query.select.map { "(\($0.filter { $0 != " " }))" } ?? ""
    let set = stores[query.table].definition.entitySet
    var bytes: [UInt8] = []
    writer(for: query, request).write(
      row, context: "\(request.url.root)$metadata#\(set)\(select)/$entity", to: &bytes)
    return bytes
  }

  /// `/contacts(<id>)/firstname`: one value; 204 where it is null.
  private func property(
    _ table: Int, _ argument: String, _ rest: [ODataURL.Segment], _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    try checkPrivilege("Read", table, request)
    counters.reads += 1
    let address = try address(table, argument)
    guard let row = row(table, address) else { throw missing(table, address) }
    try checkReadable(row, table, request)
    let place = try position(rest[0].name, table)
    let value = row.value(place)
    guard value != .null else { return HTTPResponse(204, headers: HTTPHeader.plain) }
    let set = stores[table].definition.entitySet
    let context = "\(request.url.root)$metadata#\(set)(\(row.key))/\(rest[0].name)"
    let body: JSONValue = ["@odata.context": .string(context), "value": value.json]
    return HTTPResponse(200, headers: HTTPHeader.json, body: body.encoded)
  }

  // MARK: alternate keys

  /// Reads the like of `cs_customernumber='C1',other=5`.
  private func alternateKey(
    _ definition: TableDefinition, _ argument: String
  ) throws(ODataFault) -> [(position: Int, value: FieldValue)] {
    let tokens = try FilterToken.tokens(of: argument, aliases: [:])
    var parts: [(position: Int, value: FieldValue)] = []
    var names: [String] = []
    for piece in tokens.split(separator: .comma) {
      let piece = Array(piece)
      guard piece.count == 3, case .word(let name) = piece[0], piece[1] == .equals else {
        throw .query("The key '\(argument.count)' characters long in the request URI is malformed.")
      }
      guard let place = definition.position(wire: name) else {
        throw .noProperty(name, definition)
      }
      names.append(name)
      switch piece[2] {
      case .string(let text): parts.append((place, .text(text)))
      case .word(let word):
        let value: FieldValue =
          RowKey(word).map { .key($0) } ?? Int64(word).map { .whole($0) } ?? .text(word)
        parts.append((place, value))
      default: throw .query("The key in the request URI is malformed.")
      }
    }
    guard definition.keys.contains(where: { Set($0.columns) == Set(names) }) else {
      throw .query(
        "The key in the request URI is not valid for resource '\(definition.type)'. Ensure that "
          + "the names and number of key properties match the declared or alternate key "
          + "properties for the resource '\(definition.type)'.")
    }
    return parts
  }

  /// The row with these values; written rows first, then the slot that a serial number names.
  func find(_ table: Int, _ parts: [(position: Int, value: FieldValue)]) -> RowView? {
    let store = stores[table]
    func fits(_ row: RowView) -> Bool {
      parts.allSatisfy { FieldOrder.compare(row.value($0.position), $0.value) == 0 }
    }
    for key in store.written.keys {
      if let row = store.row(key), fits(row) { return row }
    }
    for part in parts {
      guard case .serial(let prefix) = store.definition.columns[part.position].recipe,
        let text = part.value.text, text.uppercased().hasPrefix(prefix)
      else { continue }
      guard let slot = Int(text.dropFirst(prefix.count)), slot >= 0,
        slot < store.generator.keys.count, let row = store.row(store.generator.keys.rank(slot).key)
      else { return nil }
      return fits(row) ? row : nil
    }
    var found: RowView?
    store.forEach(from: nil) { (row: RowView) -> Bool in
      if fits(row) { found = row }
      return found == nil
    }
    return found
  }
}

extension HTTPHeader {
  /// What an answer without a body carries.
  static let plain = [HTTPHeader("OData-Version", "4.0")]
}
