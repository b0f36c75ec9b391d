import Core
import HTTP

/// Pages of rows: by key, by a sorted column, or by change.
extension DataverseService {
  /// The rows of one answer, as they are being written.
  struct PageBody {
    var bytes: [UInt8] = []
    var rows = 0
    var first: RowKey?
    var last: RowKey?
    var lastValues: [FieldValue] = []
    var lastVersion: Int64 = 0
    /// A row more stands behind the page.
    var hasMore = false

    mutating func comma() {
      if rows > 0 { bytes.append(0x2C) }
      rows += 1
    }

    /// - Returns: false where the page has all its rows, and there would be one more.
    mutating func append(_ row: RowView, _ writer: RowWriter, upTo size: Int) -> Bool {
      hasMore = rows == size
      guard !hasMore else { return false }
      comma()
      writer.write(row, to: &bytes)
      first = first ?? row.key
      last = row.key
      return true
    }
  }

  func list(_ table: Int, _ request: ODataRequest) throws(ODataFault) -> HTTPResponse {
    counters.pages += 1
    let cacheKey = pageKey(request)
    if let cacheKey, let page = pages[cacheKey] {
      mutateAfterPage(of: table)
      return page
    }
    if let aggregate = request.url["$apply"] {
      return try apply(aggregate, table, request)
    }
    stores[table].settle(knobs.guidSort)
    let query = try parse(table, request)
    let response: HTTPResponse
    if let text = request.url["$skiptoken"] {
      guard
        let token = SkipToken(
          text, primaryId: stores[table].definition.primaryId, query: optionsText(request))
      else {
        throw .query(
          "The $skiptoken query parameter is malformed or does not belong to this query.")
      }
      response =
        token.isTracking
        ? try trackedPage(query, request, token)
        : try plainPage(query, request, after: token)
    } else if let delta = request.url["$deltatoken"] {
      response = try deltaStart(query, request, delta)
    } else if request.preferences.tracksChanges {
      response = try trackedStart(query, request)
    } else {
      response = try plainPage(query, request, after: nil)
    }
    if let cacheKey { pages[cacheKey] = response }
    mutateAfterPage(of: table)
    return response
  }

  private func pageKey(_ request: ODataRequest) -> String? {
    guard knobs.keepsPages else { return nil }
    let size = request.preferences.pageSize ?? 0
    let options = request.url.options.map(\.raw).joined(separator: "&")
    let note = request.preferences.annotations.text ?? ""
    let mode = request.preferences.tracksChanges ? "t" : "p"
    let asker = request.identity.client
    return "\(asker) \(request.url.path)?\(options) \(size) \(mode) \(note)"
  }

  /// The options that every link of a chain repeats.
  func optionsText(_ request: ODataRequest) -> String {
    request.url.options.filter { $0.name != "$skiptoken" && $0.name != "$deltatoken" }
      .map(\.raw).joined(separator: "&")
  }

  func link(_ request: ODataRequest, _ option: String, _ value: String) -> String {
    let options = optionsText(request)
    let set = request.url.segments.first?.name ?? ""
    return request.url.root + set + "?" + (options.isEmpty ? "" : options + "&")
      + "\(option)=\(value)"
  }

  private func plainPage(
    _ query: ListQuery, _ request: ODataRequest, after token: SkipToken?
  ) throws(ODataFault) -> HTTPResponse {
    let asked = min(query.top ?? query.pageSize, query.pageSize)
    let writer = writer(for: query, request)
    let size = query.top == nil ? drawnSize(asked, request, token ?? SkipToken(page: 0)) : asked
    let page =
      isKeyOrder(query)
      ? keyPage(query, size, writer, after: token?.start)
      : sortedPage(query, size, writer, after: token)
    var next: String?
    if query.top == nil, page.hasMore {
      var cookie = token ?? SkipToken(page: 0)
      cookie.page += 1
      if let last = page.last {
        (cookie.first, cookie.last) = (page.first ?? last, last)
        cookie.values = page.lastValues
      }
      next = link(
        request, "$skiptoken",
        cookie.text(
          primaryId: stores[query.table].definition.primaryId, query: optionsText(request)))
    }
    return answer(page, query, request, links: Links(next: next))
  }

  /// True where the primary key alone decides the order.
  private func isKeyOrder(_ query: ListQuery) -> Bool {
    let primary = stores[query.table].definition.position(
      wire: stores[query.table].definition.primaryId)
    return query.order.isEmpty || query.order[0].position == primary
  }

  /// A page in key order: reads no more of the table than the page needs.
  func keyPage(
    _ query: ListQuery, _ size: Int, _ writer: RowWriter, after last: RowKey?
  ) -> PageBody {
    var page = PageBody()
    guard query.top != 0 else { return page }
    page.bytes.reserveCapacity(size * query.positions.count * 24)
    let store = stores[query.table]
    let primary = store.definition.position(wire: store.definition.primaryId) ?? 0
    let (guids, ranges) = (knobs.guidSort, knobs.guidFilter)
    // A bound of another order says nothing about where to begin and to stop.
    let filter = ranges == guids ? query.filter : nil
    let bounds = filter?.keyBounds(of: primary, in: guids) ?? (lower: nil, upper: nil)
    let wanted = query.filter?.keys(of: primary)
    let isDescending = query.order.first?.isDescending ?? false
    let after = last.map(guids.rank)
    let mayOverrun = knobs.emptyLastPage
    let visit = { (row: RowView) -> Bool in
      let rank = guids.rank(row.key)
      if isDescending {
        if let lower = bounds.lower, rank < lower { return false }
      } else {
        if let upper = bounds.upper, upper < rank { return false }
        if rank == after { return true }
      }
      if let reader = query.reader, !reader.sees(row) { return true }
      if wanted?.contains(row.key) == false { return true }
      if wanted == nil, let filter = query.filter, !filter.matches(ranges, { row.value($0) }) {
        return true
      }
      return page.append(row, writer, upTo: size)
    }
    if isDescending {
      let upper = bounds.upper.map { GuidRank(major: $0.major, minor: $0.minor &+ 1) }
      store.forEachDescending(in: guids, below: after ?? upper, visit)
    } else if let wanted {
      for rank in wanted.map(guids.rank).sorted() where after.map({ $0 < rank }) ?? true {
        if let row = store.row(guids.key(rank)), !visit(row) { break }
      }
    } else {
      let lower = [after, bounds.lower].compactMap(\.self).max()
      store.forEach(in: guids, from: lower, visit)
    }
    if mayOverrun, page.rows == size { page.hasMore = true }
    return page
  }

