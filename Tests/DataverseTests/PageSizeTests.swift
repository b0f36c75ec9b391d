import Core
import HTTP
import Sandbox
import Testing

@testable import Dataverse

/// Rows so wide that a page of them is larger than anybody takes.
@Suite(.timeLimit(.minutes(15)))
struct PageSizeTests {
  /// The stand-in, whose answers are too large from so many rows on.
  private actor Narrow: Transport {
    private let service: InProcess
    /// The most rows of each answer; the last number counts for ever.
    private var most: [Int]
    private var failure: TransportFailure
    private(set) var sizes: [String] = []

    init(_ most: [Int], _ failure: TransportFailure) {
      var world = DataverseWorld()
      world.rows["contact"] = 120
      service = InProcess(
        service: DataverseService(
          world: world,
          clock: SandboxClock(base: Instant(seconds: 1_736_069_400), isRunning: false)))
      (self.most, self.failure) = (most, failure)
    }

    func narrow(_ most: Int...) { self.most = most }

    func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
      let prefer = request.headers.first { $0.name == "Prefer" }?.value ?? ""
      sizes += prefer.split(separator: "=").last.map { [String($0)] } ?? []
      let most = most.count > 1 ? most.removeFirst() : most[0]
      let response = try await service.send(request)
      let rows = String(decoding: response.body, as: UTF8.self).ranges(of: "\"@odata.etag\"").count
      if rows > most { throw failure }
      return response
    }
  }

  private let query = TableQuery(
    entitySet: "contacts", columns: ["contactid", "firstname"], pageSize: 50)

  private func stand(
    _ most: Int..., size: Int = 5000,
    failure: TransportFailure = TransportFailure(.tooLarge, code: "curl 23")
  ) async throws -> (client: DataverseClient, wire: Narrow) {
    let wire = Narrow(most, failure)
    let world = DataverseWorld()
    let tokens = EntraTokens(
      authority: environment, tenant: world.tenant, environment: environment,
      client: world.clients[0].id, secret: world.clients[0].secret, transport: wire)
    let transport = AuthorizedTransport(
      wire, origin: try #require(Origin(environment)),
      tokens: TokenSource(clock: FrozenClock()) { () async throws(SyncError) in
        try await tokens.fetchToken()
      })
    let client = DataverseClient(
      url: environment, transport: transport, pageSize: PageSize(size))
    return (client, wire)
  }

  private func read(_ pages: PageStream) async throws(SyncError) -> [Page] {
    var all: [Page] = []
    for try await page in pages { all.append(page) }
    return all
  }

  private func failure(_ pages: PageStream) async -> SyncError? {
    do throws(SyncError) {
      _ = try await read(pages)
      return nil
    } catch {
      return error
    }
  }

  private func keys(_ pages: [Page]) -> [String] {
    pages.flatMap { page in
      (0..<page.rows).map { String(decoding: page.bytes(of: page[$0, 0]), as: UTF8.self) }
    }
  }

  @Test("The environment's size is asked for; keys alone come as before")
  func setting() async throws {
    let (client, wire) = try await stand(500, size: 7)
    #expect(keys(try await read(client.scan(query, from: nil))).count == 120)
    #expect(Set(await wire.sizes) == ["7"])
    let alone = TableQuery(entitySet: "contacts", columns: ["contactid"], pageSize: 50)
    #expect(try await read(client.scan(alone, from: nil)).map(\.rows) == [50, 50, 20])
  }

  @Test("A range goes on behind its last row, with fewer rows a page for the rest of the run")
  func ranges() async throws {
    // Its token, a page that fits, then no more than twenty rows.
    let (client, wire) = try await stand(0, 50, 20)
    let pages = client.rows(query, in: KeyRange(), after: nil)
    let found = keys(try await read(pages))
    #expect(found.count == 120 && Set(found).count == 120)
    #expect(await wire.sizes.first == "50")
    #expect(await wire.sizes.last == "12")
    await wire.narrow(20)
    let before = await wire.sizes.count
    #expect(keys(try await read(client.rows(query, in: KeyRange(), after: nil))) == found)
    #expect(Set(await wire.sizes.dropFirst(before)) == ["12"])
  }

  @Test("A scan begins with fewer rows; where it goes on, it has to begin again")
  func scans() async throws {
    let (client, wire) = try await stand(20)
    let pages = try await read(client.scan(query, from: nil))
    #expect(keys(pages).count == 120 && pages[0].rows == 12)

    await wire.narrow(12, 5)
    let error = try #require(await failure(client.scan(query, from: nil)))
    #expect(error.isLinkRefused && error.next?.contains("dynamics.pageSize") == true)
    let again = try await read(client.scan(query, from: nil))
    #expect(keys(again).count == 120 && again[0].rows == 3)
    await wire.narrow(2)
    let kept = try #require(again[0].next)
    #expect(await failure(client.scan(query, from: kept))?.isLinkRefused == true)
  }

  @Test("A chain of changes begins with fewer rows; a young one is not called refused")
  func changes() async throws {
    let (client, wire) = try await stand(500)
    let first = try #require(try await read(client.scan(query, from: nil)).last?.delta)
    // The stand-in has no changes behind it: the link of a page stands for one in a chain.
    await wire.narrow(500)
    #expect(try await read(client.changes(query, from: first)).count == 1)
    let link = try #require(try await read(client.scan(query, from: nil)).first?.next)
    await wire.narrow(1)
    #expect(await failure(client.changes(query, from: link))?.isLinkRefused == true)
    await wire.narrow(50, 1)
    let young = try #require(await failure(client.changes(query, from: link)))
    #expect(young.kind == .protocolBroken && !young.isLinkRefused)
    #expect(young.next?.contains("dynamics.pageSize") == true)
  }

  @Test("Where not even one row fits, the columns are named")
  func oneRow() async throws {
    let (client, _) = try await stand(0)
    let error = try #require(await failure(client.rows(query, in: KeyRange(), after: nil)))
    #expect(error.kind == .protocolBroken && error.reason.contains("a page of 1 row "))
    #expect(error.next?.contains("`fields:`") == true)
  }

  @Test("A page that takes too long names the setting, too")
  func slow() async throws {
    let (client, _) = try await stand(1, failure: TransportFailure(.broken, code: "curl 28"))
    let error = try #require(await failure(client.scan(query, from: nil)))
    #expect(error.kind == .unavailable && error.code == "curl 28")
    #expect(error.next?.contains("`dynamics.pageSize`") == true)
  }
}
