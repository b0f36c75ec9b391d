import Core
import Sandbox
import Testing

@Suite struct KeySpaceTests {
  @Test(
    "Slots ascend in SQL Server order, and a key finds its slot",
    arguments: [KeySpace.Shape.skewed, .uniform], [1, 2, 17, 4321])
  func order(shape: KeySpace.Shape, count: Int) {
    let space = KeySpace(count: count, seed: 42, shape: shape)
    let ranks = (0..<count).map(space.rank)
    #expect(ranks == ranks.sorted())
    #expect(Set(ranks).count == count)
    for slot in stride(from: 0, to: count, by: 7) {
      let key = ranks[slot].key
      #expect(space.slot(of: key) == slot)
      #expect(GuidRank(key).key == key)
    }
    #expect(space.slot(of: RowKey(high: 5, low: 5)) == nil)
    #expect(space.lowerBound(GuidRank(major: 0, minor: 0)) == 0)
  }

  @Test("Five million rows cost no memory, and most of them share few suffixes")
  func skew() {
    let space = KeySpace(count: 5_000_000, seed: 1)
    var suffixes: [UInt64: Int] = [:]
    for slot in stride(from: 0, to: 5_000_000, by: 5000) {
      suffixes[space.rank(slot).major >> 16, default: 0] += 1
    }
    #expect(suffixes.count == 6)
    #expect(suffixes.values.max().map { $0 > 300 } == true)
  }

  @Test("The rank of a guid reads its groups from the last to the first")
  func rank() throws {
    let key = try #require(RowKey("aabbccdd-eeff-1122-3344-556677889900"))
    #expect(
      GuidRank(key) == GuidRank(major: 0x5566_7788_9900_3344, minor: 0x2211_FFEE_DDCC_BBAA))
  }
}
