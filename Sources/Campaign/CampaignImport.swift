import Core
import HTTP
import JSONPages

extension CampaignClient: ImportWorkflow {
  package func describe(
    workflow: String, signal: String
  ) async throws(SyncError) -> WorkflowDescription {
    let found = try await read(workflow)
    return WorkflowDescription(
      status: found.status, parameters: found.parameters(signal),
      hasSignal: found.trigger(signal) != nil)
  }

  /// - Note: what cannot go well is refused before the request, in words.
  package func trigger(
    workflow: String, signal: String, source: String, parameters: [String: String]
  ) async throws(SyncError) -> TriggerOutcome {
    let action = "signal the workflow \(workflow)"
    let found = try await read(workflow)
    guard let url = found.trigger(signal) else {
      throw .signalMissing(signal, in: workflow, action)
    }
    try checkOrigin(of: url, for: action)
    try checkStarted(found.status, workflow, action)
    let declared = found.parameters(signal)
    try check(parameters, against: declared, signal, action)
    let body = signalBody(source: source, parameters, declared)
    guard body.encoded.count <= CampaignClient.signalLimit else { throw .signalTooLarge(action) }

    let response: HTTPResponse
    do {
      response = try await send("POST", url, body: body)
    } catch {
      guard error.kind == .broken || error.kind == .tooLarge else {
        throw error.error(while: action, with: "Campaign")
      }
      return .unknown
    }
    return try outcome(of: response, action)
  }

  private static let signalLimit = 64 << 10

  private func read(_ workflow: String) async throws(SyncError) -> WorkflowDocument {
    let action = "read the workflow \(workflow)"
    let url = "\(base)/workflow/execution/\(PercentEncoding.encode(workflow))"
    let response = try await response(at: url, for: action)
    if let fault = CampaignFault(response) {
      switch fault.cause {
      case .notFound, .data: throw .workflowMissing(workflow, fault.code, action)
      default: throw fault.errorInRun(action)
      }
    }
    return WorkflowDocument(try parse(response.body, for: action))
  }

  private func checkStarted(
    _ status: WorkflowDescription.Status, _ workflow: String, _ action: String
  ) throws(SyncError) {
    switch status {
    case .started, .unknown: return
    case .editing, .finished: throw .workflowIdle(workflow, "is not started", "start it", action)
    case .warning:
      throw .workflowIdle(workflow, "is paused, or could not finish", "resume it", action)
    case .error:
      var error = SyncError.workflowIdle(
        workflow, "stands in error", "mend the activity marked red, restart it", action)
      error.kind = .rejectedData
      throw error
    }
  }

  private func check(
    _ given: [String: String], against declared: [String: String]?, _ signal: String,
    _ action: String
  ) throws(SyncError) {
    guard let declared else { return }
    if let name = given.keys.sorted().first(where: { declared[$0] == nil }) {
      throw .parameters("\(signal) declares no parameter \(name)", action)
    }
    if let name = declared.keys.sorted().first(where: { given[$0] == nil }) {
      throw .parameters("\(signal) declares the parameter \(name), and it is not given", action)
    }
  }

  private func outcome(
    of response: HTTPResponse, _ action: String
  ) throws(SyncError) -> TriggerOutcome {
    guard let fault = CampaignFault(response) else {
      // Too early, Campaign says so in words, with a success status. JSON, or 204, is a trigger.
      let first = response.body.first { $0 > 0x20 }
      if first == nil { return response.status == 204 ? .triggered : .unknown }
      if first == 0x3C { return .unknown }
      return (try? JSONDocument.parse(response.body)) == nil ? .notNow : .triggered
    }
    switch fault.cause {
    case .data: return .refused(code: fault.code)
    case .unknownText: return .notNow
    case .gateway: return .unknown
    case .unroutable where fault.status >= 500: return .unknown
    default: throw fault.errorInRun(action)
    }
  }
}

/// `source` is mandatory; a value has the type of its declaration, text where there is none.
func signalBody(
  source: String, _ parameters: [String: String], _ declared: [String: String]?
) -> JSONValue {
  let fields = parameters.sorted { $0.key < $1.key }.map { name, value in
    JSONValue.Member(name, typed(value, as: declared?[name] ?? "string"))
  }
  return .object([.init("source", .string(source)), .init("parameters", .object(fields))])
}

private func typed(_ value: String, as type: String) -> JSONValue {
  switch type {
  case "boolean", "bool":
    value == "true" ? true : value == "false" ? false : .string(value)
  case "number", "integer", "long", "float", "double":
    isJSONNumber(value) ? .number(value) : .string(value)
  default: .string(value)
  }
}

extension SyncError {
  fileprivate static func workflowMissing(
    _ workflow: String, _ code: String, _ action: String
  ) -> SyncError {
    SyncError(
      .configuration, action, "Campaign has no workflow of that id", code: code,
      next: "check `import.workflow`: it is the id, such as WKF101, not the label")
  }

  fileprivate static func signalMissing(
    _ signal: String, in workflow: String, _ action: String
  ) -> SyncError {
    SyncError(
      .configuration, action, "\(workflow) has no External signal activity named \(signal)",
      next: "check `import.signal`, and that the workflow is started"
        + " (docs/import-workflow.md, step 3)")
  }

  fileprivate static func workflowIdle(
    _ workflow: String, _ state: String, _ cure: String, _ action: String
  ) -> SyncError {
    SyncError(
      .configuration, action, "\(workflow) \(state)", next: "\(cure) in Campaign, then run again")
  }

  fileprivate static func parameters(_ reason: String, _ action: String) -> SyncError {
    SyncError(
      .configuration, action, reason,
      next: "give `import.parameters` the very names that the signal declares")
  }

  fileprivate static func signalTooLarge(_ action: String) -> SyncError {
    SyncError(
      .configuration, action, "source and parameters take more than the 64 KB of a signal",
      next: "shorten the values of `import.parameters`")
  }
}