  /// A page in the order of a column: reads all rows, keeps those after the cookie.
  private func sortedPage(
    _ query: ListQuery, _ size: Int, _ writer: RowWriter, after token: SkipToken?
  ) -> PageBody {
    struct Entry {
      var values: [FieldValue]
      var rank: GuidRank
    }
    let (order, guids) = (query.order, knobs.guidSort)
    func precedes(_ one: Entry, _ other: Entry) -> Bool {
      for (index, column) in order.enumerated() {
        let sign = FieldOrder.sorts(one.values[index], before: other.values[index], guids)
        if sign != 0 { return column.isDescending ? sign > 0 : sign < 0 }
      }
      return one.rank < other.rank
    }
    let mark = token.flatMap { token in
      token.start.map { Entry(values: token.values, rank: guids.rank($0)) }
    }
    var entries: [Entry] = []
    let store = stores[query.table]
    store.forEach(from: nil) { (row: RowView) -> Bool in
      if let reader = query.reader, !reader.sees(row) { return true }
      if let filter = query.filter, !filter.matches(knobs.guidFilter, { row.value($0) }) {
        return true
      }
      let entry = Entry(
        values: order.map { sortValue(row, $0.position) }, rank: guids.rank(row.key))
      if let mark, !precedes(mark, entry) { return true }
      entries.append(entry)
      // Only the first page's worth is ever wanted.
      if entries.count > max(4 * size, 20_000) {
        entries.sort(by: precedes)
        entries.removeLast(entries.count - size - 1)
      }
      return true
    }
    entries.sort(by: precedes)
    var page = PageBody()
    for entry in entries.prefix(size) {
      guard let row = store.row(guids.key(entry.rank)) else { continue }
      page.comma()
      writer.write(row, to: &page.bytes)
      page.first = page.first ?? row.key
      page.last = row.key
      page.lastValues = entry.values
    }
    page.hasMore = entries.count > size
    return page
  }

  /// Lookups sort by the name of what they mean.
  private func sortValue(_ row: RowView, _ position: Int) -> FieldValue {
    let value = row.value(position)
    guard case .reference(let key, let table) = value, let index = world.schema.table(table),
      let target = stores[index].row(key)
    else { return value }
    return target.value(wire: target.definition.primaryName)
  }

  // MARK: the answer

  struct Links {
    var next: String?
    var delta: String?
  }

  /// Puts a page into its envelope; the links stand before or behind the rows.
  func answer(
    _ page: PageBody, _ query: ListQuery, _ request: ODataRequest, links: Links,
    isDelta: Bool = false
  ) -> HTTPResponse {
    cost.rows += page.rows
    cost.cells += page.rows * query.positions.count
    let definition = stores[query.table].definition
    let select = query.select.map { "(\($0.filter { $0 != " " }))" } ?? ""
    var bytes: [UInt8] = []
    bytes.reserveCapacity(page.bytes.count + 2048)
    bytes += "{\"@odata.context\":".utf8
    RowWriter.write(
      "\(request.url.root)$metadata#\(definition.entitySet)\(select)\(isDelta ? "/$delta" : "")",
      to: &bytes)
    if query.wantsCount { writeCount(query, request, to: &bytes) }
    let isBefore =
      switch knobs.links {
      case .before: true
      case .after: false
      case .alternate: counters.pages % 2 == 0
      }
    if isBefore { write(links, to: &bytes) }
    bytes += ",\"value\":[".utf8
    bytes += page.bytes
    bytes += "]".utf8
    if !isBefore { write(links, to: &bytes) }
    bytes += "}".utf8
    return HTTPResponse(
      200, headers: HTTPHeader.json + applied(request, isDelta: isDelta), body: bytes)
  }

  private func write(_ links: Links, to bytes: inout [UInt8]) {
    if let next = links.next {
      bytes += ",\"@odata.nextLink\":".utf8
      RowWriter.write(next, to: &bytes)
    }
    if let delta = links.delta {
      bytes += ",\"@odata.deltaLink\":".utf8
      RowWriter.write(delta, to: &bytes)
    }
  }

  private func applied(_ request: ODataRequest, isDelta: Bool) -> [HTTPHeader] {
    let preferences = request.preferences
    var headers: [HTTPHeader] = []
    if preferences.tracksChanges, !isDelta {
      headers.append(HTTPHeader("Preference-Applied", "odata.track-changes"))
    }
    if let size = preferences.pageSize {
      headers.append(HTTPHeader("Preference-Applied", "odata.maxpagesize=\(size)"))
    }
    if let text = preferences.annotations.text {
      headers.append(
        HTTPHeader("Preference-Applied", "odata.include-annotations=\"\(text)\""))
    }
    return headers
  }
}

extension HTTPHeader {
  /// What every JSON answer of the Web API carries.
  static let json = [
    HTTPHeader("Content-Type", "application/json; odata.metadata=minimal"),
    HTTPHeader("OData-Version", "4.0"),
  ]
}
