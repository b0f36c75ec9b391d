import Core
import TestSupport
import Testing

@testable import Jobs

/// Whole stories of an ingress job under bad weather.
///
/// A seed tells the same story every time.
@Suite struct IngressStormTests {
  /// Advances of a second and a slice of rows: what a kill may cost in repeated writes.
  static let atRisk = 64

  struct Calm: Sendable {
    let end: IngressEnd
    let points: Int
  }

  static let calm: [IngressStory: Calm] = {
    var ends: [IngressStory: Calm] = [:]
    for story in IngressStory.allCases {
      let world = World.calm()
      guard let end = try? story.play(world) else { continue }
      ends[story] = Calm(end: end, points: world.points)
    }
    return ends
  }()

  @Test(arguments: IngressStory.allCases)
  func aCalmStoryEndsWell(story: IngressStory) throws {
    let end = try #require(Self.calm[story]).end
    #expect(end.problem == nil)
    #expect(end.violations.isEmpty)
    #expect(end.contents.count == story.leaves)
    #expect(end.contents.values.allSatisfy { $0.count == 1 })
    #expect(end.waiting.count == 2)
    #expect(end.halfFiles.isEmpty)
  }

  @Test(
    "Killed anywhere and rerun, a job ends as one never killed", arguments: IngressStory.allCases,
    Seeds.all)
  func killedAnywhereEndsTheSame(story: IngressStory, seed: UInt64) throws {
    let calm = try #require(Self.calm[story])
    let world = Self.storm(seed, calm)
    let end = try story.play(world)
    let differences = end.differences(from: calm.end) + end.violations
    let deaths = world.story.joined(separator: ", ")
    #expect(differences.isEmpty, "\(Seeds.found(seed)); died \(deaths)")
    #expect(
      end.writes <= calm.end.writes + world.kills * Self.atRisk, "seed \(seed); died \(deaths)")
  }

  /// The proof that the storm can see: in the wrong order it must fail.
  @Test(arguments: Breach.allCases)
  func aCommitInTheWrongOrderIsNoticed(breach: Breach) throws {
    let calm = try #require(Self.calm[.byFile])
    var audited = 0
    var ended = 0
    for seed in UInt64(1)...60 {
      let end = try IngressStory.byFile.play(
        World(seed: seed, kills: 4, span: 100), breach: breach)
      if !end.violations.isEmpty { audited += 1 }
      if !end.differences(from: calm.end).isEmpty { ended += 1 }
    }
    #expect(audited > 50, "the audit of each checkpoint must see it")
    #expect(ended > 0, "some story must end otherwise")
  }

  static func storm(_ seed: UInt64, _ calm: Calm) -> World {
    World(seed: seed, kills: 1 + Int(seed % 4), span: calm.points, isLossy: seed % 2 == 0)
  }
}
