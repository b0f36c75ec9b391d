import Core
import HTTP
import TestSupport
import Testing

@testable import Dataverse

@Suite(.timeLimit(.minutes(15)))
struct TablePagesTests {
  private let query = TableQuery(
    entitySet: "contacts", columns: ["contactid", "fullname", "creditlimit", "donotbulkemail"],
    pageSize: 2)
  private let root = environment + "/api/data/v9.2/"
  private var delta: String { root + "contacts?$select=contactid&$deltatoken=919042%2108%2f22" }

  private func client(_ transport: ScriptedTransport) -> DataverseClient {
    DataverseClient(url: environment + "/", transport: transport)
  }

  private func collect(_ pages: PageStream) async throws(SyncError) -> [Page] {
    var all: [Page] = []
    for try await page in pages { all.append(page) }
    return all
  }

  private func texts(_ page: Page, _ row: Int) -> [String] {
    (0..<page.columns).map { column in
      let cell = page[row, column]
      let text = String(decoding: page.bytes(of: cell), as: UTF8.self)
      return text.isEmpty ? "\(cell.kind)" : text
    }
  }

  private func book() throws -> ScriptedTransport {
    ScriptedTransport([
      ("skiptoken", [.json(try fixture("contacts.page2"))]),
      ("contacts?", [.json(try fixture("contacts.page1"), [tracked])]),
    ])
  }

