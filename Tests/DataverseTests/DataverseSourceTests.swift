import Core
import HTTP
import TestSupport
import Testing

@testable import Dataverse

@Suite(.timeLimit(.minutes(15)))
struct DataverseSourceTests {
  private let query = TableQuery(entitySet: "contacts", columns: ["contactid", "fullname"])
  private let key = RowKey(high: 1, low: 2)

  private func client(_ response: HTTPResponse) -> DataverseClient {
    DataverseClient(url: environment, transport: ScriptedTransport(response))
  }

  private func missing(_ code: String) -> HTTPResponse {
    .json(#"{"error":{"code":"\#(code)","message":"Does Not Exist"}}"#, status: 404)
  }

  @Test("A row is gone only if the service says so of its id")
  func isGone() async throws {
    #expect(try await client(missing("0x80040217")).isGone(query, key: key))
    #expect(try await !client(.json("{}")).isGone(query, key: key))
    for (response, kind) in [
      (missing("0x8006088a"), SyncError.Kind.configuration),
      (missing(""), .configuration), (HTTPResponse(404), .configuration),
      (.json(#"{"error":{"code":"0x80040220"}}"#, status: 403), .permission),
      (HTTPResponse(503), .unavailable),
    ] {
      let error = await #expect(throws: SyncError.self) {
        try await client(response).isGone(query, key: key)
      }
      #expect(error?.kind == kind, "\(response.status)")
    }
  }

  @Test func itIsAskedForByItsOwnAddress() async throws {
    let transport = ScriptedTransport(.json("{}"))
    _ = try await DataverseClient(url: environment, transport: transport).isGone(query, key: key)
    let urls = await transport.urls
    #expect(urls == ["\(environment)/api/data/v9.2/contacts(\(key))?$select=contactid"])
  }

  @Test(
    "A range is a filter on the primary id, and its rows come in that order",
    arguments: [
      (nil, nil, nil, ""),
      (1, nil, nil, "&$filter=contactid%20ge%20\(key(1))"),
      (nil, 9, nil, "&$filter=contactid%20lt%20\(key(9))"),
      (1, 9, nil, "&$filter=contactid%20ge%20\(key(1))%20and%20contactid%20lt%20\(key(9))"),
      (1, 9, 4, "&$filter=contactid%20gt%20\(key(4))%20and%20contactid%20lt%20\(key(9))"),
      (nil, nil, 4, "&$filter=contactid%20gt%20\(key(4))"),
    ] as [(Int?, Int?, Int?, String)])
  func range(low: Int?, high: Int?, last: Int?, filter: String) async throws {
    let transport = ScriptedTransport(.json(#"{"value":[]}"#))
    let client = DataverseClient(url: environment, transport: transport)
    let range = KeyRange(low: low.map(Self.key), high: high.map(Self.key))
    for try await page in client.rows(query, in: range, after: last.map(Self.key)) {
      #expect(page.rows == 0 && page.next == nil && page.delta == nil)
    }
    let root = "\(environment)/api/data/v9.2/contacts?$select=contactid,fullname"
    #expect(await transport.urls == [root + filter + "&$orderby=contactid"])
    let prefer = await transport.requests.first?.headers.first { $0.name == "Prefer" }
    #expect(prefer?.value == "odata.maxpagesize=5000", "no change tracking")
  }

  private static func key(_ number: Int) -> RowKey { RowKey(high: 0, low: UInt64(number)) }

  @Test("A range that is refused at once says so; later it is a failure like others")
  func refusedRange() async throws {
    let refusal = HTTPResponse.json(
      #"{"error":{"code":"0x80060888","message":"incompatible types"}}"#, status: 400)
    let error = await #expect(throws: SyncError.self) {
      for try await _ in client(refusal).rows(query, in: KeyRange(low: key), after: nil) {}
    }
    #expect(error?.isRangeRefused == true)
    let next = "\(environment)/api/data/v9.2/contacts?$skiptoken=2"
    let pages = ScriptedTransport([
      ("skiptoken", [refusal]),
      ("contacts?", [.json(#"{"value":[],"@odata.nextLink":"\#(next)"}"#)]),
    ])
    let late = await #expect(throws: SyncError.self) {
      let client = DataverseClient(url: environment, transport: pages)
      for try await _ in client.rows(query, in: KeyRange(low: key), after: nil) {}
    }
    #expect(late?.kind == .protocolBroken)
  }

  @Test(
    "A delta link gets other columns; its token stays as it stands",
    arguments: [
      (
        "contacts?$select=a,b&$deltatoken=919042%2108%2f22",
        "contacts?$select=contactid,fullname&$deltatoken=919042%2108%2f22"
      ),
      (
        "contacts?$deltatoken=9%21x&$select=a",
        "contacts?$deltatoken=9%21x&$select=contactid,fullname"
      ),
      (
        "contacts?%24select=a&%24deltatoken=9",
        "contacts?%24select=contactid,fullname&%24deltatoken=9"
      ),
      ("contacts?$deltatoken=9", nil), ("contacts?$select=a", nil), ("contacts", nil),
      ("contacts?$select=a&$skiptoken=9", nil),
    ])
  func retarget(link: String, expected: String?) {
    let root = environment + "/api/data/v9.2/"
    #expect(
      client(HTTPResponse(200)).retarget(root + link, to: query) == expected.map { root + $0 })
  }
}
