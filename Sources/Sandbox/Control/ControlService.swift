import Core
import HTTP
import JSONPages

/// What an operator or a test asks of the sandbox itself: JSON in, JSON out.
///
/// - Shape: 200 with a document; 400 with `{"error": {...}}` in the words of a `SyncError`.
package struct ControlService: SandboxService {
  /// The settings of one job, from the texts of all job files.
  package typealias JobReader =
    @Sendable (_ job: String, _ files: [(name: String, text: String)]) throws(SyncError)
    -> IngressSettings

  /// The same for an egress job; nil where the job is of another kind.
  package typealias EventJobReader =
    @Sendable (_ job: String, _ files: [(name: String, text: String)]) throws(SyncError)
    -> EgressSettings?

  /// The same for an opt-out job, with the ingress jobs of the folder: they may map opt-outs too.
  package typealias OptOutJobReader =
    @Sendable (_ job: String, _ files: [(name: String, text: String)]) throws(SyncError)
    -> (job: OptOutSettings, ingress: [IngressSettings])?

  /// What the process around the world can do.
  package struct Host: Sendable {
    /// Ports, folders, process id.
    package var about: JSONValue
    package var readJob: JobReader
    package var readEventJob: EventJobReader
    package var readOptOutJob: OptOutJobReader
    package var dropSessions: @Sendable () throws(SyncError) -> Void
    package var stop: @Sendable () -> Void

    package init(
      about: JSONValue, readJob: @escaping JobReader,
      readEventJob: @escaping EventJobReader = { _, _ in nil },
      readOptOutJob: @escaping OptOutJobReader = { _, _ in nil },
      dropSessions: @escaping @Sendable () throws(SyncError) -> Void,
      stop: @escaping @Sendable () -> Void
    ) {
      self.about = about
      self.readJob = readJob
      self.readEventJob = readEventJob
      self.readOptOutJob = readOptOutJob
      self.dropSessions = dropSessions
      self.stop = stop
    }
  }

  let world: SandboxWorld
  let host: Host

  package init(_ world: SandboxWorld, host: Host) {
    self.world = world
    self.host = host
  }

  package func answer(_ request: HTTPRequest) async -> SandboxAnswer {
    do throws(SyncError) {
      let body: JSONValue =
        request.body.isEmpty ? [:] : try ControlService.document(request.body)
      let call = ControlCall(request, body: body)
      return .response(ControlService.response(200, try await reply(to: call)))
    } catch {
      return .response(ControlService.response(400, ["error": error.json]))
    }
  }

  /// Reads what the control endpoint answered.
  package static func document(_ bytes: [UInt8]) throws(SyncError) -> JSONValue {
    do {
      return try JSONDocument.parse(bytes)
    } catch {
      throw SyncError(
        .configuration, "read the sandbox's control message", "it is no JSON",
        next: "send a JSON object")
    }
  }

  private static func response(_ status: Int, _ body: JSONValue) -> HTTPResponse {
    HTTPResponse(
      status, headers: [HTTPHeader("Content-Type", "application/json")],
      body: body.encoded + [0x0A])
  }

  private func reply(to call: ControlCall) async throws(SyncError) -> JSONValue {
    switch (call.method, call.path.first ?? "") {
    case ("GET", "status"): return await status()
    case ("GET", "state"): return try await state(call)
    case ("GET", "meters"): return await meters()
    case ("GET", "knobs"): return await knobs()
    case ("POST", "knobs"): return try await turnKnobs(call)
    case ("POST", "meters"): return await resetMeters()
    case ("GET", "faults"): return await faults()
    case ("POST", "faults"): return try await addFaults(call)
    case ("DELETE", "faults"): return try await clearFaults(call)
    case ("POST", "mutate"): return try await mutate(call)
    case ("POST", "export-events"): return try await exportEvents(call)
    case ("POST", "export-opt-outs"): return try await exportOptOuts(call)
    case ("POST", "opt-out"): return try await setOptOut(call)
    case ("POST", "compare"): return try await compare(call)
    case ("POST", "clock"): return try advanceClock(call)
    case ("POST", "revoke"): return try await revoke(call)
    case ("POST", "metadata-change"): return await changeMetadata()
    case ("POST", "workflow"): return try await setWorkflow(call)
    case ("POST", "drop-sessions"):
      try host.dropSessions()
      return [:]
    case ("POST", "stop"):
      host.stop()
      return [:]
    default:
      throw .control("\(call.method) /\(call.path.joined(separator: "/"))", "nothing answers there")
    }
  }
}

/// A request to the control endpoint, taken apart.
struct ControlCall {
  var method: String
  var path: [String]
  var query: [(name: String, value: String)]
  var body: JSONValue

  init(_ request: HTTPRequest, body: JSONValue) {
    let address = CampaignAddress(request.url)
    method = request.method
    path = address?.segments ?? []
    query = address?.query ?? []
    self.body = body
  }

  func number(_ name: String, _ standard: Int) throws(SyncError) -> Int {
    let text = query.first { $0.name == name }?.value
    guard let value = text.map({ Int($0) }) ?? body[name].map({ $0.integer }) else {
      return standard
    }
    guard let value, value >= 0 else {
      throw .control("use \(name)", "it must be a whole number from 0 on")
    }
    return value
  }
}

extension SyncError {
  static func control(_ action: String, _ reason: String) -> SyncError {
    SyncError(
      .configuration, action, reason, next: "`campaign-sync-sandbox --help` names what there is")
  }

  package var json: JSONValue {
    [
      "status": .number(String(kind.rawValue)), "action": .string(action),
      "reason": .string(reason), "code": code.map(JSONValue.string) ?? .null,
      "next": next.map(JSONValue.string) ?? .null,
    ]
  }

  /// The error that `json` describes.
  package init(_ json: JSONValue) {
    self.init(
      json["status"]?.integer.flatMap { Kind(rawValue: Int32($0)) } ?? .bug,
      json["action"]?.text ?? "ask the sandbox", json["reason"]?.text ?? "it said nothing known",
      code: json["code"]?.text, next: json["next"]?.text)
  }
}
