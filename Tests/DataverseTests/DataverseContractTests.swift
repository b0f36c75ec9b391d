import Core
import Foundation
import HTTP
import JSONPages
import Sandbox
import Testing

@testable import Dataverse

/// The client against the stand-in: what neither of the two may promise alone.
@Suite(.timeLimit(.minutes(15)))
struct DataverseContractTests {
  private let service: DataverseService
  private let clock = SandboxClock(base: Instant(seconds: 1_736_069_400), isRunning: false)
  private let client: DataverseClient
  private let authorized: any Transport

  init() throws {
    var world = DataverseWorld()
    world.rows["contact"] = 120
    service = DataverseService(world: world, clock: clock)
    let wire = InProcess(service: service)
    let tokens = EntraTokens(
      authority: environment, tenant: world.tenant, environment: environment,
      client: world.clients[0].id, secret: world.clients[0].secret, transport: wire)
    authorized = AuthorizedTransport(
      wire, origin: try #require(Origin(environment)),
      tokens: TokenSource(clock: FrozenClock()) { () async throws(SyncError) in
        try await tokens.fetchToken()
      })
    client = DataverseClient(url: environment, transport: authorized)
  }

  private var query: TableQuery {
    TableQuery(
      entitySet: "contacts",
      columns: ["contactid", "firstname", "gendercode", "creditlimit", "_parentcustomerid_value"],
      pageSize: 50)
  }

  private func collect(_ pages: PageStream) async throws(SyncError) -> [Page] {
    var all: [Page] = []
    for try await page in pages { all.append(page) }
    return all
  }

  private func keys(_ page: Page) -> [RowKey] {
    (0..<page.rows).compactMap { RowKey(page.bytes(of: page[$0, 0])) }
  }

  private func write(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws {
    let headers = [HTTPHeader("Content-Type", "application/json; charset=utf-8")]
    let request = HTTPRequest(
      method, "\(environment)/api/data/v9.2/\(path)", headers: headers,
      body: body?.encoded ?? [])
    let response = try await authorized.send(request)
    #expect((200..<300).contains(response.status))
  }

  private func turn(_ edit: (inout DataverseKnobs) -> Void) async {
    var knobs = await service.knobs
    edit(&knobs)
    await service.set(knobs)
  }

  @Test("The catalog is read whole: organization, tables, columns, choices, counts")
  func catalog() async throws {
    let organization = try await client.organization()
    #expect(RowKey(organization.id) != nil && organization.name != nil)
    #expect(organization.tokenDays == 7)
    #expect(try await client.tableNames().contains("contact"))

    let table = try await client.table("contact")
    #expect(table.entitySet == "contacts" && table.primaryId == "contactid")
    #expect(table.isChangeTracked)
    #expect(table.column("firstname")?.maxLength == 50)
    #expect(table.column("birthdate")?.kind == .dateTime(.dateOnly))
    #expect(table.column("gendercode")?.options.map(\.value) == ["1", "2"])
    #expect(table.column("gendercode")?.options[0].labels[1033] == "Male")
    #expect(table.column("donotbulkemail")?.options.map(\.value) == ["0", "1"])
    #expect(table.column("_parentcustomerid_value")?.name == "parentcustomerid")
    if case .lookup(let targets) = table.column("parentcustomerid")?.kind {
      #expect(targets.contains("account"))
    } else {
      Issue.record("parentcustomerid is no lookup")
    }
    try await client.proveReadable(table)
    #expect(try await client.approximateCount(table) == 120)
  }

  @Test("An unknown table names the nearest right one")
  func unknownTable() async {
    await #expect {
      _ = try await client.table("contcat")
    } throws: { error in
      let error = error as? SyncError
      return error?.kind == .configuration && error?.next?.contains("contact?") == true
    }
  }

  @Test("A scan delivers each row once, wherever the links are", arguments: [true, false])
  func scan(before: Bool) async throws {
    await turn { $0.links = before ? .before : .after }
    let pages = try await collect(client.scan(query, from: nil))
    #expect(pages.count >= 3)
    #expect(Set(pages.flatMap { keys($0) }).count == 120)
    #expect(pages.map(\.rows).reduce(0, +) == 120)
    #expect(pages.dropLast().allSatisfy { $0.next != nil && $0.delta == nil })
    #expect(pages.last?.delta != nil && pages.last?.next == nil)
  }

  @Test("A scan goes on from the link of any of its pages")
  func resume() async throws {
    let pages = try await collect(client.scan(query, from: nil))
    let rest = try await collect(client.scan(query, from: pages[0].next))
    #expect(rest.flatMap { keys($0) } == pages.dropFirst().flatMap { keys($0) })
  }

