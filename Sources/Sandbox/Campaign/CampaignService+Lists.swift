import Core
import HTTP

/// Which rows a list request wants, and in which order.
struct RecordQuery {
  /// By an index, where a filter has one.
  var candidates: [Int]?
  var tests: [(field: Int, prefix: String)] = []
  var filterPath = ""
  var order: (field: Int, isDescending: Bool)?
  var lineCount = 25
  /// Rows before this number (in order: so many rows) were on earlier pages.
  var start = 0
  var column: Int?
  var wantsCount = false
  /// Everything but the page's start, as it goes into the links.
  var parameters: [(name: String, value: String)] = []
}

extension CampaignService {
  func isFilter(_ segment: String, _ resource: ResourceDefinition, _ context: ViewContext) -> Bool {
    filter(segment, resource, context) != nil
  }

  private func filter(
    _ segment: String, _ resource: ResourceDefinition, _ context: ViewContext
  ) -> FilterDefinition? {
    resource.filters.first {
      $0.name == segment && (context.isExtended || !$0.isExtension)
        && (knobs.keyFilters || !$0.parameter.hasSuffix("_parameter"))
    }
  }

  /// `GET /<resource>`, filtered, sorted, one page; one column; or the number of rows.
  func list(_ target: ResourceCall) throws(CampaignFault) -> HTTPResponse {
    let query = try query(target)
    if query.wantsCount {
      return .json(200, ["count": .number(String(matching(query, target).count))])
    }
    let (page, marker) = page(query, target)
    let view = view(target.space, target.context)
    let table = tables[target.space]
    let content = page.compactMap { id in
      table[id].flatMap { row in
        query.column.map { view.value($0, id, row) } ?? view.document(id, row)
      }
    }
    var members = [JSONValue.Member("content", .array(content))]
    if query.column == nil {
      members.append(JSONValue.Member("count", countLink(query, target)))
    }
    let isForced = target.call.address["_forcePagination"] == "true"
    if let marker, isForced || table.count <= knobs.bigTable {
      members.append(JSONValue.Member("next", ["href": .string(link(query, marker, target))]))
    }
    members.append(JSONValue.Member("serverSidePagination", .bool(marker != nil)))
    return .json(200, .object(members))
  }

  // MARK: Reading the request

  private func query(_ target: ResourceCall) throws(CampaignFault) -> RecordQuery {
    let resource = tables[target.space].definition
    var query = RecordQuery()
    var rest = target.rest[...]
    while let segment = rest.first {
      if let filter = filter(segment, resource, target.context) {
        try add(filter, to: &query, target)
      } else if segment == "_count", rest.count == 1 {
        query.wantsCount = true
      } else if let column = resource.position(segment), rest.count == 1, query.column == nil {
        query.column = column
      } else {
        throw .unknownAttribute(segment, of: resource)
      }
      rest = rest.dropFirst()
    }
    try readPaging(target, into: &query)
    query.parameters = target.call.address.query.filter { $0.name != "_lineStart" }
    return query
  }

  private func add(_ filter: FilterDefinition, to query: inout RecordQuery, _ target: ResourceCall)
    throws(CampaignFault)
  {
    let table = tables[target.space]
    query.filterPath += "/" + filter.name
    guard let value = target.call.address[filter.parameter] else {
      if knobs.looseFilters { return }
      throw .campaign(
        500, "XTK-170036 Parameter '\(filter.parameter)' of filter '\(filter.name)' is missing.")
    }
    switch filter.rule {
    case .equals(let field):
      guard let position = table.definition.position(field) else { return }
      let ids = table.ids(where: position, equals: value.utf8)
      query.candidates = query.candidates.map { $0.filter(ids.contains) } ?? ids
    case .text:
      let name = target.call.address["filterType"]
      let fields = name.map { [$0] } ?? ["email", "lastName"]
      guard fields.allSatisfy({ table.definition.position($0) != nil }) else {
        throw .unknownAttribute(fields[0], of: table.definition)
      }
      let tests = fields.compactMap(table.definition.position).map { ($0, value) }
      let ids = (query.candidates ?? Array(1...max(1, table.last))).filter { id in
        tests.contains { table[id]?.packed.text($0)?.hasPrefix($1) ?? false }
      }
      query.candidates = ids
    }
  }

