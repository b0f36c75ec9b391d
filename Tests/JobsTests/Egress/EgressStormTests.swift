import Core
import TestSupport
import Testing

@testable import Jobs

/// Whole stories of an egress job under bad weather.
@Suite struct EgressStormTests {
  /// Two slices are under way at once: what a death or a lost answer may cost in repeated writes.
  static let atRisk = 2 * 14

  struct Calm: Sendable {
    let end: EgressEnd
    let points: Int
  }

  static let calm: [EgressStory: Calm] = {
    var ends: [EgressStory: Calm] = [:]
    for story in EgressStory.allCases {
      let world = World.calm()
      guard let end = try? story.play(world) else { continue }
      ends[story] = Calm(end: end, points: world.points)
    }
    return ends
  }()

  @Test(arguments: EgressStory.allCases)
  func aCalmStoryEndsWell(story: EgressStory) throws {
    let end = try #require(Self.calm[story]).end
    #expect(end.problem == nil)
    #expect(end.violations.isEmpty)
    let comers = story == .keeping ? 0..<25 : 0..<20
    let numbers = (0..<200).filter { number in
      Clicks.fate(number) == .activity && comers.contains(Clicks.who(number) ?? 99)
    }
    let urls = end.stored.values.compactMap { $0.activity.texts["url"] }.sorted()
    #expect(urls == numbers.map(Clicks.url).sorted(), "each event once, none too many")
    for stored in end.stored.values {
      let number = try #require(numbers.first { Clicks.url($0) == stored.activity.texts["url"] })
      #expect(stored.activity.contact == Clicks.who(number).map(Clicks.contact))
      #expect(
        stored.activity.subject == "Campaign Name: Spring; Delivery Name: DM\(number % 3)")
      #expect(stored.isCompleted)
    }
    let rejected = (0..<200).filter { Clicks.fate($0) == .rejected }.count
    let kept = (0..<200).filter {
      Clicks.fate($0) == .activity && Clicks.who($0) ?? 0 >= 25
    }.count
    #expect(end.waiting.count == rejected + (story == .keeping ? kept : 0))
    #expect(end.repeats == 0, "no repeat cost anything")
    #expect(end.files.values.allSatisfy { $0 })
    #expect(end.files.count == 6)
  }

  @Test(
    "Killed anywhere and rerun, a job ends as one never killed", arguments: EgressStory.allCases,
    Seeds.all)
  func killedAnywhereEndsTheSame(story: EgressStory, seed: UInt64) throws {
    let calm = try #require(Self.calm[story])
    let world = World(
      seed: seed, kills: 1 + Int(seed % 5), span: calm.points, isLossy: seed % 2 == 0)
    let end = try story.play(world)
    let deaths = world.story.joined(separator: ", ")
    let differences = end.differences(from: calm.end) + end.violations
    #expect(differences.isEmpty, "\(Seeds.found(seed)); died \(deaths)")
    if seed % 2 == 1 {
      #expect(end.repeats <= world.kills * Self.atRisk, "seed \(seed); died \(deaths)")
    }
  }
}
