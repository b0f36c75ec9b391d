import Core
import Gzip
import HTTP

/// The Dataverse Web API of one environment, and the token endpoint of its tenant: requests in,
/// answers out.
///
/// - Source: `docs` of the Web API, as gathered in the project's fact sheet.
package actor DataverseService: SandboxService {
  package let world: DataverseWorld
  package let clock: SandboxClock
  package var knobs: DataverseKnobs { didSet { pages.removeAll() } }

  var stores: [TableStore]
  /// The version of the youngest write; grows by one with each.
  var version: Int64
  var keysGiven: UInt64 = 0
  /// Tokens of before do not count: columns were added, or the environment was restored.
  var tokensValidFrom: Int64 = 0
  var journal: [(table: Int, step: TableStore.Undo)]? {
    didSet { if journal == nil { settleChanges() } }
  }
  /// Rows that `$1` means, while a batch runs.
  var references: [String: (table: Int, key: RowKey)] = [:]
  var tokens: [String: GrantedToken] = [:]
  var limits = ServiceLimits()
  var answersGiven: UInt64 = 0
  /// What the request in hand made the service work so far.
  var cost = Cost()
  /// Answered pages, where `keepsPages` is on; good until the next write.
  var pages: [String: HTTPResponse] = [:]
  /// Pages of `mutateTable` that were answered since its rows changed under its readers.
  var pagesSinceMutation = 0
  /// What `activitypointers` holds now.
  var timelineMark: TimelineMark?
  /// Activities that went with the row they were regarding, by table.
  var buried: [Int: [WrittenRow]] = [:]
  package internal(set) var counters = DataverseCounters()
  package let history: ConsentHistory
  /// Who does what is being done.
  var author = ChangeAuthor.user
  /// Of a transaction that may still be taken back.
  var heldChanges: [ConsentChange] = []
  /// Contacts that came by the API.
  var contactsByTool: Set<RowKey> = []
  /// The contact table, and its booleans that people may change.
  let consents: (table: Int, columns: [Int])

  package init(
    world: DataverseWorld = DataverseWorld(), clock: SandboxClock,
    knobs: DataverseKnobs = DataverseKnobs(), history: ConsentHistory = ConsentHistory()
  ) {
    self.world = world
    self.history = history
    consents = world.schema.consents
    self.clock = clock
    self.knobs = knobs
    var spaces: [String: KeySpace] = [:]
    for table in world.schema.tables {
      spaces[table.logicalName] = KeySpace(
        count: world.count(of: table), seed: mix(world.seed, salt(table.logicalName)),
        shape: world.keyShape)
    }
    var version: Int64 = 1_000_000
    stores = world.schema.tables.map { table in
      let keys = spaces[table.logicalName] ?? KeySpace(count: 0, seed: 0)
      let generator = RowGenerator(
        seed: world.seed, table: table, keys: keys, firstVersion: version, targets: spaces,
        tooLongPerMille: table.logicalName == "contact" ? world.tooLongPerMille : 0)
      version += Int64(keys.count)
      return TableStore(definition: table, generator: generator)
    }
    self.version = version
  }

  package func set(_ knobs: DataverseKnobs) { self.knobs = knobs }

  /// What is left to do for an answer.
  private struct Ticket {
    var isPacked = false
    /// A request that is under way for as long as the model says: by whom, for how long, until when.
    var modelled: (lane: ServiceLimits.Lane, milliseconds: Int, due: ContinuousClock.Instant)?
  }

  /// The rows are written one request at a time; packing, and the modelled time, are each one's own.
  package nonisolated func answer(_ request: HTTPRequest) async -> SandboxAnswer {
    let (time, start) = (clock.now, ContinuousClock.now)
    var (response, ticket) = await execute(request, time, start)
    if ticket.isPacked { await DataverseService.pack(&response) }
    if let modelled = ticket.modelled {
      try? await Task.sleep(until: modelled.due, clock: .continuous)
      response.headers += await end(modelled.lane, modelled.milliseconds, since: start)
    }
    return .response(response)
  }

  private func execute(
    _ request: HTTPRequest, _ arrival: Instant, _ start: ContinuousClock.Instant
  ) -> (HTTPResponse, Ticket) {
    guard let url = ODataURL(request.url) else {
      return (HTTPResponse(400, body: Array("Bad Request".utf8)), Ticket())
    }
    if url.path.hasSuffix("/oauth2/v2.0/token") || url.path.hasSuffix("/oauth2/token") {
      counters.tokens += 1
      return (token(request, url), Ticket())
    }
    counters.requests += 1
    guard !url.version.isEmpty else { return (htmlPage(404, "Not Found"), Ticket()) }
    let identity: GrantedToken
    do throws(Refusal) {
      identity = try authorize(request, url)
    } catch {
      return (error.response, Ticket())
    }
    let server = chooseServer(request, for: identity.client)
    let lane = ServiceLimits.Lane(client: identity.client, server: server)
    if let refused = limits.refusal(of: lane, at: clock.now, arrival: arrival, knobs) {
      counters.throttled += 1
      counters.violations = limits.violations
      return (finish(refused, lane, limits.headers(of: lane, knobs)), Ticket())
    }
    limits.enter(lane, at: clock.now)
    cost = Cost()
    author = DataverseService.author(of: request)
    let response = respond(ODataRequest(request, url, identity: identity))
    author = .user
    let spent = cost.microseconds(knobs)
    let accepts = request["Accept-Encoding"]?.lowercased().contains("gzip") ?? false
    var ticket = Ticket(isPacked: knobs.gzip && accepts && response.body.count > 256)
    guard knobs.pace > 0 else {
      // Counted before the next request is looked at.
      return (finish(response, lane, end(lane, spent / 1000, since: start)), ticket)
    }
    let due = start + .microseconds(Int(Double(spent) * knobs.pace))
    ticket.modelled = (lane, spent / 1000, due)
    return (finish(response, lane, []), ticket)
  }

  /// - Returns: the headers that say what is left.
  private func end(
    _ lane: ServiceLimits.Lane, _ milliseconds: Int, since start: ContinuousClock.Instant
  ) -> [HTTPHeader] {
    let underWay = (ContinuousClock.now - start) / max(knobs.timeScale, 0.000_001)
    limits.leave(lane, cost: milliseconds, underWay: underWay, at: clock.now)
    return limits.headers(of: lane, knobs)
  }

  @concurrent private nonisolated static func pack(_ response: inout HTTPResponse) async {
    guard response["Content-Encoding"] == nil,
      let packed = try? Deflater.gzip(response.body, level: 1)
    else { return }
    response.body = packed
    response.headers.append(HTTPHeader("Content-Encoding", "gzip"))
  }

  /// Executes one request, alone or as a part of a batch.
  func respond(_ request: ODataRequest) -> HTTPResponse {
    do throws(ODataFault) {
      return try route(request)
    } catch {
      return error.response
    }
  }

  private func finish(
    _ response: HTTPResponse, _ lane: ServiceLimits.Lane, _ more: [HTTPHeader]
  ) -> HTTPResponse {
    answersGiven += 1
    var response = response
    let id = world.identifier("request \(answersGiven)").description
    response.headers += [
      HTTPHeader("REQ_ID", id), HTTPHeader("x-ms-service-request-id", id),
      HTTPHeader("x-ms-dop-hint", String(knobs.dopHint)),
      HTTPHeader("Set-Cookie", "ARRAffinity=server\(lane.server); path=/; HttpOnly"),
    ]
    response.headers += more
    return response
  }

  /// What was used of the limits since `resetLimitMeter`.
  package var limitMeter: LimitMeter { limits.meter(knobs) }

  package func resetLimitMeter() { limits.resetMeter() }

  func htmlPage(_ status: Int, _ title: String) -> HTTPResponse {
    let page = "<!DOCTYPE html><html><head><title>\(title)</title></head><body></body></html>"
    return HTTPResponse(
      status, headers: [HTTPHeader("Content-Type", "text/html")], body: Array(page.utf8))
  }
}

