import Core
import HTTP
import Testing

@testable import Campaign

@Suite("The import workflow and its signal")
struct CampaignImportTests {
  static let parameters = [
    "files": "imports/contacts-000012-*.csv.gz", "rows": "1200", "dryRun": "false",
  ]

  private func trigger(
    _ script: ScriptedCampaign, _ parameters: [String: String] = parameters
  ) async throws -> TriggerOutcome {
    try await client(script).trigger(
      workflow: "WKF101", signal: "signal1", source: "contacts-000012", parameters: parameters)
  }

  private func workflow(_ status: String? = nil, signal: String = "signal1") -> HTTPResponse {
    let state = status.map { "\"state\":\"\($0)\"," } ?? ""
    let href = "\(base)/workflow/execution/@w/activities/activity/@a/trigger/"
    return text(
      200,
      "{\(state)\"activities\":{\"activity\":{\"\(signal)\":{\"trigger\":{\"href\":\"\(href)\"}}}}}"
    )
  }

  @Test("The description: status, parameters and whether the signal is there")
  func describes() async throws {
    let script = try ScriptedCampaign(
      answer(200, "workflow.started.json"), workflow(signal: "other"))
    let campaign = client(script)
    let types = ["files": "string", "rows": "long", "dryRun": "boolean"]
    #expect(
      try await campaign.describe(workflow: "WKF101", signal: "signal1")
        == WorkflowDescription(status: .started, parameters: types, hasSignal: true))
    #expect(
      try await campaign.describe(workflow: "WKF101", signal: "signal1")
        == WorkflowDescription(status: .unknown, parameters: nil, hasSignal: false))
    #expect(await script.lines[0] == "GET \(base)/workflow/execution/WKF101")
  }

  @Test("The signal goes to its own link, values in their declared types")
  func triggers() async throws {
    let script = try ScriptedCampaign(answer(200, "workflow.started.json"), text(200, "{}"))
    #expect(try await trigger(script) == .triggered)
    #expect(
      await script.lines[1]
        == "POST \(base)/workflow/execution/@wf1/activities/activity/@ac2/trigger/")
    #expect(
      String(decoding: await script.requests[1].body, as: UTF8.self)
        == #"{"source":"contacts-000012","parameters":{"dryRun":false,"#
        + #""files":"imports/contacts-000012-*.csv.gz","rows":1200}}"#)
    #expect(await script.requests[1].isIdempotent == false)
  }

  @Test(
    "What the answer to the signal means",
    arguments: [
      (ScriptedCampaign.Step.answer(text(200, "{}")), TriggerOutcome.triggered),
      (.answer(text(204)), .triggered),
      (.answer(text(200, "The signal was already sent.")), .notNow),
      (.answer(text(500, "The signal was already sent.")), .notNow),
      (.answer(text(500, "RST-360011 x\nXTK-170006 y")), .refused(code: "XTK-170006")),
      (.answer(text(200)), .unknown),
      (.answer(text(200, "<html>")), .unknown),
      (.answer(text(502, "<html>")), .unknown),
      (.answer(text(500, CampaignFaultTests.oops)), .unknown),
      (.failure(.broken), .unknown),
    ])
  func outcome(_ step: ScriptedCampaign.Step, _ expected: TriggerOutcome) async throws {
    let script = ScriptedCampaign([.answer(workflow("started")), step])
    #expect(try await trigger(script) == expected)
  }

  @Test(
    "A workflow that does not wait is not signalled; the words say what to do",
    arguments: [
      ("edition", "start it", SyncError.Kind.configuration),
      ("finished", "start it", .configuration), ("warning", "resume it", .configuration),
      ("error", "restart it", .rejectedData),
    ])
  func idle(_ state: String, _ words: String, _ kind: SyncError.Kind) async throws {
    let script = ScriptedCampaign(workflow(state))
    let error = try await failure { try await trigger(script) }
    #expect(error.kind == kind)
    #expect(error.next?.contains(words) == true)
    #expect(await script.requests.count == 1)
  }

  @Test("Without a status nobody knows: it is signalled")
  func noStatus() async throws {
    #expect(try await trigger(ScriptedCampaign(workflow(), text(200, "{}"))) == .triggered)
  }

  @Test("Parameters that are not exactly the declared ones are refused before the signal")
  func undeclared() async throws {
    for (given, word) in [
      (Self.parameters.merging(["file": "x"]) { $1 }, "file"),
      (["files": "x", "rows": "1"], "dryRun"),
    ] {
      let script = try ScriptedCampaign(answer(200, "workflow.started.json"))
      let error = try await failure { try await trigger(script, given) }
      #expect(error.kind == .configuration)
      #expect(error.reason.contains(word))
      #expect(await script.requests.count == 1)
    }
  }

  @Test("A signal holds 64 KB and no more")
  func tooLarge() async throws {
    let script = ScriptedCampaign(workflow())
    let long = String(repeating: "x", count: 64 << 10)
    let error = try await failure { try await trigger(script, ["files": long]) }
    #expect(error.reason.contains("64 KB"))
    #expect(await script.requests.count == 1)
  }

  @Test("No such workflow, no such signal, a trigger elsewhere: configuration, in words")
  func missing() async throws {
    let gone = try await failure { try await trigger(ScriptedCampaign(text(404, "RST-360011 x"))) }
    #expect(gone.kind == .configuration)
    #expect(gone.next?.contains("import.workflow") == true)
    let other = try await failure { try await trigger(ScriptedCampaign(workflow(signal: "s2"))) }
    #expect(other.next?.contains("import.signal") == true)
    let elsewhere = String(decoding: workflow().body, as: UTF8.self)
      .replacing("mc.adobe.io", with: "example.org")
    let foreign = try await failure { try await trigger(ScriptedCampaign(text(200, elsewhere))) }
    #expect(foreign.kind == .protocolBroken)
  }

  @Test("Parameters may be declared as a list")
  func listed() {
    let document = WorkflowDocument([
      "logicalStatus": "started",
      "activities": [
        "activity": [
          [
            "name": "signal1", "trigger": ["href": "x"],
            "parameters": ["parameter": [["name": "files", "type": "string"]]],
          ]
        ]
      ],
    ])
    #expect(document.parameters("signal1") == ["files": "string"])
    #expect(document.status == .started)
  }
}
