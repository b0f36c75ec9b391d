import Core

/// The options of a read, checked against the table.
struct ListQuery {
  struct Order {
    var position: Int
    var isDescending: Bool
  }

  var table: Int
  /// The option's text as it came; nil where every column was asked for.
  var select: String?
  /// Columns that go out, with those that the service adds.
  var positions: [Int]
  var filter: FilterExpression?
  var order: [Order]
  var top: Int?
  var pageSize: Int
  var wantsCount: Bool
  var expansions: [RowWriter.Expansion]
  /// Whose rows the asker may read; nil: all.
  var reader: RowReader?

  /// Options that the service knows, and those that it refuses by name.
  static let known = [
    "$select", "$filter", "$orderby", "$top", "$expand", "$count", "$skiptoken", "$deltatoken",
    "$apply",
  ]
}

extension DataverseService {
  /// The column that a name in an option means.
  func position(_ name: String, _ table: Int) throws(ODataFault) -> Int {
    let definition = stores[table].definition
    guard let position = definition.position(wire: name) else {
      throw .noProperty(name, definition)
    }
    return position
  }

  func parse(
    _ table: Int, _ request: ODataRequest, isSingle: Bool = false
  ) throws(ODataFault) -> ListQuery {
    try checkOptions(request, isSingle: isSingle)
    let url = request.url
    let size = request.preferences.pageSize
    var top: Int?
    if let text = url["$top"] {
      guard let number = Int(text), number >= 0 else {
        throw .query("Invalid value '\(text)' for $top query option found.")
      }
      // With a page size the service pages, and forgets about $top.
      top = size == nil ? min(number, 5000) : nil
    }
    let filter: FilterExpression? =
      if let text = url["$filter"] { try self.filter(text, table, request.aliases) } else { nil }
    return ListQuery(
      table: table, select: url["$select"], positions: try positions(url["$select"], table),
      filter: filter, order: try order(request, table), top: top,
      pageSize: min(max(size ?? knobs.maxPageSize, 1), knobs.maxPageSize),
      wantsCount: url["$count"] == "true",
      expansions: try url["$expand"].map { text throws(ODataFault) in
        try expansions(text, table)
      } ?? [], reader: reader(of: table, request))
  }

  private func checkOptions(_ request: ODataRequest, isSingle: Bool) throws(ODataFault) {
    for option in request.url.options {
      let name = option.name
      if name.hasPrefix("$"), !ListQuery.known.contains(name) {
        throw .query("The query parameter \(name) is not supported.")
      }
      if ["fetchXml", "sql", "savedQuery", "userQuery"].contains(name) {
        throw ODataFault(501, "0x80060888", "The stand-in does not run \(name) queries.")
      }
      if isSingle, ["$filter", "$orderby", "$top", "$count", "$apply"].contains(name) {
        throw .query("Query options \(name) cannot be applied to the requested resource.")
      }
    }
  }

  func positions(_ select: String?, _ table: Int) throws(ODataFault) -> [Int] {
    let definition = stores[table].definition
    guard let select, !select.isEmpty else {
      return definition.columns.indices.filter { definition.columns[$0].isInRows }
    }
    var chosen: [Int] = []
    for part in select.split(separator: ",") {
      let name = part.filter { $0 != " " }
      let place = try position(name, table)
      if !chosen.contains(place) { chosen.append(place) }
    }
    var extra = [definition.primaryId]
    for place in chosen {
      let column = definition.columns[place]
      if case .money = column.kind { extra.append("_transactioncurrencyid_value") }
      if column.name.hasPrefix("address1_") { extra.append("address1_composite") }
    }
    for name in extra {
      if let place = definition.position(wire: name), !chosen.contains(place) {
        chosen.append(place)
      }
    }
    return chosen
  }

