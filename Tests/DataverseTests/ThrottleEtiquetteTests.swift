import Core
import HTTP
import Sandbox
import TestSupport
import Testing

@testable import Dataverse

/// What is got out of the service protection limits, and how often they are run into.
///
/// - Shape: the tool's own permits and gates, in several modelled processes that always have more to
///   send; the stand-in's own limits; an hour that passes in a second. Counted is what comes after
///   the limits were found.
struct ThrottleEtiquetteTests {
  struct Story: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var model: ModelledService.Model
    var identities = 1
    var processes = 1
    var concurrency: Int
    /// That are not counted.
    var warmUp = 20
    var minutes = 30

    init(
      _ name: String, _ milliseconds: Range<Int>, concurrency: Int,
      _ edit: (inout Story) -> Void = { _ in }
    ) {
      testDescription = name
      model = ModelledService.Model(milliseconds: milliseconds)
      model.knobs.dopHint = 52
      self.concurrency = concurrency
      edit(&self)
    }
  }

  static let stories = [
    Story("pages", 2000..<3000, concurrency: 16),
    Story("pages, three servers, codes in decimal, waits as dates", 2000..<3000, concurrency: 24) {
      $0.model.knobs.servers = 3
      $0.model.knobs.decimalCodes = true
      $0.model.knobs.retryAfterIsDate = true
    },
    Story("pages, three servers, two users in three processes", 2000..<3000, concurrency: 24) {
      $0.model.knobs.servers = 3
      ($0.identities, $0.processes, $0.minutes) = (2, 3, 20)
    },
    Story("pages, three servers that are drawn", 2000..<3000, concurrency: 24) {
      $0.model.knobs.servers = 3
      $0.model.isUneven = true
    },
    Story("pages, the hint is what is allowed", 2000..<3000, concurrency: 16) {
      $0.model.knobs.dopHint = 4
      ($0.processes, $0.minutes) = (2, 20)
    },
    Story("requests of any length", 5..<5000, concurrency: 16) { $0.processes = 2 },
    Story("writes in bulk", 500..<1500, concurrency: 16),
    Story("writes in bulk, three servers, two users", 500..<1500, concurrency: 32) {
      $0.model.knobs.servers = 3
      ($0.identities, $0.minutes) = (2, 20)
    },
    Story("small requests", 5..<25, concurrency: 8) {
      $0.model.roundTrip = 30
      ($0.processes, $0.minutes) = (2, 10)
    },
    Story("small requests, three servers", 5..<25, concurrency: 8) {
      $0.model.roundTrip = 30
      $0.model.knobs.servers = 3
      $0.minutes = 10
    },
  ]

  @Test(
    "At least 90 % of what the limits allow, no request too early, few refusals",
    arguments: stories, Seeds.few)
  func share(story: Story, seed: UInt64) {
    let told = Tale(story, seed: seed).tell()
    let (meter, lanes) = (told.meter, told.meter.lanes)
    let refused = lanes.reduce(0) { $0 + $1.refused }
    let ran = lanes.reduce(0) { $0 + $1.requests }
    // A client cannot choose its server: where chance fills one first, that one is what it can use
    // up. The others then have room that nobody could have been sure of.
    #expect(fullest(meter) >= 0.9, "seed \(seed): \(meter.share)")
    #expect(meter.share.nearest >= (story.model.isUneven ? 0.88 : 0.9), "seed \(seed)")
    #expect(refused * 200 <= ran, "seed \(seed): \(refused) of \(ran)")
    #expect(told.early == 0, "seed \(seed)")
    #expect(lanes.allSatisfy { $0.violations == 0 }, "seed \(seed)")
    // A wait that grows is longer than the first one.
    #expect(lanes.allSatisfy { $0.longestWait <= 5 }, "seed \(seed): \(lanes)")
  }

  /// The part that was used of the server that was used most.
  private func fullest(_ meter: LimitMeter) -> Double {
    let windows = meter.elapsed / .seconds(meter.windowSeconds)
    let parts = meter.lanes.map { lane in
      max(
        Double(lane.executedMilliseconds) / Double(meter.executionLimit),
        Double(lane.requests) / Double(meter.requestLimit))
    }
    return (parts.max() ?? 0) / windows
  }

  @Test("Where too many at once is what is refused, 90 % of the 52 are under way")
  func atOnce() {
    let story = Story("many at once", 1000..<3000, concurrency: 64) {
      $0.model.knobs.executionLimit = 1 << 40
      $0.model.knobs.requestLimit = 1 << 40
      $0.model.knobs.dopHint = 64
      ($0.warmUp, $0.minutes) = (3, 10)
    }
    let meter = Tale(story, seed: 1).tell().meter
    let work = meter.lanes.reduce(0) { $0 + $1.executedMilliseconds }
    let share = Double(work) / (meter.elapsed / .milliseconds(1)) / 52
    #expect(share >= 0.9, "\(share)")
    #expect(meter.lanes.allSatisfy { $0.violations == 0 && $0.refused < 10 }, "\(meter)")
  }
}

/// One story, told.
private struct Tale {
  let story: ThrottleEtiquetteTests.Story
  let seed: UInt64
  private let clock: SimulatedClock
  private let service: ModelledService

  init(_ story: ThrottleEtiquetteTests.Story, seed: UInt64) {
    (self.story, self.seed) = (story, seed)
    clock = SimulatedClock(seed: seed)
    service = ModelledService(story.model, clock: clock, seed: seed)
  }

  func tell() -> (meter: LimitMeter, early: Int) {
    let counted = clock.now + .seconds(story.warmUp * 60)
    let end = counted + .seconds(story.minutes * 60)
    let (transports, clock, service, lanes) = (transports(), clock, service, story.concurrency)
    let meter = SeededExecutor(seed: seed).run(idle: { clock.advance() }) {
      await withTaskGroup(of: Void.self) { group in
        for transport in transports {
          for _ in 0..<lanes {
            group.addTask {
              while clock.now < end {
                _ = try? await transport.send(HTTPRequest("GET", "https://h/"))
              }
            }
          }
        }
        await clock.sleep(counted - clock.now)
        service.resetMeter()
        await clock.sleep(end - clock.now)
        let meter = service.meter
        await group.waitForAll()
        return meter
      }
    }
    return (meter, service.early)
  }

  /// Of each process, for each identity.
  private func transports() -> [GatedTransport] {
    let patience = Patience(clock: clock)
    return (0..<story.identities).flatMap { identity in
      let (gate, first) = (MemoryGate(), MemoryPermitBoard())
      return (0..<story.processes).map { process in
        let permits = Permits(
          story.concurrency, board: process == 0 ? first : first.neighbour(), clock: clock,
          glance: .milliseconds(50))
        return GatedTransport(
          service.transport(of: "client \(identity)"), gate: gate, permits: permits,
          patience: patience, limit: DataverseClient.limit)
      }
    }
  }
}
