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
