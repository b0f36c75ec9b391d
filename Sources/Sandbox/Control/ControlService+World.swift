import Core

/// Looking at both sides, and changing them.
extension ControlService {
  func status() async -> JSONValue {
    let imports = await world.campaign.imports.map(\.json)
    let workflows = await world.campaign.workflowStates.sorted { $0.key < $1.key }
    var members = host.about.members ?? []
    members += [
      .init("seed", .number(String(world.seed))),
      .init("clock", .string(CalendarText.moment(world.clock.now.seconds))),
      .init("contacts", .number(String(await world.dataverse.count(of: "contact")))),
      .init("profiles", .number(String(await world.campaign.count(of: "profile")))),
      .init("tables", await counts(ControlService.tables) { await world.dataverse.count(of: $0) }),
      .init(
        "resources", await counts(ControlService.resources) { await world.campaign.count(of: $0) }),
      .init("workflows", .object(workflows.map { .init($0.key, .string($0.value)) })),
      .init("imports", .array(imports)),
      .init(
        "exports",
        .number(String(await world.events.files.count + world.optOuts.files.count))),
    ]
    return .object(members)
  }

  /// What the sandbox's jobs move, and where to.
  private static let tables = [
    "contact", "account", "cs_vehicle", "cs_service", "cs_serviceitem", "adobe_campaignemailsend",
    "adobe_campaignemailopen", "adobe_campaignemailclick", "adobe_campaignemailbounce",
  ]
  private static let resources = [
    "profile", "cusAccount", "cusVehicle", "cusService", "cusServiceItem",
  ]

  private func counts(
    _ names: [String], _ count: @Sendable (String) async -> Int
  ) async -> JSONValue {
    var members: [JSONValue.Member] = []
    for name in names { members.append(.init(name, .number(String(await count(name))))) }
    return .object(members)
  }

  /// `/state/dataverse/contact?offset=&count=`, `/state/campaign/profile?...`.
  func state(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    let offset = try call.number("offset", 0)
    let count = min(try call.number("count", 100), 10_000)
    guard call.path.count == 3 else {
      throw .control("show the state", "name a side and a table: dataverse/contact")
    }
    let name = call.path[2]
    let total: Int
    let rows: [JSONValue]
    switch call.path[1] {
    case "dataverse":
      total = await world.dataverse.count(of: name)
      rows = count == 0 ? [] : await world.dataverse.rows(of: name, offset: offset, count: count)
    case "campaign":
      total = await world.campaign.count(of: name)
      rows = await world.campaign.records(of: name, offset: offset, count: count)
    default: throw .control("show the state", "the sides are dataverse and campaign")
    }
    return [
      "total": .number(String(total)), "offset": .number(String(offset)), "rows": .array(rows),
    ]
  }

  /// `{"table": "contact", "updates": 500, "creates": 100, "deletes": 0, "seed": 7}`; also
  /// `recreates`, `restores`, `orphans`, `parents`, and `"set": [{"column": "statecode", "value":
  /// "1"}], "having": [...], "rows": 20`; for contacts `"optOuts": 20, "optOutsIn": "both"`.
  func mutate(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    var mutation = Mutation()
    mutation.creates = try call.number("creates", 0)
    mutation.updates = try call.number("updates", 0)
    mutation.deletes = try call.number("deletes", 0)
    mutation.recreates = try call.number("recreates", 0)
    mutation.restores = try call.number("restores", 0)
    mutation.orphans = try call.number("orphans", 0)
    mutation.parents = try call.number("parents", 0)
    mutation.set = ControlService.assignments(call.body["set"])
    mutation.having = ControlService.assignments(call.body["having"])
    if call.body["rows"] != nil { mutation.rows = try call.number("rows", 0) }
    mutation.seed = UInt64(try call.number("seed", 1))
    let table = call.body["table"]?.text ?? "contact"
    let optOuts = try optOutMutation(call, table)
    let report = try await world.dataverse.mutate(table: table, mutation).json
    guard let optOuts else { return report }
    let members = report.members ?? []
    return .object(members + [.init("optOuts", await world.mutate(optOuts).json)])
  }

  private static func assignments(_ json: JSONValue?) -> [Mutation.Assignment] {
    (json?.items ?? []).map {
      Mutation.Assignment(column: $0["column"]?.text ?? "", value: $0["value"]?.text ?? "")
    }
  }

  /// `{"job": "contacts", "files": [{"name": "jobs/contacts.yaml", "text": "..."}]}`.
  func compare(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    let files = (call.body["files"]?.items ?? []).map {
      (name: $0["name"]?.text ?? "", text: $0["text"]?.text ?? "")
    }
    let name = call.body["job"]?.text ?? ""
    if let events = try host.readEventJob(name, files) {
      return try await EventComparison(events).run(world.events, against: world.dataverse).json
    }
    if let optOuts = try host.readOptOutJob(name, files) {
      let comparison = OptOutComparison(optOuts.job, ingress: optOuts.ingress)
      return try await comparison.run(world).json
    }
    let settings = try host.readJob(name, files)
    var parents: [String: IngressSettings] = [:]
    for parent in settings.parents { parents[parent.job] = try host.readJob(parent.job, files) }
    let result = try await Comparison.run(
      settings, parents: parents, dataverse: world.dataverse, campaign: world.campaign)
    return result.json
  }

  /// `{"advance": 600}`: seconds.
  func advanceClock(_ call: ControlCall) throws(SyncError) -> JSONValue {
    world.clock.advance(by: .seconds(try call.number("advance", 0)))
    return ["clock": .string(CalendarText.moment(world.clock.now.seconds))]
  }
}
