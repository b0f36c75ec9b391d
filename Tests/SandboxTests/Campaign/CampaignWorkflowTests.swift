import Core
import Sandbox
import Testing

@Suite("Campaign stand-in: workflow")
struct CampaignWorkflowTests {
  typealias Visitor = CampaignVisitor
  static let path = "/workflow/execution/WKF101"
  static let signal: JSONValue = [
    "source": "test", "parameters": ["files": "imports/contacts-000001-*.csv.gz"],
  ]

  func trigger(_ visitor: Visitor) async -> String {
    await visitor.get(CampaignWorkflowTests.path).json["activities"]?["activity"]?["signal1"]?[
      "trigger"]?["href"]?.text ?? ""
  }

  @Test("The workflow shows its state, its signal, and what the signal declares")
  func shown() async throws {
    let visitor = await Visitor()
    let answer = await visitor.get(Self.path)
    #expect(answer.json["state"] == "started")
    let signal = answer.json["activities"]?["activity"]?["signal1"]
    #expect(signal?["parameters"]?["parameter"] == [["name": "files", "type": "string"]])
    #expect(signal?["trigger"]?["href"]?.text?.hasSuffix("/trigger/") ?? false)
    try await visitor.service.apply(knobs: ["showState": false, "showParameters": false])
    #expect(await visitor.get(Self.path).json["state"] == nil)
    #expect(await visitor.get("/workflow/execution/WKF999").status == 404)
    #expect(await visitor.get("/workflow/execution/@x").status == 500)
  }

  @Test("A second signal within ten minutes is text and no signal")
  func window() async throws {
    let visitor = await Visitor()
    let href = await trigger(visitor)
    #expect(await visitor.call("POST", href, Self.signal).json == .object([]))
    visitor.clock.advance(599)
    let early = await visitor.call("POST", href, Self.signal)
    #expect(early.status == 200 && early.json == .null && !early.text.isEmpty)
    try await visitor.service.apply(knobs: ["earlySignalStatus": 500])
    #expect(await visitor.call("POST", href, Self.signal).status == 500)
    visitor.clock.advance(1)
    #expect(await visitor.call("POST", href, Self.signal).json == .object([]))
    #expect(await visitor.service.meters.signals == 2)
  }

  static let misfits: [(body: String, text: String)] = [
    (#"{"parameters":{"files":"x"}}"#, "source"),
    (#"{"source":"a","parameters":{"files":"x","more":1}}"#, "'more' parameter isn't defined"),
    (#"{"source":"a","parameters":{"files":1}}"#, "not of type"),
    (#"{"source":"a"}"#, "missing"),
    (#"{"source":""# + String(repeating: "x", count: 65536) + #""}"#, "64 KB"),
  ]

  @Test("A signal that does not fit its declaration is 500 text", arguments: misfits)
  func refused(body: String, text: String) async {
    let visitor = await Visitor()
    let answer = await visitor.call("POST", await trigger(visitor), text: body)
    #expect(answer.status == 500)
    #expect(answer.text.contains("RST-36") && answer.text.contains(text))
  }

  @Test("Only a started workflow takes a signal; commands change its state")
  func commands() async {
    let visitor = await Visitor()
    let href = await trigger(visitor)
    for (method, state) in [("pause", "warning"), ("resume", "started"), ("stop", "finished")] {
      let body: JSONValue = ["method": .string(method)]
      #expect(await visitor.call("POST", Self.path + "/commands", body).status == 204)
      #expect(await visitor.get(Self.path).json["state"] == .string(state))
    }
    #expect(await visitor.call("POST", href, Self.signal).status == 500)
    _ = await visitor.call("POST", Self.path + "/commands", ["method": "start"])
    #expect(await visitor.call("POST", href, Self.signal).status == 200)
  }
}
