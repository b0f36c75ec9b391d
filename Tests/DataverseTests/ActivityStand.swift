import Core
import Dataverse
import HTTP
import Sandbox
import TestSupport
import Testing

/// A sink and opt-outs over the stand-in, with everything that goes between them on record.
struct ActivityStand {
  static let click = ActivityMapping(
    table: "adobe_campaignemailclick",
    columns: [
      "campaign": "adobe_campaignname", "delivery": "adobe_deliveryname",
      "at": "adobe_dateclicked", "url": "adobe_trackingurl", "mirror": "adobe_mirrorpageurl",
    ], state: .completed, position: SourcePosition(file: "jobs/egress-click.yaml", line: 8))

  let service: DataverseService
  let wire: ActivityWire
  let sink: DataverseActivities
  let consents: DataverseConsents
  let clock = FakeClock(now: Instant(seconds: 1_736_069_400))
  let contacts: [RowKey]
  /// Of the application users, in their order.
  let gates: [MemoryGate]

  init(
    users: Int = 1, concurrency: Int = 4, contacts count: Int = 120, deadline: Duration? = nil,
    knobs turn: (inout DataverseKnobs) -> Void = { _ in }
  ) async throws {
    var world = DataverseWorld()
    world.rows["contact"] = count
    world.clients += (1..<users).map {
      .init(id: "22222222-2222-3333-4444-00000000000\($0)", secret: "sandbox-secret")
    }
    var knobs = DataverseKnobs()
    knobs.gzip = false
    knobs.limitsEnabled = false
    turn(&knobs)
    let clock = self.clock
    let patience = Patience(clock: clock, deadline: deadline.map { clock.now + $0 })
    let worldClock = SandboxClock(base: clock.now, isRunning: false)
    service = DataverseService(world: world, clock: worldClock, knobs: knobs)
    let inner = InProcess(service: service)
    let wire = ActivityWire(inner) { worldClock.set(clock.now) }
    self.wire = wire
    let gates = world.clients.map { _ in MemoryGate() }
    self.gates = gates
    let clients = try zip(world.clients, gates).map { client, gate in
      let tokens = EntraTokens(
        authority: environment, tenant: world.tenant, environment: environment, client: client.id,
        secret: client.secret, transport: inner)
      let gated = GatedTransport(
        wire, gate: gate, permits: Permits(concurrency, clock: clock), patience: patience)
      let transport = AuthorizedTransport(
        gated, origin: try #require(Origin(environment)),
        tokens: TokenSource(clock: clock) { () async throws(SyncError) in
          try await tokens.fetchToken()
        })
      return DataverseClient(
        url: environment, transport: RetryingTransport(transport, patience: patience))
    }
    sink = DataverseActivities(
      first: clients[0], others: Array(clients.dropFirst()), concurrency: concurrency,
      patience: patience, gates: gates)
    consents = DataverseConsents(
      first: clients[0], others: Array(clients.dropFirst()), concurrency: concurrency,
      patience: patience, gates: gates)
    contacts = await service.keys(of: "contact", count: count)
  }

  func activity(
    _ number: Int, of contact: RowKey? = nil, url: String = "https://www.example.org/a?b=c"
  ) -> Activity {
    Activity(
      id: RowKey(high: 0x1111_2222_3333_5444, low: 0x8000_0000_0000_0000 | UInt64(number)),
      subject: "Campaign Name: Spring; Delivery Name: DM\(number)",
      contact: contact ?? contacts[number % contacts.count],
      at: Instant(seconds: 1_770_000_000 + Int64(number)),
      texts: ["campaign": "Spring", "delivery": "DM\(number)", "url": url])
  }

  func activities(_ count: Int) -> [Activity] { (0..<count).map { activity($0) } }

  func turn(_ edit: (inout DataverseKnobs) -> Void) async {
    var knobs = await service.knobs
    edit(&knobs)
    await service.set(knobs)
  }

  /// How many activities there are, and how many of them are completed.
  func there(_ table: String = click.table) async -> (all: Int, completed: Int) {
    let rows = await service.rows(of: table, count: 10_000)
    return (rows.count, rows.count { $0["statecode"]?.integer == 1 })
  }
}

/// Passes requests on, or meddles with them; and remembers each.
actor ActivityWire: Transport {
  enum Meddling: Sendable {
    case pass
    case answer(HTTPResponse)
    /// The connection breaks, before the service has seen the request or after.
    case cut(isExecuted: Bool)
  }
  typealias Meddler = @Sendable (HTTPRequest, _ number: Int) -> Meddling

  private let inner: any Transport
  private(set) var requests: [HTTPRequest] = []
  private var underWay = 0
  private(set) var mostUnderWay = 0
  private var meddler: Meddler = { _, _ in .pass }

  private let tick: @Sendable () -> Void

  /// - Parameter tick: called before each request: sets the stand-in's clock by ours.
  init(_ inner: any Transport, tick: @escaping @Sendable () -> Void) {
    (self.inner, self.tick) = (inner, tick)
  }

  func meddle(_ meddler: @escaping Meddler) { self.meddler = meddler }
  func forget() { (requests, mostUnderWay) = ([], 0) }

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    requests.append(request)
    tick()
    underWay += 1
    mostUnderWay = max(mostUnderWay, underWay)
    defer { underWay -= 1 }
    switch meddler(request, requests.count) {
    case .pass:
      await Task.yield()
      return try await inner.send(request)
    case .answer(let response): return response
    case .cut(let isExecuted):
      if isExecuted { _ = try await inner.send(request) }
      throw TransportFailure(.broken, code: "curl 56")
    }
  }

  /// Requests whose address ends so, or has it before its query.
  func count(_ part: String) -> Int { requests.count { $0.url.contains(part) } }

  var writes: Int { requests.count { $0.method != "GET" } }
}
