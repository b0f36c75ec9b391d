import Testing

@testable import Core

@Suite struct KeyRangeTests {
  /// One digit each, from what counts least to what counts most.
  private static let ascending = [
    "01000000-0000-0000-0000-000000000000", "00010000-0000-0000-0000-000000000000",
    "00000100-0000-0000-0000-000000000000", "00000001-0000-0000-0000-000000000000",
    "00000000-0100-0000-0000-000000000000", "00000000-0001-0000-0000-000000000000",
    "00000000-0000-0100-0000-000000000000", "00000000-0000-0001-0000-000000000000",
    "00000000-0000-0000-0001-000000000000", "00000000-0000-0000-0100-000000000000",
    "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000100",
    "00000000-0000-0000-0000-000000010000", "00000000-0000-0000-0000-000001000000",
    "00000000-0000-0000-0000-000100000000", "00000000-0000-0000-0000-010000000000",
  ]

  private func key(_ place: Int) throws -> RowKey { try #require(RowKey(Self.ascending[place])) }

  @Test("Guids compare as SQL Server compares them")
  func order() throws {
    for (one, other) in zip(Self.ascending, Self.ascending.dropFirst()) {
      let (one, other) = (try #require(RowKey(one)), try #require(RowKey(other)))
      #expect(one.comes(before: other))
      #expect(!other.comes(before: one))
      #expect(!one.comes(before: one))
    }
  }

  @Test("A key is its rank, and comes back from it", arguments: ascending)
  func rank(text: String) throws {
    let key = try #require(RowKey(text))
    #expect(RowKey(rank: key.rank) == key)
  }

  @Test func splitRangesMeetAndHaveNoEnds() throws {
    let ranges = KeyRange.split(at: [try key(3), try key(9)])
    #expect(
      ranges == [
        KeyRange(high: try key(3)), KeyRange(low: try key(3), high: try key(9)),
        KeyRange(low: try key(9)),
      ])
    for place in Self.ascending.indices {
      let key = try key(place)
      #expect(ranges.count { $0.contains(key) } == 1)
    }
    #expect(KeyRange.split(at: []) == [KeyRange()])
  }

  @Test func aPageThatIsInOrder() throws {
    let range = KeyRange(low: try key(3), high: try key(9))
    #expect(range.isInOrder([], after: nil))
    #expect(range.isInOrder([try key(3), try key(4), try key(8)], after: nil))
    #expect(range.isInOrder([try key(5), try key(6)], after: try key(4)))
  }

  @Test func aPageThatIsNot() throws {
    let range = KeyRange(low: try key(3), high: try key(9))
    #expect(!range.isInOrder([try key(2), try key(4)], after: nil), "begins below")
    #expect(!range.isInOrder([try key(4), try key(9)], after: nil), "reaches the end")
    #expect(!range.isInOrder([try key(4), try key(6), try key(5)], after: nil), "goes back")
    #expect(!range.isInOrder([try key(4), try key(4)], after: nil), "repeats")
    #expect(!range.isInOrder([try key(4)], after: try key(4)), "repeats what was read")
  }
}