/// How many requests of each kind came; for tests and for people.
package struct DataverseCounters: Sendable, Equatable {
  package var requests = 0
  package var tokens = 0
  package var unauthorized = 0
  package var throttled = 0
  /// Requests that came before a Retry-After was over.
  package var violations = 0
  package var pages = 0
  package var deltaPages = 0
  package var reads = 0
  package var metadata = 0
  package var creates = 0
  package var updates = 0
  package var deletes = 0
  package var batches = 0
  package var bulk = 0

  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    return [
      "requests": number(requests), "tokens": number(tokens),
      "unauthorized": number(unauthorized), "throttled": number(throttled),
      "violations": number(violations), "pages": number(pages),
      "deltaPages": number(deltaPages), "reads": number(reads), "metadata": number(metadata),
      "creates": number(creates), "updates": number(updates), "deletes": number(deletes),
      "batches": number(batches), "bulk": number(bulk),
    ]
  }
}

/// What a request makes the service work, by a simple model.
struct Cost {
  var rows = 0
  var cells = 0
  var writes = 0
  /// Rows that a bulk message wrote.
  var bulkWrites = 0
  /// Processes that creates started.
  var workflows = 0

  func microseconds(_ knobs: DataverseKnobs) -> Int {
    knobs.requestCost * 1000 + rows * knobs.rowCostMicroseconds
      + cells * knobs.cellCostMicroseconds + writes * knobs.writeCost * 1000
      + bulkWrites * knobs.bulkWriteCost * 1000 + workflows * knobs.workflowCost * 1000
  }
}