  @Test("Ranges that meet deliver each row once, in order; one goes on behind its last row")
  func ranges() async throws {
    let all = try await collect(client.scan(query, from: nil)).flatMap { keys($0) }
    let ranges = KeyRange.split(at: [all[30], all[31], all[100]])
    var read: [RowKey] = []
    for range in ranges {
      let some = try await collect(client.rows(query, in: range, after: nil)).flatMap { keys($0) }
      #expect(range.isInOrder(some, after: nil))
      read += some
    }
    #expect(read == all)
    let rest = try await collect(client.rows(query, in: ranges[2], after: all[40]))
    #expect(rest.flatMap { keys($0) } == Array(all[41..<100]))
    await turn { $0.rejectsGuidRanges = true }
    await #expect {
      _ = try await collect(client.rows(query, in: ranges[1], after: nil))
    } throws: { ($0 as? SyncError)?.isRangeRefused == true }
  }

  @Test("A tampered page link is refused as a stored one")
  func tampered() async throws {
    let pages = try await collect(client.scan(query, from: nil))
    let link = try #require(pages[0].next)
    let cut = try #require(link.range(of: "skiptoken=")).upperBound
    await #expect {
      _ = try await collect(client.scan(query, from: String(link[..<cut]) + "rubbish"))
    } throws: { ($0 as? SyncError)?.isLinkRefused == true }
  }

  @Test("What was created, changed and deleted since comes, once, and then nothing more")
  func changes() async throws {
    let pages = try await collect(client.scan(query, from: nil))
    let all = pages.flatMap { keys($0) }
    let delta = try #require(pages.last?.delta)
    #expect(try await client.pendingChanges(query, from: delta) == 0)

    let created = "0f0f0f0f-0000-4000-8000-000000000001"
    try await write("PATCH", "contacts(\(all[3]))", ["firstname": "Zoë \"Quote\"\n"])
    try await write("POST", "contacts", ["contactid": .string(created), "lastname": "New"])
    try await write("DELETE", "contacts(\(all[7]))")
    #expect(try await client.pendingChanges(query, from: delta) == 3)
    let changes = try await collect(client.changes(query, from: delta))
    #expect(Set(changes.flatMap { keys($0) }) == [all[3], try #require(RowKey(created))])
    #expect(changes.flatMap(\.removed) == [all[7]])
    let page = try #require(changes.first)
    let row = try #require(keys(page).firstIndex(of: all[3]))
    #expect(String(decoding: page.bytes(of: page[row, 1]), as: UTF8.self) == "Zoë \"Quote\"\n")

    let newer = try #require(changes.last?.delta)
    let none = try await collect(client.changes(query, from: newer))
    #expect(none.allSatisfy { $0.rows == 0 && $0.removed.isEmpty })
    #expect(none.last?.delta != nil)
  }

  @Test("A token past its days is expired, in either status", arguments: [400, 410])
  func expired(status: Int) async throws {
    let delta = try #require(try await collect(client.scan(query, from: nil)).last?.delta)
    await turn { knobs in
      knobs.expiredStatus = status
      knobs.tokenLifetime = 30 * 86_400
    }
    clock.advance(by: .seconds(8 * 86_400))
    await #expect {
      _ = try await collect(client.changes(query, from: delta))
    } throws: { ($0 as? SyncError)?.isTokenExpired == true }
  }

  private func scanError() async -> SyncError? {
    do {
      _ = try await collect(client.scan(query, from: nil))
      return nil
    } catch {
      return error
    }
  }

  @Test("Setup faults of the stand-in are named in words")
  func setupFaults() async throws {
    let id = await service.world.clients[0].id
    await turn { $0.untracked = ["contact"] }
    #expect(await scanError()?.reason.contains("change tracking is off") == true)
    #expect(await scanError()?.kind == .configuration)
    await turn { knobs in
      knobs.untracked = []
      knobs.readsWholeOrganization = false
    }
    #expect(await scanError()?.reason.contains("lacks a privilege") == true)
    await turn { knobs in
      knobs.readsWholeOrganization = true
      knobs.missingPrivileges = ["prvReadContact"]
    }
    #expect(await scanError()?.kind == .permission)
    await turn { knobs in
      knobs.missingPrivileges = []
      knobs.strangers = [id]
    }
    #expect(await scanError()?.reason.contains("no application user") == true)
  }

  @Test("A token that ended in mid-run is renewed without a word")
  func renewal() async throws {
    _ = try await client.organization()
    clock.advance(by: .seconds(7200))
    #expect(await scanError() == nil)
    #expect(await service.counters.tokens >= 2)
  }

  @Test("A secret that expired is told as that")
  func secretExpired() async {
    await turn { $0.secretExpired = true }
    let error = await scanError()
    #expect(error?.kind == .permission && error?.reason.contains("expired") == true)
  }
}
