import Testing

@testable import Core

@Suite struct PercentTests {
  @Test(arguments: [
    (0.1, "10 %"), (0.005, "0.5 %"), (0.07, "7 %"), (1.0, "100 %"), (0.0, "0 %"),
    (0.1234, "12.3 %"),
  ])
  func saysAShare(_ share: Double, _ words: String) {
    #expect(Percent.words(share) == words)
  }

  @Test(arguments: [(0.10001, "10.1 %"), (0.07, "7 %"), (0.29, "29 %"), (12.0, "1200 %")])
  func roundsUpWhatMustNotReadAsTheLimit(_ share: Double, _ words: String) {
    #expect(Percent.words(share, rounded: .up) == words)
  }
}
