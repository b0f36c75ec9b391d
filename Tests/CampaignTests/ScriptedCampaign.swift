import Core
import Foundation
import HTTP
import Testing

@testable import Campaign

/// A transport that plays answers in their order, and remembers what it was asked.
actor ScriptedCampaign: Transport {
  enum Step: Sendable {
    case answer(HTTPResponse)
    case failure(TransportFailure.Kind)
  }

  private var steps: [Step]
  private(set) var requests: [HTTPRequest] = []

  init(_ steps: [Step]) { self.steps = steps }
  init(_ answers: HTTPResponse...) { steps = answers.map(Step.answer) }

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    requests.append(request)
    guard !steps.isEmpty else { throw TransportFailure(.unreachable, code: "script ended") }
    switch steps.removeFirst() {
    case .answer(let response): return response
    case .failure(let kind): throw TransportFailure(kind, code: "scripted")
    }
  }

  var lines: [String] { requests.map { "\($0.method) \($0.url)" } }
}

let base = "https://mc.adobe.io/acme-mkt-stage/campaign"
let profiles = "\(base)/profileAndServicesExt/profile"
let key = "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d"

func client(_ transport: ScriptedCampaign) -> CampaignClient {
  CampaignClient(
    url: "https://mc.adobe.io/acme-mkt-stage/", apiKey: "cid-123", transport: transport)
}

let profileSchema = ResourceSchema(
  name: "profile", family: .profileAndServicesExt,
  fields: [
    FieldSchema(name: "externalId", kind: .text),
    FieldSchema(name: "blackListEmail", alias: "denyListEmail", kind: .boolean),
  ])

func store(_ transport: ScriptedCampaign) throws -> CampaignStore {
  try client(transport).store(for: profileSchema, key: "externalId")
}

/// The bytes of `fixtures/campaign/<name>`.
func fixture(_ name: String) throws -> [UInt8] {
  let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  return Array(try Data(contentsOf: root.appending(path: "fixtures/campaign/\(name)")))
}

func answer(_ status: Int, _ name: String) throws -> HTTPResponse {
  HTTPResponse(status, body: try fixture(name))
}

func text(_ status: Int, _ body: String = "") -> HTTPResponse {
  HTTPResponse(status, body: Array(body.utf8))
}

/// The error that the work throws.
func failure<Value>(
  _ work: () async throws -> Value
) async throws -> SyncError {
  do {
    _ = try await work()
  } catch let error as SyncError {
    return error
  }
  Issue.record("nothing was thrown")
  throw CancellationError()
}
