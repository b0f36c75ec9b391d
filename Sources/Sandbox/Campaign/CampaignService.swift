import Core
import HTTP
import JSONPages

/// The stand-in of one Campaign Standard instance with its gateway and token service.
///
/// - Source: the fact sheet's checklist; nasty where the product is nasty.
package actor CampaignService: SandboxService {
  let settings: CampaignSettings
  let clock: @Sendable () -> Instant
  var tables: [RecordTable]
  var seal: HandleSeal
  var tokens: [String: IssuedToken] = [:]
  var windows: [String: RequestWindow] = [:]
  var workflows: [WorkflowState]
  package internal(set) var imports: [ImportRecord] = []
  var isImporting = false
  package internal(set) var meters = CampaignMeters()
  package private(set) var knobs = CampaignKnobs()
  let history: ConsentHistory

  package init(
    _ settings: CampaignSettings, history: ConsentHistory = ConsentHistory(),
    clock: @escaping @Sendable () -> Instant
  ) {
    self.settings = settings
    self.history = history
    self.clock = clock
    tables = settings.resources.map(RecordTable.init)
    seal = HandleSeal(seed: settings.seed, generation: 0)
    workflows = settings.workflows.map { WorkflowState(definition: $0, status: .started) }
    if let space = settings.resources.firstIndex(where: { $0.name == "orgUnitBase" }) {
      for (name, label) in [("all", "All"), ("default", "Default")] {
        _ = tables[space].insert(PackedRecord([0: label, 1: name]), at: clock())
      }
    }
  }

  package func answer(_ request: HTTPRequest) async -> SandboxAnswer {
    do {
      return .response(try respond(to: request))
    } catch {
      meters.refused += 1
      return .response(error.response)
    }
  }

  private func respond(to request: HTTPRequest) throws(CampaignFault) -> HTTPResponse {
    guard let address = CampaignAddress(request.url) else { throw .oops(400) }
    switch address.segments {
    case ["ims", "token", "v3"]: return try token(for: request, address)
    case ["r", "test"]: return probe(address)
    default: break
    }
    let call = try gateway(request, address)
    if let refusal = throttle(call) { return refusal }
    meters.requests[request.method, default: 0] += 1
    switch call.segments.first {
    case "profileAndServices", "profileAndServicesExt", "customResources":
      return try resources(call)
    case "workflow": return try workflow(call)
    default: throw .campaign(404, "RST-360000 Unknown resource.")
    }
  }

  // MARK: Knobs and state

  package func set(_ knobs: CampaignKnobs) {
    if knobs.handleGeneration != self.knobs.handleGeneration {
      seal = HandleSeal(seed: settings.seed, generation: knobs.handleGeneration)
    }
    self.knobs = knobs
  }

  package func apply(knobs json: JSONValue) throws(SyncError) {
    var next = knobs
    try next.apply(json)
    set(next)
  }

  package func resetMeters() { meters = CampaignMeters() }

  /// State of each workflow by its ID.
  package var workflowStates: [String: String] {
    Dictionary(
      uniqueKeysWithValues: workflows.map { ($0.definition.id, $0.status.rawValue) })
  }

  /// Puts a workflow into a state: `edition`, `started`, `finished`, `warning`, `error`.
  package func set(workflow id: String, to state: String) throws(SyncError) {
    guard let number = workflows.firstIndex(where: { $0.definition.id == id }),
      let status = WorkflowState.Status(rawValue: state)
    else {
      throw SyncError(
        .configuration, "put the workflow \(id) into the state \(state)",
        "there is no such workflow or state",
        next: "use one of edition, started, finished, warning, error")
    }
    workflows[number].status = status
  }

  /// Every token given so far stops working.
  package func revokeTokens() { tokens = [:] }

  /// Rows of a resource, hidden ones too.
  package func count(of resource: String) -> Int {
    space(resource).map { tables[$0].count } ?? 0
  }

  /// Stored values, oldest row first: no handles, no links.
  package func records(of resource: String, offset: Int, count: Int) -> [JSONValue] {
    guard let space = space(resource) else { return [] }
    let table = tables[space]
    let view = view(space, context(base: "", family: "profileAndServicesExt", asker: ""))
    var rows: [JSONValue] = []
    var toSkip = offset
    // Without holes the first row wanted is known; else it is counted out.
    var id = table.count == table.last ? offset : 0
    if id > 0 { toSkip = 0 }
    while id < table.last, rows.count < count {
      id += 1
      guard let row = table[id] else { continue }
      if toSkip > 0 {
        toSkip -= 1
      } else {
        rows.append(view.values(id, row))
      }
    }
    return rows
  }

  func space(_ resource: String) -> Int? {
    tables.firstIndex { $0.definition.name == resource }
  }

  func context(base: String, family: String, asker: String) -> ViewContext {
    ViewContext(
      base: base, family: family, asker: asker, seal: seal, denyListNames: knobs.denyListNames,
      now: clock())
  }

  func context(of call: GatewayCall) -> ViewContext {
    context(base: call.base, family: call.segments.first ?? "", asker: call.token)
  }
}

/// A request that the gateway let through.
struct GatewayCall {
  var method: String
  var address: CampaignAddress
  /// Origin, organisation and `/campaign`.
  var base: String
  /// Behind `/campaign`.
  var segments: [String]
  var token: String
  var client: String
  var body: [UInt8]

  func document() throws(CampaignFault) -> JSONValue {
    do {
      return try JSONDocument.parse(body)
    } catch {
      throw .badDocument
    }
  }
}
