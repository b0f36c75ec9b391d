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
  fileprivate func request(_ link: String) throws(SyncError) -> Flight {
    guard let origin = client.origin, Origin(link) == origin else { throw .linkAstray(action) }
    return Flight(link: link) { [client, action, prefer] () async throws(SyncError) in
      try await client.get(link, prefer: prefer, for: action, limit: .page)
    }
  }

  /// The same on each page: a page size must not change within a chain.
  private var prefer: String {
    let size = "odata.maxpagesize=\(query.pageSize)"
    return kind == .scan ? "odata.track-changes,\(size)" : size
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
    /// While the caller works on a page of a range.
    private var seat: Workbench.Seat?

    init(_ pages: TablePages) {
      self.pages = pages
      decoder = PageDecoder(columns: pages.query.columns)
    }

    mutating func next() async throws(SyncError) -> Page? {
      try await next(isolation: nil)
    }

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(SyncError) -> Page? {
      seat = nil
      if isFirst { flight = try pages.request(pages.start) }
      guard let landed = flight else { return nil }
      flight = nil
      var response = try await landed.response()
      try pages.check(response, isFirst: isFirst)
      isFirst = false
      if pages.kind == .range { seat = await pages.client.bench.take() }

      let link = landed.link
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
      return page
    }

    private func follow(_ next: String, after link: String) throws(SyncError) -> Flight {
      guard next != link else { throw .linkRepeated(pages.action) }
      return try pages.request(next)
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
