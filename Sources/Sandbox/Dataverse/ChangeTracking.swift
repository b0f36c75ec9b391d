import Core
import HTTP

/// Tracked scans and delta chains.
///
/// - Source: fact sheet 4.
extension DataverseService {
  /// What a tracked read may not be combined with, and whom it is not for.
  private func checkTracked(_ query: ListQuery, _ request: ODataRequest) throws(ODataFault) {
    let definition = stores[query.table].definition
    guard isTracked(definition) else {
      throw ODataFault(
        400, "0x80060888", "Entity: \(definition.logicalName) is not enabled for change tracking")
    }
    for name in ["$filter", "$orderby", "$expand", "$top"] where request.url[name] != nil {
      throw .query(
        "The `\(name)` query parameter isn't supported when Change Tracking is enabled.")
    }
    guard knobs.readsWholeOrganization || !isNarrow(definition) else {
      throw noPrivilege("prvRead\(definition.schemaName)", definition, request)
    }
  }

  func isTracked(_ definition: TableDefinition) -> Bool {
    definition.isChangeTracked && !knobs.untracked.contains(definition.logicalName)
  }

  func trackedStart(
    _ query: ListQuery, _ request: ODataRequest
  ) throws(ODataFault) -> HTTPResponse {
    try checkTracked(query, request)
    let phase = knobs.trackedOrder == .key ? SkipToken.Phase.rows : .versions
    return try trackedPage(
      query, request,
      SkipToken(page: 0, phase: phase, isTracking: true, since: version, upTo: version))
  }

  func deltaStart(
    _ query: ListQuery, _ request: ODataRequest, _ text: String
  ) throws(ODataFault) -> HTTPResponse {
    try checkTracked(query, request)
    let token = try deltaToken(text)
    if knobs.rejectsOtherSelect, let wanted = token.select, wanted != digest(query.select) {
      throw .query("The $select of a delta request must be that of the first request.")
    }
    return try trackedPage(
      query, request,
      SkipToken(
        page: 0, phase: .changes, isTracking: true, since: token.version, upTo: version,
        deletionsSince: token.deletionsSince, version: token.version))
  }

  /// Reads a token; refuses what is expired, from before a metadata change, or not ours.
  func deltaToken(_ text: String) throws(ODataFault) -> DeltaToken {
    guard let token = DeltaToken(text), token.version <= version else {
      throw .query("The $deltatoken query parameter is malformed.")
    }
    let life = Duration.seconds(knobs.expiryDays * 86_400)
    guard clock.now - token.when <= life, token.version >= tokensValidFrom else {
      throw ODataFault(
        knobs.expiredStatus, "0x80044352",
        "Version stamp associated with the client has expired. Please perform a full sync.")
    }
    return token
  }

  private func digest(_ select: String?) -> UInt64 {
    salt((select ?? "*").filter { $0 != " " })
  }

  /// Adds up to a page of what the phase has left, then goes to the next phase.
  func trackedPage(
    _ query: ListQuery, _ request: ODataRequest, _ token: SkipToken
  ) throws(ODataFault) -> HTTPResponse {
    try checkTracked(query, request)
    let isDelta = token.phase == .changes || token.phase == .deletions
    if isDelta { counters.deltaPages += 1 }
    let writer = writer(for: query, request)
    let size = drawnSize(query.pageSize, request, token)
    var page = PageBody()
    var state = token
    switch token.phase {
    case .rows: page = keyPage(query, size, writer, after: token.start)
    case .versions: appendByVersion(&page, query, size, writer, &state)
    case .late: appendChanges(&page, query, size, writer, &state)
    case .changes:
      appendChanges(&page, query, size, writer, &state)
      if !page.hasMore {
        state.phase = .deletions
        state.version = token.deletionsSince
        appendDeletions(&page, query, size, request, &state)
      }
    case .deletions: appendDeletions(&page, query, size, request, &state)
    }
    let isScan = token.phase == .rows || token.phase == .versions
    if isScan, !page.hasMore, knobs.tokenMarks == .end, version > token.since {
      // The token will mark the end of the scan: what changed meanwhile goes out once more.
      state.phase = .late
      state.upTo = version
      state.version = token.since
      appendChanges(&page, query, size, writer, &state)
    }
    if knobs.emptyLastPage, page.rows == query.pageSize { page.hasMore = true }
    return answer(
      page, query, request, links: links(after: page, state, query, request), isDelta: isDelta)
  }

