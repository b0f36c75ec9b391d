import Core

/// Dynamics in a story: a page does not come, or a kept link is no longer taken.
package struct FaultySource: TableSource {
  private let inner: MemoryTable
  private let world: World
  private let isWithoutToken: Bool
  private let whenPaged: @Sendable () -> Void

  /// - Parameters:
  ///   - isWithoutToken: the scan's last page comes without its delta link.
  ///   - whenPaged: each page of a scan has come.
  package init(
    _ inner: MemoryTable, _ world: World, isWithoutToken: Bool = false,
    whenPaged: @escaping @Sendable () -> Void = {}
  ) {
    self.whenPaged = whenPaged
    self.isWithoutToken = isWithoutToken
    self.inner = inner
    self.world = world
  }

  package func scan(_ query: TableQuery, from link: String?) -> PageStream {
    MemoryPages(from: link) { link, isFirst throws(SyncError) in
      try weather(isKept: isFirst && link != nil)
      var page = try inner.scanPage(query, link)
      if isWithoutToken { page.delta = nil }
      whenPaged()
      try world.point("after page")
      return page
    }
  }

  package func rows(_ query: TableQuery, in range: KeyRange, after last: RowKey?) -> PageStream {
    MemoryPages(from: last?.description) { link, _ throws(SyncError) in
      try weather(isKept: false)
      let page = try inner.rangePage(query, range, after: link.flatMap { RowKey($0) })
      whenPaged()
      try world.point("after page")
      return page
    }
  }

  package func retarget(_ link: String, to query: TableQuery) -> String? {
    inner.retarget(link, to: query)
  }

  package func changes(_ query: TableQuery, from link: String) -> PageStream {
    MemoryPages(from: link) { link, isFirst throws(SyncError) in
      try weather(isKept: isFirst && link.map(MemoryTable.isUnfinished) == true)
      let page = try inner.changesPage(query, link ?? "")
      try world.point("after page")
      return page
    }
  }

  private func weather(isKept: Bool) throws(SyncError) {
    try world.point("before page")
    if isKept { try inner.checkKept() }
    if isKept, world.happens(oneIn: 4) { throw .staleLink }
    if world.happens(oneIn: 40) { throw .lost }
  }

  package func row(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Page? {
    try world.point("read one row")
    return try await inner.row(query, key: key)
  }

  package func isGone(_ query: TableQuery, key: RowKey) async throws(SyncError) -> Bool {
    try world.point("look for one row")
    if world.happens(oneIn: 40) { throw .lost }
    return try await inner.isGone(query, key: key)
  }

  package func pendingChanges(
    _ query: TableQuery, from link: String
  ) async throws(SyncError) -> Int? {
    try world.checkAlive()
    return try await inner.pendingChanges(query, from: link)
  }
}
