import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct FaultyServiceTests {
  /// Counts what reaches it.
  private actor Counter: SandboxService {
    var count = 0
    func answer(_ request: HTTPRequest) -> SandboxAnswer {
      count += 1
      return .response(HTTPResponse(200, body: Array("0123456789".utf8)))
    }
  }
  private func name(_ answer: SandboxAnswer) -> String {
    switch answer {
    case .response(let response): String(response.status)
    case .cut(_, let bytes): "cut \(bytes)"
    case .reset: "reset"
    }
  }

  @Test("A rule strikes after so many requests, so many times, and only where it matches")
  func rule() async {
    let plan = FaultPlan([
      FaultRule(.resetBefore, method: "GET", path: "/contacts", after: 1, times: 2)
    ])
    let service = FaultyService(Counter(), plan: plan)
    var names: [String] = []
    for (method, path) in [
      ("GET", "contacts"), ("POST", "contacts"), ("GET", "contacts"), ("GET", "accounts"),
      ("GET", "contacts"), ("GET", "contacts"),
    ] {
      names.append(name(await service.answer(HTTPRequest(method, "http://x/\(path)"))))
    }
    #expect(names == ["200", "200", "reset", "200", "reset", "200"])
    #expect(await plan.struck == 2)
  }

  @Test(
    "Each fault, and whether the request was executed",
    arguments: [
      ("throttled", "429", 0), ("unavailable", "503", 0), ("badGateway", "502", 0),
      ("deadlock", "500", 0), ("resetBefore", "reset", 0), ("resetAfter", "reset", 1),
      ("cut", "cut 9", 1), ("badKey", "200", 1), ("revoked", "401", 0),
    ])
  func faults(fault: String, expected: String, executed: Int) async throws {
    let inner = Counter()
    let rule = FaultRule(try #require(Fault(named: fault)))
    let service = FaultyService(inner, plan: FaultPlan([rule]))
    #expect(name(await service.answer(HTTPRequest("GET", "http://x/"))) == expected)
    #expect(await inner.count == executed)
  }

  @Test("Chance comes from the seed")
  func random() async throws {
    var stories: [[String]] = []
    for _ in 0..<2 {
      let plan = FaultPlan(
        random: RandomFaults(seed: 9, percent: 30, faults: [.resetBefore, .resetAfter]))
      let service = FaultyService(Counter(), plan: plan)
      var story: [String] = []
      for _ in 0..<60 {
        story.append(name(await service.answer(HTTPRequest("GET", "http://x/"))))
      }
      stories.append(story)
    }
    #expect(stories[0] == stories[1])
    #expect((5..<40).contains(stories[0].count { $0 == "reset" }))
  }

  @Test("A plan says of itself what it can be told")
  func json() async throws {
    let text = """
      {"rules":[{"fault":"throttled","path":"contacts","after":2,"times":-1,"retryAfter":7},
      {"fault":"status","status":418,"body":"x"},{"fault":"cut","bytes":5}],
      "random":{"seed":3,"percent":10,"faults":["slow","revoked"]}}
      """
    let script = try #require(FaultScript(json: try JSONDocument.parse(Array(text.utf8))))
    #expect(script.rules.count == 3)
    #expect(script.rules[0].times == nil)
    #expect(script.random?.faults.count == 2)
    #expect(FaultScript(json: script.json) == script)
    #expect(FaultScript(json: ["rules": [["fault": "nonsense"]]]) == nil)
    let plan = FaultPlan()
    #expect(await plan.set(script.json))
    #expect(FaultScript(json: await plan.json) == script)
  }
}