  private func links(
    after page: PageBody, _ state: SkipToken, _ query: ListQuery, _ request: ODataRequest
  ) -> Links {
    var state = state
    if page.hasMore {
      state.page += 1
      state.first = page.first ?? state.first
      state.last = page.last ?? state.last
      let cookie = state.text(
        primaryId: stores[query.table].definition.primaryId, query: optionsText(request))
      return Links(next: link(request, "$skiptoken", cookie))
    }
    var token = DeltaToken(version: state.upTo, when: clock.now)
    if state.phase == .rows || state.phase == .versions { token.version = state.since }
    // Deletions during the scan were not reported by it.
    token.deletionsSince = state.phase == .late ? state.since : token.version
    if knobs.rejectsOtherSelect { token.select = digest(query.select) }
    return Links(
      delta: link(
        request, "$deltatoken", ODataURL.encode(token.text, keep: "-")))
  }

  /// Rows that are as the world began, by version, then those that were written since.
  private func appendByVersion(
    _ page: inout PageBody, _ query: ListQuery, _ size: Int, _ writer: RowWriter,
    _ state: inout SkipToken
  ) {
    let store = stores[query.table]
    let born = store.generator.versions
    for version in max(state.version + 1, born.lowerBound)..<max(state.version + 1, born.upperBound)
    {
      let slot = store.generator.slot(version: version)
      guard let row = store.row(store.generator.keys.rank(slot).key), row.version == version,
        query.reader?.sees(row) ?? true
      else { continue }
      guard page.append(row, writer, upTo: size) else { return }
      state.version = version
    }
    appendChanges(&page, query, size, writer, &state)
  }

  /// Rows whose last write lies in (`state.version`, `state.upTo`], oldest first.
  private func appendChanges(
    _ page: inout PageBody, _ query: ListQuery, _ size: Int, _ writer: RowWriter,
    _ state: inout SkipToken
  ) {
    let store = stores[query.table]
    page.hasMore = false
    for change in store.log.entries[store.log.first(after: state.version)...] {
      guard change.version <= state.upTo else { break }
      guard let row = store.row(change.key), row.version == change.version,
        query.reader?.sees(row) ?? true
      else { continue }
      guard page.append(row, writer, upTo: size) else { return }
      state.version = change.version
    }
  }

  /// Deletions after `state.version` up to `state.upTo`.
  private func appendDeletions(
    _ page: inout PageBody, _ query: ListQuery, _ size: Int, _ request: ODataRequest,
    _ state: inout SkipToken
  ) {
    let store = stores[query.table]
    let context =
      "\(request.url.root)$metadata#\(store.definition.entitySet)/$deletedEntity"
    page.hasMore = false
    for stone in store.tombstones.entries[store.tombstones.first(after: state.version)...] {
      guard stone.version <= state.upTo else { break }
      guard store.isLast(stone) else { continue }
      if store.row(stone.key) != nil, !knobs.reportsRecreatedDeletion { continue }
      if page.rows == size {
        page.hasMore = true
        return
      }
      page.comma()
      page.bytes += "{\"@odata.context\":".utf8
      RowWriter.write(context, to: &page.bytes)
      page.bytes += ",\"id\":\"".utf8
      RowWriter.write(stone.key, to: &page.bytes)
      page.bytes += "\",\"reason\":\"deleted\"}".utf8
      page.first = page.first ?? stone.key
      page.last = stone.key
      state.version = stone.version
    }
  }

  /// How many items a delta from this token would have.
  func pendingChanges(_ table: Int, _ token: DeltaToken, _ reader: RowReader?) -> Int {
    let store = stores[table]
    let deletions = store.tombstones.count(after: token.deletionsSince)
    guard let reader else { return store.log.count(after: token.version) + deletions }
    let rows = store.log.entries[store.log.first(after: token.version)...].count { change in
      guard let row = store.row(change.key) else { return false }
      return row.version == change.version && reader.sees(row)
    }
    return rows + deletions
  }

  /// Columns were added, or the environment was restored: every delta token given so far expires.
  package func invalidateTokens() {
    version += 1
    tokensValidFrom = version
  }
}
