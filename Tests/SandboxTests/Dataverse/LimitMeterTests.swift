import Core
import Sandbox
import Testing

@Suite struct LimitMeterTests {
  @Test("The share is what was used of what the nearest limit allows in the time that passed")
  func share() async throws {
    let fixture = try await DataverseFixture {
      $0.servers = 2
      $0.requestCost = 1000
      $0.requestLimit = 100
      $0.executionLimit = 50_000
      $0.timeScale = 0.5
    }
    for _ in 0..<20 {
      #expect(try await fixture.fault("GET", "WhoAmI") == "200 ")
      fixture.clock.advance(by: .seconds(10))
    }
    #expect(try await fixture.fault("GET", "WhoAmI") == "200 ")
    let meter = await fixture.service.limitMeter
    #expect(meter.elapsed == .seconds(400))
    #expect(meter.lanes.map(\.requests) == [11, 10])
    #expect(meter.lanes.map(\.executedMilliseconds) == [11_000, 10_000])
    // 400 s are 4/3 of a window; two servers allow 2 * 50 s and 2 * 100 requests in each.
    #expect(abs(meter.share.execution - 21 / (4.0 / 3 * 100)) < 0.000_1)
    #expect(abs(meter.share.requests - 21 / (4.0 / 3 * 200)) < 0.000_1)
    #expect(meter.share.nearest == meter.share.execution)
    #expect(meter.share(of: meter.lanes[0].client) == meter.share)
    #expect(meter.json["share"] == .number("0.157"))
    #expect(meter.json["elapsedMilliseconds"] == 400_000)

    await fixture.service.resetLimitMeter()
    #expect(await fixture.service.limitMeter.lanes.isEmpty)
    #expect(await fixture.service.limitMeter.share.nearest == 0)
  }

  @Test("A refusal is counted by the limit that was hit, for as long as it lasts")
  func refusals() async throws {
    let fixture = try await DataverseFixture {
      $0.executionLimit = 100
      $0.requestCost = 100
    }
    for _ in 0..<3 {
      _ = try await fixture.send("GET", "WhoAmI")
      fixture.clock.advance(by: .seconds(2))
    }
    let lane = try #require(await fixture.service.limitMeter.lanes.first)
    #expect(lane.requests == 1 && lane.refusedForExecution == 2)
    #expect(lane.violations == 1 && lane.longestWait == 10)
  }
}