  private func readPaging(_ target: ResourceCall, into query: inout RecordQuery)
    throws(CampaignFault)
  {
    let resource = tables[target.space].definition
    if let text = target.call.address["_lineCount"] {
      guard let count = Int(text), count > 0 else {
        throw .badType(text, "integer (32 bit)")
      }
      query.lineCount = count
    }
    if let order = target.call.address["_order"] {
      let words = order.split(separator: " ").map(String.init)
      guard let name = words.first, words.count <= 2, let position = resource.position(name),
        resource.fields[position].isSortable, target.context.shows(resource.fields[position])
      else { throw .unknownAttribute(order, of: resource) }
      query.order = (position, words.dropFirst().first?.lowercased() == "desc")
    }
    if let start = target.call.address["_lineStart"] {
      guard let content = seal.open(start, as: .page), content.space == target.space else {
        throw .unknownAttribute(start, of: resource)
      }
      query.start = content.id
    }
  }

  // MARK: Rows

  private func matching(_ query: RecordQuery, _ target: ResourceCall) -> [Int] {
    let all = query.candidates ?? Array(1...max(1, tables[target.space].last))
    return all.filter { isVisible($0, in: target.space) }
  }

  /// The rows of one page, and what the next one starts from, if there is one.
  private func page(_ query: RecordQuery, _ target: ResourceCall) -> ([Int], Int?) {
    if let order = query.order {
      let sorted = sort(matching(query, target), by: order, target)
      let page = sorted.dropFirst(query.start).prefix(query.lineCount)
      return (Array(page), page.endIndex < sorted.endIndex ? page.endIndex : nil)
    }
    var page: [Int] = []
    let candidates: any Sequence<Int> =
      query.candidates.map { $0.filter { $0 > query.start } }
      ?? (query.start + 1..<max(query.start, tables[target.space].last) + 1)
    for id in candidates where isVisible(id, in: target.space) {
      if page.count == query.lineCount { return (page, page.last) }
      page.append(id)
    }
    return (page, nil)
  }

  private func sort(
    _ ids: [Int], by order: (field: Int, isDescending: Bool), _ target: ResourceCall
  ) -> [Int] {
    let view = view(target.space, target.context)
    let table = tables[target.space]
    let field = view.resource.fields[order.field]
    let keyed = ids.compactMap { id in
      table[id].map { (id: id, text: view.value(order.field, id, $0)?.sortText ?? "") }
    }
    let sorted = keyed.sorted { one, other in
      if one.text == other.text { return one.id < other.id }
      switch field.kind {
      case .integer, .number: return (Double(one.text) ?? 0) < (Double(other.text) ?? 0)
      default: return one.text < other.text
      }
    }
    return (order.isDescending ? sorted.reversed() : sorted).map(\.id)
  }

  // MARK: Links

  /// The count's address has two slashes before a filter, as the product's has.
  private func countLink(_ query: RecordQuery, _ target: ResourceCall) -> JSONValue {
    let path = (query.filterPath.isEmpty ? "" : "/" + query.filterPath) + "/_count"
    let href = target.context.url(tables[target.space].definition, path)
    let parameters = query.parameters + [("_lineStart", marker(0, target))]
    let link = JSONValue.Member("href", .string(href + "?" + form(parameters)))
    guard !query.filterPath.isEmpty else { return .object([link]) }
    let count = matching(query, target).count
    return .object([link, JSONValue.Member("value", .number(String(count)))])
  }

  private func link(_ query: RecordQuery, _ start: Int, _ target: ResourceCall) -> String {
    let definition = tables[target.space].definition
    var path = query.filterPath
    if let column = query.column { path += "/" + definition.fields[column].name }
    var parameters = query.parameters
    if !parameters.contains(where: { $0.name == "_lineCount" }) {
      parameters.append(("_lineCount", String(query.lineCount)))
    }
    parameters.append(("_lineStart", marker(start, target)))
    return target.context.url(definition, path) + "?" + form(parameters)
  }

  private func marker(_ start: Int, _ target: ResourceCall) -> String {
    seal.handle(
      .init(use: .page, space: target.space, id: start, detail: 0), asker: target.context.asker)
  }

  private func form(_ parameters: [(name: String, value: String)]) -> String {
    parameters.map {
      CampaignAddress.encoded($0.name) + "=" + CampaignAddress.encoded($0.value)
    }.joined(separator: "&")
  }
}

extension JSONValue {
  fileprivate var sortText: String {
    switch self {
    case .string(let text), .number(let text): text
    case .bool(let flag): flag ? "1" : "0"
    default: ""
    }
  }
}