  func filter(
    _ text: String, _ table: Int, _ aliases: [String: String]
  ) throws(ODataFault) -> FilterExpression {
    let definition = stores[table].definition
    let expression = try FilterParser.parse(text, aliases: aliases, now: clock.now) {
      name throws(ODataFault) in
      guard !name.contains("/") else {
        throw .query("The stand-in does not filter by columns of related rows: '\(name)'.")
      }
      guard let position = definition.position(wire: name) else {
        throw .noProperty(name, definition)
      }
      return (position, FilterParser.ColumnType(definition.columns[position].kind))
    }
    guard !knobs.rejectsGuidRanges || !expression.hasGuidRange else {
      throw .query("A binary operator with incompatible types was detected for 'Edm.Guid'.")
    }
    return expression
  }

  private func order(
    _ request: ODataRequest, _ table: Int
  ) throws(ODataFault) -> [ListQuery.Order] {
    guard var text = request.url["$orderby"] else { return [] }
    if text.hasPrefix("@") { text = request.aliases[text] ?? text }
    var order: [ListQuery.Order] = []
    for part in text.split(separator: ",") {
      let words = part.split(separator: " ")
      guard let name = words.first, words.count <= 2,
        words.count == 1 || words[1] == "asc" || words[1] == "desc"
      else { throw .query("Syntax error in the '$orderby' expression.") }
      let place = try position(String(name), table)
      if case .multiSelect = stores[table].definition.columns[place].kind {
        throw .query("The column '\(name)' cannot be used to sort.")
      }
      order.append(.init(position: place, isDescending: words.last == "desc"))
    }
    return order
  }

  /// `nav($select=a,b)`, several by comma; single-valued properties only.
  private func expansions(
    _ text: String, _ table: Int
  ) throws(ODataFault) -> [RowWriter.Expansion] {
    var parts: [String] = [""]
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == ",", depth == 0 {
        parts.append("")
      } else {
        parts[parts.count - 1].append(character)
      }
    }
    guard parts.count <= 15 else { throw .query("Too many $expand options: at most 15.") }
    var expansions: [RowWriter.Expansion] = []
    for part in parts {
      let segment = ODataURL.segment(part.filter { $0 != " " })
      let definition = stores[table].definition
      guard let found = definition.navigation(segment.name) else {
        throw .query(
          "Could not find a single-valued navigation property named '\(segment.name)' on type "
            + "'\(definition.type)'; the stand-in does not expand collections.")
      }
      guard let target = world.schema.table(found.target.table) else {
        throw .query("The stand-in has no table '\(found.target.table)' to expand.")
      }
      var select: String?
      for option in (segment.argument ?? "").split(separator: ";") {
        guard option.hasPrefix("$select=") else {
          throw .query("The option '\(option)' is not supported in this $expand.")
        }
        select = String(option.dropFirst(8))
      }
      expansions.append(
        .init(
          navigation: segment.name, position: found.position, table: target,
          writer: RowWriter(
            stores[target].definition, positions: try positions(select, target))))
    }
    return expansions
  }

  func writer(for query: ListQuery, _ request: ODataRequest) -> RowWriter {
    var writer = RowWriter(stores[query.table].definition, positions: query.positions)
    writer.annotations = request.preferences.annotations
    writer.escapesNonASCII = knobs.escapesNonASCII
    writer.shuffles = knobs.shufflesColumns
    writer.expansions = query.expansions
    let (schema, stores) = (world.schema, stores)
    writer.find = { key, table in schema.table(table).flatMap { stores[$0].row(key) } }
    return writer
  }
}

extension FilterParser.ColumnType {
  init(_ kind: ColumnDefinition.Kind) {
    self =
      switch kind {
      case .uniqueIdentifier, .lookup: .guid
      case .string, .memo, .entityName: .text
      case .boolean: .bool
      case .integer, .bigInteger, .decimal, .money, .double, .picklist, .state, .status: .number
      case .dateTime(.dateOnly): .day
      case .dateTime: .moment
      case .multiSelect: .multiSelect
      case .virtual: .any
      }
  }
}