  @Test("A scan follows the link as it stands, with the same preferences on each page")
  func scan() async throws {
    let transport = try book()
    let pages = try await collect(client(transport).scan(query, from: nil))
    #expect(pages.map(\.rows) == [2, 1])
    #expect(texts(pages[0], 0)[1...] == ["Ada \"Byron\" é😀", "20000.1000", "no"])
    #expect(texts(pages[0], 1)[1...] == ["null", "null", "yes"])
    #expect(texts(pages[1], 0)[1] == #"x "@odata.nextLink":"http://evil""#)
    #expect(pages[0].next?.contains("%253ccookie%2520page%253d%25221%2522%253e") == true)
    #expect(pages[0].delta == nil && pages[1].next == nil)
    #expect(pages[1].delta?.hasSuffix("$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44") == true)

    let requests = await transport.requests
    #expect(
      requests.map(\.url) == [
        root + "contacts?$select=contactid,fullname,creditlimit,donotbulkemail",
        try #require(pages[0].next),
      ])
    for request in requests {
      #expect(request.method == "GET" && request.body.isEmpty)
      let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
      #expect(
        headers == [
          "Accept": "application/json", "OData-MaxVersion": "4.0", "OData-Version": "4.0",
          "If-None-Match": "null", "Prefer": "odata.track-changes,odata.maxpagesize=2",
        ])
    }
  }

  @Test("The next page is asked for before the caller has worked on this one")
  func prefetch() async throws {
    let transport = try book()
    var iterator = TablePages(
      client: client(transport), query: query, start: root + "contacts?", isStored: false,
      kind: .scan, action: "read contacts"
    ).makeAsyncIterator()
    let page = try await iterator.next()
    #expect(page?.rows == 2)
    await transport.reached(2)
    _ = try await iterator.next()
    #expect(try await iterator.next() == nil)
    #expect(try await iterator.next() == nil)
  }

  @Test("Nothing is asked for before somebody reads")
  func lazy() async throws {
    let transport = try book()
    _ = client(transport).scan(query, from: nil)
    #expect(await transport.requests.isEmpty)
  }

  @Test("Changes come with deletions and a new link, without asking for tracking again")
  func changes() async throws {
    let transport = ScriptedTransport(.json(try fixture("contacts.delta")))
    let pages = try await collect(client(transport).changes(query, from: delta))
    #expect(pages.count == 1 && pages[0].rows == 1)
    #expect(pages[0].removed == [try #require(RowKey("2e451703-c3c5-ee11-9079-000d3a4b9f02"))])
    #expect(pages[0].delta?.contains("919058") == true)
    let request = try #require(await transport.requests.first)
    #expect(request.url == delta)
    #expect(request.headers.contains(HTTPHeader("Prefer", "odata.maxpagesize=2")))
  }

  @Test("An empty page with a next link is no end, an empty change page is none either")
  func emptyPages() async throws {
    let transport = ScriptedTransport([
      ("page2", [.json(#"{"value":[],"@odata.deltaLink":"\#(environment)/d"}"#)]),
      ("", [.json(#"{"value":[],"@odata.nextLink":"\#(environment)/page2"}"#, [tracked])]),
    ])
    let pages = try await collect(client(transport).scan(query, from: nil))
    #expect(pages.map(\.rows) == [0, 0] && pages[1].delta == environment + "/d")
  }

  private func failure(
    _ answers: [HTTPResponse], link: String? = nil, changes: Bool = false,
    broken: TransportFailure? = nil
  ) async -> SyncError? {
    let transport = ScriptedTransport([("", answers)], failure: broken)
    let client = client(transport)
    do throws(SyncError) {
      let pages =
        changes ? client.changes(query, from: link ?? delta) : client.scan(query, from: link)
      _ = try await collect(pages)
      return nil
    } catch {
      return error
    }
  }

  private let empty = #"{"value":[],"@odata.deltaLink":"\#(environment)/d"}"#

  @Test("A tracked scan that is answered untracked ends with what the administrator must do")
  func notTracked() async throws {
    let error = try #require(await failure([.json(empty)]))
    #expect(error.kind == .configuration && error.reason.contains("change tracking is off"))
    #expect(error.next?.contains("Track changes") == true)
    let both = HTTPHeader("preference-applied", "odata.maxpagesize=2, odata.track-changes")
    #expect(await failure([.json(empty, [both])]) == nil)
    let twice = [HTTPHeader("Preference-Applied", "odata.maxpagesize=2"), tracked]
    #expect(await failure([.json(empty, twice)]) == nil)
  }

  @Test("A resumed scan is not asked again whether tracking is on")
  func resumed() async { #expect(await failure([.json(empty)], link: root + "contacts?x") == nil) }

  @Test(
    "A stored link that is refused says so, an expired token too",
    arguments: [
      (
        HTTPResponse.fault(400, "0x80060888"), SyncError.linkRefusedCode, SyncError.Kind.unavailable
      ),
      (.fault(404, "0x8006088a"), SyncError.linkRefusedCode, .unavailable),
      (.fault(410, ""), SyncError.linkRefusedCode, .unavailable),
      (.fault(400, "0x80044352"), SyncError.tokenExpiredCode, .configuration),
      (.fault(403, "0x80072560"), "0x80072560", .permission),
      (.fault(429, "0x80072322"), "0x80072322", .unavailable),
    ])
  func storedLinks(answer: HTTPResponse, code: String, kind: SyncError.Kind) async throws {
    for changes in [false, true] {
      let error = try #require(
        await failure([answer], link: root + "contacts?$skiptoken=x", changes: changes))
      #expect(error.code == code && error.kind == kind)
      #expect(!"\(error)".contains(Canary.value))
    }
  }

  @Test("A link that the service has just given is not called a stored one")
  func freshLinkRefused() async throws {
    let first = #"{"value":[],"@odata.nextLink":"\#(environment)/2"}"#
    let error = try #require(
      await failure([.json(first, [tracked]), .fault(400, "0x80060888")]))
    #expect(error.kind == .protocolBroken && error.code == "0x80060888")
  }

  @Test(
    "A link to another origin is never followed",
    arguments: [
      "https://evil.example/x", "http://contoso.crm4.dynamics.com/x", "/api/data/v9.2/contacts?2",
      "https://contoso.crm4.dynamics.com:444/x", "https://contoso.crm4.dynamics.com@evil.example/x",
      "https://contoso.crm4.dynamics.com.evil.example/", "",
    ])
  func astray(link: String) async throws {
    let next = #"{"value":[],"@odata.nextLink":"\#(link)"}"#
    let last = #"{"value":[],"@odata.deltaLink":"\#(link)"}"#
    for body in [next, last] {
      let error = try #require(await failure([.json(body, [tracked])]))
      #expect(error.kind == .protocolBroken && error.next?.contains("dynamics.url") == true)
      #expect(error.reason.contains("leads away"))
    }
    #expect(await failure([.json(empty)], link: link)?.kind == .protocolBroken)
  }

  @Test("A page that names itself as the next one, or has no link at all, ends the read")
  func brokenChains() async throws {
    let loop = #"{"value":[],"@odata.nextLink":"\#(environment)/2"}"#
    let looped = try #require(await failure([.json(loop, [tracked])]))
    #expect(looped.kind == .protocolBroken && looped.reason.contains("itself"))
    let ended = try #require(await failure([.json(#"{"value":[]}"#, [tracked])]))
    #expect(ended.kind == .protocolBroken && ended.reason.contains("no link"))
    #expect(await failure([.json(#"{"value":[]}"#)], changes: true)?.kind == .protocolBroken)
  }

  @Test("Broken JSON is told with its place, a gateway's page as something that passes")
  func bodies() async throws {
    let cut = try #require(
      await failure([.json(#"{"value":[{"fullname":"\#(Canary.value)"},"#, [tracked])]))
    #expect(cut.kind == .protocolBroken && cut.reason.contains("at byte"))
    #expect(!"\(cut)".contains(Canary.value))
    let page = try #require(await failure([.html(200)]))
    #expect(page.kind == .unavailable && page.next?.contains("later") == true)
    #expect(!"\(page)".contains(Canary.value))
  }

  @Test("No answer at all is told in the words of the transport")
  func noAnswer() async throws {
    let error = try #require(
      await failure([HTTPResponse(200)], broken: TransportFailure(.unreachable, code: "curl 7")))
    #expect(error.kind == .unavailable && error.code == "curl 7" && error.action == "read contacts")
  }

  @Test("Waiting changes are counted by the link's own token")
  func pending() async throws {
    let count = HTTPResponse(200, body: [0xEF, 0xBB, 0xBF] + Array("42".utf8))
    let transport = ScriptedTransport([("$count", [count, .html(404), .fault(400, "0x80044352")])])
    let client = client(transport)
    #expect(try await client.pendingChanges(query, from: delta) == 42)
    #expect(await transport.urls == [root + "contacts/$count?$deltatoken=919042%2108%2f22"])
    #expect(try await client.pendingChanges(query, from: delta) == nil)
    await #expect {
      _ = try await client.pendingChanges(query, from: delta)
    } throws: { ($0 as? SyncError)?.isTokenExpired == true }
    #expect(try await client.pendingChanges(query, from: root + "contacts?$skiptoken=x") == nil)
  }
}
