import Core
import Testing

@testable import Sandbox

@Suite struct KeySequenceTests {
  @Test("A sequence finds its places, in either order", arguments: GuidOrder.allCases)
  func places(order: GuidOrder) {
    let space = KeySpace(count: 300, seed: 5)
    let sequence = KeySequence(order, space)
    let ranks = (0..<300).map(sequence.rank)
    #expect(ranks == ranks.sorted())
    #expect(Set((0..<300).map(sequence.slot)).count == 300)
    for place in 0..<300 {
      #expect(sequence.lowerBound(ranks[place]) == place)
      #expect(space.rank(sequence.slot(place)).key == order.key(ranks[place]))
    }
    #expect(sequence.lowerBound(GuidRank(major: 0, minor: 0)) == 0)
    #expect(sequence.lowerBound(GuidRank(major: .max, minor: .max)) == 300)
  }

  @Test("Inserted keys are sorted when it settles, and forgotten wherever they are")
  func inserted() {
    let keys = (0..<40).map { RowKey(high: mix(1, $0), low: mix(2, $0)) }
    var sequence = KeySequence(.text, KeySpace(count: 0, seed: 1), inserted: Array(keys[..<10]))
    for key in keys[10..<20] { sequence.insert(key) }
    sequence.settle()
    for key in keys[20...] { sequence.insert(key) }
    for key in [keys[3], keys[15], keys[25], keys[39], keys[4], keys[26]] { sequence.forget(key) }
    for key in [keys[4], keys[26]] { sequence.insert(key) }
    let before = Set(sequence.insertedKeys)
    sequence.settle()
    let left = keys.enumerated().filter { ![3, 15, 25, 39].contains($0.offset) }.map(\.element)
    #expect(
      sequence.inserted.map(GuidOrder.text.key) == left.sorted { $0.description < $1.description })
    #expect(Set(sequence.insertedKeys) == Set(left) && before == Set(left))
    let rank = GuidOrder.text.rank(keys[7])
    #expect(sequence.inserted[sequence.insertedBound(rank)] == rank)
  }
}
