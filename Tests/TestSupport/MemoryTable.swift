import Core
import Synchronization

/// A Dataverse table in memory: versions, opaque links, delta tokens, tombstones.
///
/// - Shape: a scan and a chain go by key, `pageSize` rows a page. A chain brings what changed after
///   its token and up to the moment it began, each row once and as it is now.
package final class MemoryTable: TableSource {
  private struct Row {
    var values: [String: JSONValue]
    var version: Int
  }

  private struct State {
    var rows: [RowKey: Row] = [:]
    var tombstones: [RowKey: Int] = [:]
    var version = 0
    var requests: [String] = []
    var refusesKeptLinks = false
    var reportsRemovedFirst = false
    var expiredBefore = 0
    var hidden: Set<RowKey> = []
    var nastiness: Set<Nastiness> = []
    var isMoving = false
  }

  /// What a service may do to those who read ranges.
  package enum Nastiness: Sendable, Hashable, CaseIterable {
    case refusesRanges, refusesOtherSelect
    /// Compares primary ids as text.
    case ordersByText
    /// Filters as SQL Server does, and sorts as text.
    case sortsByText
    /// A range ends before its end.
    case cutsRanges
    /// Pages are short, or empty, and say that more follow.
    case givesShortPages
  }

  private let primaryId: String
  private let state = Mutex(State())

  package init(primaryId: String) { self.primaryId = primaryId }

  /// - Parameter leavingTombstone: a chain tells of the row and of its removal before.
  package func put(
    _ key: RowKey, _ values: [String: JSONValue], leavingTombstone: Bool = false
  ) {
    state.withLock { state in
      state.version += 1
      state.rows[key] = Row(values: values, version: state.version)
      if !leavingTombstone { state.tombstones[key] = nil }
    }
  }

  /// Removed rows come on the first page of a chain, not on the last.
  package func reportRemovedFirst() { state.withLock { $0.reportsRemovedFirst = true } }

  package func change(_ key: RowKey, _ values: [String: JSONValue]) {
    let old = state.withLock { $0.rows[key]?.values ?? [:] }
    put(key, old.merging(values) { $1 })
  }

  package func remove(_ key: RowKey) {
    state.withLock { state in
      state.version += 1
      guard state.rows.removeValue(forKey: key) != nil else { return }
      state.tombstones[key] = state.version
    }
  }

  package var keys: [RowKey] { state.withLock { Self.sorted(Array($0.rows.keys)) } }
  /// "scan", "changes", "row", in the order they came.
  package var requests: [String] { state.withLock { $0.requests } }

  /// Links of an unfinished read that come from an earlier run are refused from now on.
  package func refuseKeptLinks(_ refuses: Bool = true) {
    state.withLock { $0.refusesKeptLinks = refuses }
  }

  /// Tokens given so far are forgotten.
  package func expireTokens() {
    state.withLock { state in
      state.version += 1
      state.expiredBefore = state.version
    }
  }

  /// Rows come and go while it is read: what lies behind a position may be younger than that.
  package var isMoving: Bool {
    get { state.withLock { $0.isMoving } }
    set { state.withLock { $0.isMoving = newValue } }
  }

  package func be(_ nasty: Nastiness...) { state.withLock { $0.nastiness.formUnion(nasty) } }

  package func rows(_ query: TableQuery, in range: KeyRange, after last: RowKey?) -> PageStream {
    MemoryPages(from: last?.description) { [self] link, _ throws(SyncError) in
      try rangePage(query, range, after: link.flatMap { RowKey($0) })
    }
  }

  /// One page of a range, behind this row.
  package func rangePage(
    _ query: TableQuery, _ range: KeyRange, after last: RowKey?
  ) throws(SyncError) -> Page {
    try state.withLock { state throws(SyncError) in
      state.requests.append("range")
      let nasty = state.nastiness
      if nasty.contains(.refusesRanges) {
        throw SyncError(
          .unavailable, "read a range", "it is refused", code: SyncError.rangeRefusedCode)
      }
      func textual(_ one: RowKey, _ other: RowKey) -> Bool {
        (one.high, one.low) < (other.high, other.low)
      }
      func before(_ one: RowKey, _ other: RowKey) -> Bool {
        nasty.contains(.ordersByText) ? textual(one, other) : one.comes(before: other)
      }
      var keys = state.rows.keys.filter { key in
        if state.hidden.contains(key) { return false }
        if let high = range.high, !before(key, high) { return false }
        return range.low.map { !before(key, $0) } ?? true
      }
      keys.sort(by: nasty.contains(.sortsByText) ? textual : before)
      if nasty.contains(.cutsRanges) { keys.removeLast(min(2, keys.count)) }
      if let last { keys.removeAll { !before(last, $0) } }
      let size = Self.size(query, state)
      let some = Array(keys.prefix(size))
      var page = PageBuilder.page(
        some.map { cells(of: $0, state.rows[$0], query) }, columns: query.columns.count)
      if some.count < keys.count { page.next = (some.last ?? last)?.description ?? "" }
      return page
    }
  }

  /// Rows of the next page.
  private static func size(_ query: TableQuery, _ state: State) -> Int {
    guard state.nastiness.contains(.givesShortPages) else { return query.pageSize }
    return [query.pageSize, 0, 1][state.requests.count % 3]
  }

  package func retarget(_ link: String, to query: TableQuery) -> String? {
    state.withLock { $0.nastiness.contains(.refusesOtherSelect) } ? "refused" : link
  }

  /// These rows are out of reach: no read has them, and asked for by its id one is refused.
  package func hide(_ keys: Set<RowKey>) { state.withLock { $0.hidden = keys } }

  package func isGone(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Bool {
    try state.withLock { state throws(SyncError) in
      state.requests.append("look")
      if state.hidden.contains(key) {
        throw SyncError(.permission, "look for a row", "it is out of reach", code: "403")
      }
      return state.rows[key] == nil
    }
  }

  package func scan(_ query: TableQuery, from link: String?) -> PageStream {
    MemoryPages(from: link) { [self] link, isFirst throws(SyncError) in
      if isFirst, link != nil { try checkKept() }
      return try scanPage(query, link)
    }
  }

  package func changes(_ query: TableQuery, from link: String) -> PageStream {
    MemoryPages(from: link) { [self] link, isFirst throws(SyncError) in
      if isFirst, link.map(MemoryTable.isUnfinished) == true { try checkKept() }
      return try changesPage(query, link ?? "")
    }
  }

  /// - Errors: where links of earlier runs are refused.
  package func checkKept() throws(SyncError) {
    if state.withLock({ $0.refusesKeptLinks }) { throw .staleLink }
  }

  /// One page of the scan; nil is where it begins.
  package func scanPage(_ query: TableQuery, _ link: String?) throws(SyncError) -> Page {
    try page(query, link.map { Link($0) } ?? Link(kind: "scan", to: currentVersion), "scan")
  }

  /// One page of a chain.
  package func changesPage(_ query: TableQuery, _ text: String) throws(SyncError) -> Page {
    var link = Link(text)
    let expired = state.withLock { $0.expiredBefore }
    if link.kind == "delta" {
      if link.to < expired {
        throw SyncError(
          .unavailable, "read the changes", "the token expired", code: SyncError.tokenExpiredCode)
      }
      link = Link(kind: "changes", from: link.to, to: currentVersion)
    }
    return try page(query, link, "changes")
  }

  private var currentVersion: Int { state.withLock { $0.version } }

  private func page(
    _ query: TableQuery, _ link: Link, _ verb: String
  ) throws(SyncError) -> Page {
    guard link.kind == verb else { throw .staleLink }
    return state.withLock { state in
      state.requests.append(verb)
      let all = Self.changed(state, link).filter { link.isAfter($0) }
      let some = Array(all.prefix(Self.size(query, state)))
      var page = PageBuilder.page(
        some.map { cells(of: $0, state.rows[$0], query) }, columns: query.columns.count)
      let gone = state.tombstones.filter { link.covers($0.value) && verb == "changes" }
      let isLast = some.count == all.count
      if state.reportsRemovedFirst ? link.after == nil : isLast {
        page.removed = Self.sorted(Array(gone.keys))
      }
      if !isLast {
        let after = some.last ?? link.after
        page.next = Link(kind: verb, from: link.from, to: link.to, after: after).text
        return page
      }
      page.delta = Link(kind: "delta", from: link.from, to: link.to).text
      return page
    }
  }

  /// Keys that a position behind this link, or this token, says are done.
  package func covered(by text: String) -> [RowKey] {
    let link = Link(text)
    return state.withLock { Self.changed($0, link).filter { !link.isAfter($0) } }
  }

  private static func changed(_ state: State, _ link: Link) -> [RowKey] {
    sorted(
      state.rows.filter { link.covers($0.value.version) && !state.hidden.contains($0.key) }
        .map(\.key))
  }

  package func row(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Page? {
    state.withLock { $0.requests.append("row") }
    return page(query, of: key)
  }

  /// One row, for those who only look.
  package func page(_ query: TableQuery, of key: RowKey) -> Page? {
    let found = state.withLock { $0.hidden.contains(key) ? nil : $0.rows[key] }
    guard let row = found else { return nil }
    return PageBuilder.page([cells(of: key, row, query)], columns: query.columns.count)
  }

  package func pendingChanges(
    _ query: TableQuery, from link: String
  ) async throws(SyncError) -> Int? {
    let from = Link(link).to
    return state.withLock { state in
      (state.rows.map(\.value.version) + state.tombstones.values).filter { $0 > from }.count
    }
  }

  /// Whether the link leads into the middle of a chain.
  package static func isUnfinished(_ link: String) -> Bool { Link(link).kind != "delta" }

  private func cells(of key: RowKey, _ row: Row?, _ query: TableQuery) -> [JSONValue?] {
    query.columns.map { $0 == primaryId ? .string(key.description) : row?.values[$0] }
  }

  private static func sorted(_ keys: [RowKey]) -> [RowKey] {
    keys.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
  }
}

/// What a link says; nobody else reads it.
private struct Link {
  var kind: String
  var from = 0
  var to = 0
  var after: RowKey?

  init(kind: String, from: Int = 0, to: Int, after: RowKey? = nil) {
    self.kind = kind
    self.from = from
    self.to = to
    self.after = after
  }

  init(_ text: String) {
    let words = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    kind = words.first ?? ""
    from = words.count > 1 ? Int(words[1]) ?? 0 : 0
    to = words.count > 2 ? Int(words[2]) ?? 0 : 0
    after = words.count > 3 ? RowKey(words[3]) : nil
  }

  var text: String { "\(kind)/\(from)/\(to)/\(after?.description ?? "")" }

  func covers(_ version: Int) -> Bool {
    kind == "scan" ? true : version > from && version <= to
  }

  /// A finished read has nothing after it.
  func isAfter(_ key: RowKey) -> Bool {
    if kind == "delta" { return false }
    guard let after else { return true }
    return (key.high, key.low) > (after.high, after.low)
  }
}

/// Pages one after another, by their links.
package struct MemoryPages: AsyncSequence, Sendable {
  package typealias Element = Page
  package typealias Failure = SyncError

  private let start: String?
  private let load: @Sendable (_ link: String?, _ isFirst: Bool) throws(SyncError) -> Page

  package init(
    from start: String?,
    load: @escaping @Sendable (_ link: String?, _ isFirst: Bool) throws(SyncError) -> Page
  ) {
    self.start = start
    self.load = load
  }

  package func makeAsyncIterator() -> Iterator { Iterator(pages: self, link: start) }

  package struct Iterator: AsyncIteratorProtocol {
    fileprivate let pages: MemoryPages
    fileprivate var link: String?
    fileprivate var isFirst = true
    fileprivate var isOver = false

    package mutating func next() async throws(SyncError) -> Page? {
      try await next(isolation: nil)
    }

    package mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(SyncError) -> Page? {
      if isOver { return nil }
      await Task.yield()
      let page = try pages.load(link, isFirst)
      isFirst = false
      link = page.next
      isOver = page.next == nil
      return page
    }
  }
}

extension SyncError {
  package static let staleLink = SyncError(
    .unavailable, "read a page", "the link is no longer taken", code: SyncError.linkRefusedCode)
}
