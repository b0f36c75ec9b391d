import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct ServiceLimitsTests {
  @Test("The request limit answers 429 with a wait, and forgives who waits")
  func requestLimit() async throws {
    let fixture = try await DataverseFixture { $0.requestLimit = 5 }
    for _ in 0..<5 { #expect(try await fixture.fault("GET", "WhoAmI") == "200 ") }
    let refused = try await fixture.send("GET", "WhoAmI")
    #expect(refused.status == 429)
    #expect(refused["Retry-After"] == "5")
    #expect(refused["x-ms-ratelimit-burst-remaining-xrm-requests"] == "0")
    #expect(refused["x-ms-dop-hint"] == "4")
    fixture.clock.advance(by: .seconds(301))
    #expect(try await fixture.fault("GET", "WhoAmI") == "200 ")
    #expect(await fixture.service.counters.violations == 0)
  }

  @Test("Who does not wait waits longer, and is counted")
  func impatience() async throws {
    let fixture = try await DataverseFixture { $0.requestLimit = 1 }
    _ = try await fixture.send("GET", "WhoAmI")
    var waits: [Int] = []
    for _ in 0..<4 {
      let refused = try await fixture.send("GET", "WhoAmI")
      waits.append(try #require(refused["Retry-After"].flatMap { Int($0) }))
      fixture.clock.advance(by: .seconds(1))
    }
    #expect(waits == [5, 10, 20, 40])
    #expect(await fixture.service.counters.violations == 3)
    #expect(await fixture.service.counters.throttled == 4)
  }

  @Test("Execution time is a budget of its own, by a model of rows and cells")
  func executionTime() async throws {
    let fixture = try await DataverseFixture {
      $0.executionLimit = 100
      $0.requestCost = 40
      $0.decimalCodes = true
      $0.retryAfterIsDate = true
    }
    for _ in 0..<3 { _ = try await fixture.send("GET", "WhoAmI") }
    let refused = try await fixture.send("GET", "WhoAmI")
    #expect(try JSONDocument.parse(refused.body)["error"]?["code"] == "-2147015903")
    #expect(refused["Retry-After"]?.hasSuffix(" GMT") == true)
  }

  @Test("Servers have counters of their own, unless a cookie keeps to one")
  func servers() async throws {
    let spread = try await DataverseFixture {
      $0.servers = 3
      $0.requestLimit = 2
    }
    for _ in 0..<6 { #expect(try await spread.fault("GET", "WhoAmI") == "200 ") }
    #expect(try await spread.send("GET", "WhoAmI").status == 429)
    let sticky = try await DataverseFixture {
      $0.servers = 3
      $0.requestLimit = 2
    }
    let cookie = ["Cookie": "ARRAffinity=server1"]
    for status in [200, 200, 429] {
      #expect(try await sticky.send("GET", "WhoAmI", cookie).status == status)
    }
  }

  @Test("More requests in flight than allowed are refused at once")
  func concurrency() async throws {
    let fixture = try await DataverseFixture {
      $0.concurrencyLimit = 4
      $0.pace = 1_000_000  // they stay until they are sent off
    }
    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask { try await fixture.send("GET", "WhoAmI").status }
      }
      var statuses: [Int?] = []
      for _ in 0..<8 {
        if statuses.count == 4 { group.cancelAll() }
        statuses.append(try await group.next())
      }
      return statuses
    }
    #expect(statuses == [429, 429, 429, 429, 200, 200, 200, 200])
  }

  @Test("Each application user goes round the servers, whoever else asks")
  func turns() async throws {
    var world = DataverseWorld()
    world.rows = ["contact": 3]
    world.clients.append(.init(id: "22222222-2222-3333-4444-555555555555", secret: "other"))
    var knobs = DataverseKnobs()
    knobs.servers = 2
    let service = DataverseService(
      world: world, clock: SandboxClock(base: Instant(seconds: 9), isRunning: false), knobs: knobs)
    let tokens = [
      try await DataverseFixture.grant(service), try await DataverseFixture.grant(service, user: 1),
    ]
    for turn in 0..<12 {
      let header = HTTPHeader("Authorization", "Bearer \(tokens[turn % 2])")
      let response = try await DataverseFixture.send(
        service, HTTPRequest("GET", DataverseFixture.api + "WhoAmI", headers: [header]))
      #expect(response.status == 200)
    }
    let lanes = await service.limitMeter.lanes
    #expect(lanes.count == 4 && lanes.allSatisfy { $0.requests == 3 })
    let share = await service.limitMeter.json
    #expect(share[world.clients[1].id]?["server1"]?["requests"] == 3)
  }

  @Test("A request is under way for as long as the model says, and so takes its place")
  func pace() async throws {
    let fixture = try await DataverseFixture {
      $0.requestCost = 50
      $0.pace = 1
    }
    let start = ContinuousClock.now
    let answers = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<6 { group.addTask { try await fixture.fault("GET", "WhoAmI") } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.allSatisfy { $0 == "200 " })
    #expect(ContinuousClock.now - start >= .milliseconds(50))
    let lane = await fixture.service.limitMeter.lanes[0]
    #expect(lane.executedMilliseconds == 300 && lane.mostAtOnce > 1)
    #expect(lane.underWayMilliseconds >= 300)
  }

  @Test("Waits shrink with the scale of time, and never grow beyond seven minutes")
  func scaledWaits() async throws {
    for (scale, waits) in [(1.0, [300, 420, 420]), (0.1, [30, 42, 42])] {
      let fixture = try await DataverseFixture {
        $0.requestLimit = 1
        $0.retryAfterSeconds = 300
        $0.timeScale = scale
      }
      _ = try await fixture.send("GET", "WhoAmI")
      for wait in waits {
        #expect(try await fixture.send("GET", "WhoAmI")["Retry-After"] == String(wait))
        fixture.clock.advance(by: .seconds(1))
      }
      let lane = await fixture.service.limitMeter.lanes[0]
      #expect(lane.violations == 2 && lane.longestWait == waits[2])
      #expect(lane.refusedForRequests == 3 && lane.refused == 3)
    }
  }
}
