import Core
import HTTP

/// A workflow as it runs.
struct WorkflowState: Sendable {
  package enum Status: String, Sendable, CaseIterable {
    case edition, started, finished, warning, error
  }
  var definition: WorkflowDefinition
  var status: Status
  var lastSignal: Instant?
}

extension CampaignService {
  /// `/workflow/execution/<id>`, its commands and the trigger of its signal activity.
  func workflow(_ call: GatewayCall) throws(CampaignFault) -> HTTPResponse {
    let rest = call.segments
    guard rest.count >= 3, rest[1] == "execution" else {
      throw .campaign(404, "RST-360000 Unknown resource.")
    }
    let number = try workflowNumber(rest[2])
    switch (call.method, rest.dropFirst(3).joined(separator: "/")) {
    case ("GET", ""): return .json(200, document(number, call))
    case ("POST", "commands"): return try command(number, call)
    case ("POST", let path)
    where rest.count == 7 && path.hasPrefix("activities/activity/")
      && path.hasSuffix("/trigger"):
      let activity = seal.open(rest[5], as: .activity)
      guard let activity, activity.space == number else {
        throw .campaign(500, "XTK-170036 Unable to parse expression '@id = \(rest[5])'.")
      }
      return try trigger(number, call)
    default: throw .campaign(404, "RST-360000 Unknown resource.")
    }
  }

  /// By its ID in the address that a person writes, by handle in those that Campaign gives.
  private func workflowNumber(_ segment: String) throws(CampaignFault) -> Int {
    if let number = workflows.firstIndex(where: { $0.definition.id == segment }) { return number }
    if let content = seal.open(segment, as: .workflow), workflows.indices.contains(content.space) {
      return content.space
    }
    guard !segment.hasPrefix("@") else {
      throw .campaign(500, "XTK-170036 Unable to parse expression '@id = \(segment)'.")
    }
    throw .campaign(
      404,
      "Unable to find document with path 'Workflow' from key '\(segment):0' (document with schema"
        + " 'xtk:workflow' and name '\(segment)')")
  }

  private func document(_ number: Int, _ call: GatewayCall) -> JSONValue {
    let state = workflows[number]
    let definition = state.definition
    let root = call.base + "/workflow/execution/"
    let handle = seal.handle(
      .init(use: .workflow, space: number, id: 0, detail: 0), asker: call.token)
    let activity = seal.handle(
      .init(use: .activity, space: number, id: 1, detail: 0), asker: call.token)
    var signal: [JSONValue.Member] = [
      JSONValue.Member("PKey", .string(activity)),
      JSONValue.Member("label", .string(definition.signal)),
      JSONValue.Member("name", .string(definition.signal)),
      JSONValue.Member(
        "trigger", ["href": .string("\(root)\(handle)/activities/activity/\(activity)/trigger/")]),
    ]
    if knobs.showParameters {
      let parameters = definition.parameters.map { parameter -> JSONValue in
        ["name": .string(parameter.name), "type": .string(parameter.type.rawValue)]
      }
      signal.append(JSONValue.Member("parameters", ["parameter": .array(parameters)]))
    }
    var members: [JSONValue.Member] = [
      JSONValue.Member("PKey", .string(handle)),
      JSONValue.Member("name", .string(definition.id)),
      JSONValue.Member("label", .string(definition.label)),
      JSONValue.Member("href", .string(root + handle)),
      JSONValue.Member(
        "activities",
        ["activity": .object([JSONValue.Member(definition.signal, .object(signal))])]),
      JSONValue.Member("commands", ["href": .string(root + handle + "/commands/")]),
      JSONValue.Member("nextProcessingDate", ""),
    ]
    if knobs.showState {
      members.append(JSONValue.Member("state", .string(state.status.rawValue)))
      members.append(JSONValue.Member("logicalStatus", .string(state.status.rawValue)))
    }
    return .object(members)
  }

  private func command(_ number: Int, _ call: GatewayCall) throws(CampaignFault) -> HTTPResponse {
    let method = try call.document()["method"]?.text
    switch method {
    case "start", "resume": workflows[number].status = .started
    case "pause": workflows[number].status = .warning
    case "stop": workflows[number].status = .finished
    default: throw .campaign(500, "RST-360000 Unknown method '\(method ?? "")'.")
    }
    return HTTPResponse(204)
  }

  // MARK: The signal

  private func trigger(_ number: Int, _ call: GatewayCall) throws(CampaignFault) -> HTTPResponse {
    let definition = workflows[number].definition
    guard call.body.count <= 64 << 10 else {
      throw .campaign(500, "RST-360000 The payload is larger than 64 KB.")
    }
    let body = try call.document()
    guard let source = body["source"]?.text, !source.isEmpty else {
      throw .signal("The 'source' parameter is mandatory.")
    }
    let sent = body["parameters"]?.members ?? []
    for parameter in sent {
      guard let declared = definition.parameters.first(where: { $0.name == parameter.name }) else {
        throw .signal("'\(parameter.name)' parameter isn't defined in signal activity.")
      }
      guard declared.type.takes(parameter.value) else {
        throw .signal("'\(parameter.name)' parameter is not of type '\(declared.type.rawValue)'.")
      }
    }
    for declared in definition.parameters
    where !sent.contains(where: { $0.name == declared.name }) {
      throw .signal("'\(declared.name)' parameter is missing.")
    }
    guard workflows[number].status == .started else {
      throw .signal("The workflow '\(definition.id)' is not started.")
    }
    let now = clock()
    if let last = workflows[number].lastSignal, now - last < .seconds(knobs.signalWindow) {
      return .text(
        knobs.earlySignalStatus,
        "The signal activity '\(definition.signal)' cannot be triggered more often than every"
          + " 10 minutes.")
    }
    workflows[number].lastSignal = now
    meters.signals += 1
    queueImport(number, sent)
    return .json(200, [:])
  }
}

extension WorkflowDefinition.ParameterType {
  func takes(_ value: JSONValue) -> Bool {
    switch (self, value) {
    case (.string, .string), (.number, .number), (.boolean, .bool): true
    case (.datetime, .string(let text)): CampaignTime.instant(text) != nil
    default: false
    }
  }
}

extension CampaignFault {
  static func signal(_ reason: String) -> CampaignFault {
    let expression = "'HandleTrigger(@name, $(source), $({parameters}))'"
    return campaign(
      500, reason, "XTK-170006 Unable to parse expression \(expression).",
      "RST-360000 Error while assessing \(expression) expression"
        + " ('xtk:workflow:execution/activities/signal/trigger' resource)")
  }
}
