import Core
import HTTP
import JSONPages

/// Pages of one read, by links that are followed as they come.
///
/// While the caller works on a page, the next one is on its way: its link is found before the rows
/// are decoded. At most two pages are in memory; one, while a reader of a range waits for its seat.
struct TablePages: AsyncSequence, Sendable {
  typealias Element = Page
  typealias Failure = SyncError

  let client: DataverseClient
  let query: TableQuery
  let start: String
  /// The link was kept by an earlier run: the service may refuse it.
  let isStored: Bool
  let kind: Kind
  let action: String
  /// Where a range goes on behind a row; nil for what only links go through.
  var behind: (@Sendable (RowKey) -> String)?

  enum Kind {
    /// All rows, with change tracking: the last page has a delta link.
    case scan
    /// A delta chain: the same.
    case changes
    /// Some rows, without.
    case range
  }

  func makeAsyncIterator() -> Iterator { Iterator(self) }

  /// Sends the request for one page now, without waiting for its answer.
  ///
  /// - Parameter rows: the same for each page of a chain: its links carry the size of the first one.
  fileprivate func request(_ link: String, rows: Int) throws(SyncError) -> Flight {
    guard let origin = client.origin, Origin(link) == origin else { throw .linkAstray(action) }
    let size = "odata.maxpagesize=\(rows)"
    let prefer = kind == .scan ? "odata.track-changes,\(size)" : size
    return Flight(link: link) { [client, action] () async throws(SyncError) in
      try await client.page(link, prefer: prefer, rows: rows, for: action)
    }
  }

  /// Where pages of fewer rows begin, after one was too large.
  ///
  /// - Parameters:
  ///   - link: that was asked for.
  ///   - last: the row that the caller has got last.
  /// - Errors: where the link carries its own size, and only a new read has a smaller one.
  fileprivate func restart(
    _ link: String, isFirst: Bool, behind last: RowKey?, rows: Int, _ error: SyncError
  ) throws(SyncError) -> String {
    guard client.pageSize.halve(rows) else { throw error }
    if let behind, !isFirst { return last.map(behind) ?? start }
    let isToken = client.deltaToken(of: link) != nil && !link.contains("skiptoken=")
    if isFirst, !isStored || isToken { return link }
    // A chain of changes that has just begun would be taken for a token that is refused.
    if kind == .changes, !isFirst { throw error }
    throw .pageNeverFits(action, rows: rows)
  }

  /// - Parameter isFirst: the answer to `start`.
  fileprivate func check(_ response: HTTPResponse, isFirst: Bool) throws(SyncError) {
    if let fault = DataverseFault(response, columns: query.columns) {
      let isRefusal = fault.cause == .refused || fault.cause == .unknownTable
      if isFirst, isStored, isRefusal { throw .linkRefused(action, by: fault.codeText) }
      if isFirst, kind == .range, fault.cause == .refused {
        throw .rangeRefused(action, by: fault.codeText)
      }
      throw fault.error(action)
    }
    guard isFirst, kind == .scan, !isStored else { return }
    let applied = response.headers.filter { $0.name.lowercased() == "preference-applied" }
    guard applied.contains(where: { $0.value.lowercased().contains("odata.track-changes") }) else {
      // A page of a proxy says nothing about tracking; the decoder will say what it is.
      guard response["OData-Version"] != nil else { return }
      throw .changeTrackingOff(action)
    }
  }

  struct Iterator: AsyncIteratorProtocol {
    private let pages: TablePages
    private let decoder: PageDecoder
    private var flight: Flight?
    private var isFirst = true
    private var rows: Int
    /// Of a range: the row that the caller has got last.
    private var last: RowKey?
    /// While the caller works on a page of a range.
    private var seat: Workbench.Seat?

    init(_ pages: TablePages) {
      self.pages = pages
      decoder = PageDecoder(columns: pages.query.columns)
      rows = pages.client.pageSize.rows(of: pages.query)
    }

    mutating func next() async throws(SyncError) -> Page? {
      try await next(isolation: nil)
    }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(SyncError) -> Page? {
      seat = nil
      if isFirst { flight = try pages.request(pages.start, rows: rows) }
      var link = ""
      guard var response = try await land(&link, actor) else { return nil }
      try pages.check(response, isFirst: isFirst)
      isFirst = false
      if pages.kind == .range { seat = await pages.client.bench.take() }

      let early = PageDecoder.links(in: response.body).next
      if let early { flight = try follow(early, after: link) }
      let shape = BodyShape(response)
      let body = response.body
      response.body = []  // the only owner may decode in place
      let page = try decode(body, shape)
      if page.next != early {
        flight = nil
        if let next = page.next { flight = try follow(next, after: link) }
      }
      if page.rows > 0 { last = RowKey(page.bytes(of: page[page.rows - 1, 0])) }
      return page
    }

    /// The answer to the request under way; to one for fewer rows where it was too large.
    ///
    /// - Parameter link: that was answered.
    private mutating func land(
      _ link: inout String, _ actor: isolated (any Actor)?
    ) async throws(SyncError) -> HTTPResponse? {
      while let landed = flight {
        flight = nil
        do throws(SyncError) {
          link = landed.link
          return try await landed.response()
        } catch {
          guard error.code == SyncError.pageTooLargeCode else { throw error }
          let start = try pages.restart(link, isFirst: isFirst, behind: last, rows: rows, error)
          rows = pages.client.pageSize.rows(of: pages.query)
          flight = try pages.request(start, rows: rows)
        }
      }
      return nil
    }

    private func follow(_ next: String, after link: String) throws(SyncError) -> Flight {
      guard next != link else { throw .linkRepeated(pages.action) }
      return try pages.request(next, rows: rows)
    }

    private mutating func decode(
      _ body: consuming [UInt8], _ shape: BodyShape
    ) throws(SyncError) -> Page {
      var page: Page
      do {
        page = try decoder.decode(body)
      } catch {
        flight = nil
        throw .body(error, shape, pages.action)
      }
      if page.next != nil || pages.kind == .range {
        page.delta = nil
        return page
      }
      guard let delta = page.delta else { throw .noDelta(pages.action) }
      guard Origin(delta) == pages.client.origin else { throw .linkAstray(pages.action) }
      return page
    }
  }
}

/// A request under way; dropped, it is cancelled.
///
/// A task keeps its result: the page would have two owners, and be copied to be decoded in place.
/// So the answer lies in a box, and is taken out of it.
private final class Flight: Sendable {
  let link: String
  private let task: Task<SyncError?, Never>
  private let landed: Landed

  init(link: String, _ send: @escaping @Sendable () async throws(SyncError) -> HTTPResponse) {
    self.link = link
    let landed = Landed()
    self.landed = landed
    task = Task {
      do throws(SyncError) {
        await landed.put(try await send())
        return nil
      } catch {
        return error
      }
    }
  }

  deinit { task.cancel() }

  /// Asked once.
  func response() async throws(SyncError) -> HTTPResponse {
    let task = task
    let failure = await withTaskCancellationHandler {
      await task.value
    } onCancel: {
      task.cancel()
    }
    if let failure { throw failure }
    return await landed.take()
  }
}

private actor Landed {
  private var response: HTTPResponse?

  func put(_ response: consuming HTTPResponse) { self.response = response }

  func take() -> HTTPResponse {
    guard let response = response.take() else { preconditionFailure("a page is taken once") }
    return response
  }
}
