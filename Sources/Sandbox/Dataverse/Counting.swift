import Core
import HTTP

/// The ways to count, each with its limits.
///
/// - Source: fact sheet 3.6.
extension DataverseService {
  static let countLimit = 5000
  static let aggregateLimit = 50_000

  /// Rows that fit, counted up to `limit` and no further.
  func countRows(
    _ table: Int, _ filter: FilterExpression?, limit: Int, reader: RowReader? = nil
  ) -> Int {
    let store = stores[table]
    guard filter != nil || reader != nil else { return min(store.count, limit) }
    var count = 0
    let primary = store.definition.position(wire: store.definition.primaryId) ?? 0
    let guids = knobs.guidFilter
    // In another order than the rows are read in, a bound says nothing.
    let bounds = guids == .sql ? filter?.keyBounds(of: primary) : nil
    store.forEach(from: bounds?.lower) { (row: RowView) -> Bool in
      if let upper = bounds?.upper, upper < GuidRank(row.key) { return false }
      let isSeen = reader?.sees(row) ?? true
      if isSeen, filter?.matches(guids, { row.value($0) }) ?? true { count += 1 }
      return count < limit
    }
    return count
  }

  /// Writes what `$count=true` asks for.
  func writeCount(_ query: ListQuery, _ request: ODataRequest, to bytes: inout [UInt8]) {
    let limit = DataverseService.countLimit
    let count = countRows(query.table, query.filter, limit: limit + 1, reader: query.reader)
    bytes += ",\"@odata.count\":\(min(count, limit))".utf8
    guard request.preferences.annotations.hasTotals else { return }
    bytes += ",\"@Microsoft.Dynamics.CRM.totalrecordcount\":\(min(count, limit))".utf8
    bytes +=
      ",\"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded\":\(count > limit)".utf8
  }

  /// `/contacts/$count`: text behind a byte order mark; with a delta token, what waits behind it.
  func countText(_ table: Int, _ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    stores[table].settle()
    let count: Int
    if let text = request.url["$deltatoken"] {
      count = pendingChanges(
        table, try deltaToken(text), reader(of: table, request))
    } else {
      let filter: FilterExpression? =
        if let text = request.url["$filter"] {
          try self.filter(text, table, request.aliases)
        } else {
          nil
        }
      count = countRows(
        table, filter, limit: DataverseService.countLimit, reader: reader(of: table, request))
    }
    return HTTPResponse(
      200,
      headers: [HTTPHeader("Content-Type", "text/plain"), HTTPHeader("OData-Version", "4.0")],
      body: [0xEF, 0xBB, 0xBF] + String(count).utf8)
  }

  /// `aggregate($count as n)` and `aggregate(createdon with min as a,...)`.
  func apply(
    _ text: String, _ table: Int, _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    stores[table].settle()
    var rest = text
    var filter: FilterExpression?
    if rest.hasPrefix("filter("), let end = rest.firstRange(of: ")/aggregate(") {
      let inner = rest[rest.index(rest.startIndex, offsetBy: 7)..<end.lowerBound]
      filter = try self.filter(String(inner), table, request.aliases)
      rest = "aggregate(" + rest[end.upperBound...]
    }
    guard rest.hasPrefix("aggregate("), rest.hasSuffix(")") else {
      throw .query("The stand-in aggregates with $count, min and max only.")
    }
    let limit = DataverseService.aggregateLimit
    guard countRows(table, filter, limit: limit + 1) <= limit else {
      throw ODataFault(
        400, "0x8004E023",
        "The maximum record limit of \(limit) exceeded. Reduce the number of records to aggregate "
          + "or group into.")
    }
    var members: [JSONValue.Member] = []
    for part in rest.dropFirst(10).dropLast().split(separator: ",") {
      members.append(try aggregate(part.split(separator: " ").map(String.init), table, filter))
    }
    let context = "\(request.url.root)$metadata#\(stores[table].definition.entitySet)"
    let body: JSONValue = [
      "@odata.context": .string(context), "value": [.object(members)],
    ]
    return HTTPResponse(200, headers: HTTPHeader.json, body: body.encoded)
  }

  private func aggregate(
    _ words: [String], _ table: Int, _ filter: FilterExpression?
  ) throws(ODataFault) -> JSONValue.Member {
    if words.count == 3, words[0] == "$count", words[1] == "as" {
      let count = countRows(table, filter, limit: DataverseService.aggregateLimit)
      return .init(words[2], .number(String(count)))
    }
    guard words.count == 5, words[1] == "with", words[3] == "as",
      words[2] == "min" || words[2] == "max"
    else { throw .query("The stand-in aggregates with $count, min and max only.") }
    let place = try position(words[0], table)
    var best = FieldValue.null
    stores[table].forEach(from: nil) { (row: RowView) -> Bool in
      guard filter?.matches(knobs.guidFilter, { row.value($0) }) ?? true else { return true }
      let value = row.value(place)
      let order = FieldOrder.compare(value, best)
      if best == .null || words[2] == "min" && (order ?? 0) < 0
        || words[2] == "max" && (order ?? 0) > 0
      {
        best = value
      }
      return true
    }
    return .init(words[4], best.json)
  }
}
