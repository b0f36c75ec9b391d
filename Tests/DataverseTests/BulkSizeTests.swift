import Testing

@testable import Dataverse

@Suite struct BulkSizeTests {
  static let steps: [(first: Int, count: Int, elapsed: Duration, next: Int)] = [
    (200, 200, .milliseconds(100), 400),  // at most twice as many
    (200, 200, .seconds(2), 400), (200, 200, .seconds(4), 200), (200, 200, .seconds(5), 160),
    (200, 200, .seconds(300), 100),  // at least half as many
    (1000, 1000, .seconds(1), 1000),  // never more than the service takes
    (12, 12, .seconds(60), 10), (200, 20, .milliseconds(10), 200), (200, 20, .seconds(60), 100),
  ]

  @Test("A size follows the time that a request took", arguments: steps)
  func follows(_ step: (first: Int, count: Int, elapsed: Duration, next: Int)) {
    var size = BulkSize(step.first)
    size.answered(step.count, in: step.elapsed)
    #expect(size.current == step.next)
  }

  @Test("A service without time gets half, down to ten")
  func shrinks() {
    var size = BulkSize(30)
    size.shrink()
    #expect(size.current == 15)
    size.shrink()
    #expect(size.current == 10)
  }
}
