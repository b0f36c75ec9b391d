import Core
import Testing

@testable import Jobs

@Suite struct RangeDeskTests {
  private func slots() -> [RangeSlot] {
    var slots = KeyRange.split(at: (1...3).map { RowKey(rank: (UInt64($0), 0)) })
      .map { RangeSlot($0) }
    slots[0].isDone = true
    slots[2].last = RowKey(rank: (2, 5))
    return slots
  }

  @Test func eachRangeIsTakenOnceThoseThatBeganBefore() async {
    let desk = RangeDesk(slots())
    var places: [Int] = []
    while let place = await desk.take() { places.append(place) }
    #expect(places == [2, 1, 3])
  }

  @Test func whoClosesItFirstIsTold() async {
    let desk = RangeDesk(slots())
    #expect(await desk.take() == 2)
    #expect(await desk.close())
    #expect(await !desk.close())
    #expect(await desk.isClosed)
    #expect(await desk.take() == nil)
  }
}
