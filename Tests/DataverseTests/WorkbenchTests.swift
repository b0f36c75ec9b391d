import Core
import HTTP
import TestSupport
import Testing

@testable import Dataverse

/// Readers of ranges that share one seat.
@Suite(.timeLimit(.minutes(15)))
struct WorkbenchTests {
  private let transport = ScriptedTransport([
    ("page2", [.json(#"{"value":[]}"#)]),
    ("", [.json(#"{"value":[],"@odata.nextLink":"\#(environment)/page2"}"#)]),
  ])
  private let events = Events()

  private actor Events {
    private(set) var all: [String] = []
    func note(_ event: String) { all.append(event) }
  }

  private func pages(_ client: DataverseClient, _ kind: TablePages.Kind) -> TablePages {
    TablePages(
      client: client, query: TableQuery(entitySet: "contacts", columns: ["contactid"]),
      start: "\(environment)/page1", isStored: false, kind: kind, action: "read contacts")
  }

  private func client(seats: Int) -> DataverseClient {
    DataverseClient(url: environment, transport: transport, bench: Workbench(seats: seats))
  }

  private func readAlso(_ client: DataverseClient) async throws {
    var reader = pages(client, .range).makeAsyncIterator()
    #expect(try await reader.next() != nil)
    await events.note("the other has its page")
    #expect(try await reader.next() != nil)
  }

  @Test("Who waits for a seat has one page, and asks for the next one when it is his turn")
  func oneAtATime() async throws {
    let client = client(seats: 1)
    var first = pages(client, .range).makeAsyncIterator()
    #expect(try await first.next() != nil)
    await transport.reached(2)
    async let other: Void = readAlso(client)
    await transport.reached(3)
    for _ in 0..<100 { await Task.yield() }
    await events.note("the first comes back")
    #expect(try await first.next() != nil)
    #expect(try await first.next() == nil)
    try await other
    #expect(await events.all == ["the first comes back", "the other has its page"])
    let asked = await transport.urls.map { String($0.suffix(5)) }
    #expect(asked == ["page1", "page2", "page1", "page2"])
  }

  @Test("A reader that leaves gives its seat back")
  func aReaderThatLeaves() async throws {
    let client = client(seats: 1)
    for _ in 0..<3 {
      var reader = pages(client, .range).makeAsyncIterator()
      #expect(try await reader.next() != nil)
    }
  }

  @Test("A scan needs none")
  func aScanNeedsNone() async throws {
    let client = client(seats: 1)
    var reader = pages(client, .range).makeAsyncIterator()
    var changes = pages(client, .changes).makeAsyncIterator()
    #expect(try await reader.next() != nil)
    #expect(try await changes.next() != nil)
  }
}
