import Core
import TestSupport
import Testing

@testable import Jobs

/// A thousand stories of people, files and bad weather: nobody is opted in but as rule 6 allows, both
/// sides come together, and then are silent.
@Suite struct ConsentStormTests {
  /// Of fifty seeds each, so that their names do not fill the log.
  static let blocks = Array(0..<20)

  @Test(
    "Nobody is opted in by accident; both sides come together, and are silent then",
    arguments: blocks)
  func nobodyIsOptedInByAccident(block: Int) {
    for seed in (1...50).map({ UInt64(block * 50 + $0) }) {
      for direction in [OptOutSettings.Direction.bidirectional, .campaignToDynamics] {
        var story = ConsentStory(seed: seed, direction)
        let wrong = story.play()
        #expect(wrong.isEmpty, "\(Seeds.found(seed)), \(direction.rawValue)")
      }
    }
  }
}
