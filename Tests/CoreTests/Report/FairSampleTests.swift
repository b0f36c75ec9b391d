import Core
import Testing

@Suite struct FairSampleTests {
  private func sample(_ count: Int, size: Int, seed: UInt64) -> FairSample<RowKey> {
    var sample = FairSample<RowKey>(size: size, seed: seed)
    for low in 0..<UInt64(count) { sample.offer(RowKey(high: 0, low: low)) }
    return sample
  }

  @Test func aSmallStreamIsTakenWhole() {
    let all = sample(5, size: 10, seed: 1)
    #expect(all.items.map(\.low) == [0, 1, 2, 3, 4])
    #expect(all.seen == 5)
  }

  @Test func theSameSeedGivesTheSameSample() {
    #expect(sample(1000, size: 20, seed: 7).items == sample(1000, size: 20, seed: 7).items)
    #expect(sample(1000, size: 20, seed: 7).items != sample(1000, size: 20, seed: 8).items)
  }

  @Test func noPartOfTheStreamIsFavoured() {
    var firstHalf = 0
    for seed in 1...100 {
      let sample = sample(1000, size: 20, seed: UInt64(seed))
      #expect(Set(sample.items).count == 20)
      firstHalf += sample.items.count { $0.low < 500 }
    }
    #expect((850...1150).contains(firstHalf), "\(firstHalf) of 2000")
  }

  @Test func aSampleOfNothingOnlyCounts() {
    let none = sample(100, size: 0, seed: 1)
    #expect(none.items.isEmpty && none.seen == 100)
  }
}
