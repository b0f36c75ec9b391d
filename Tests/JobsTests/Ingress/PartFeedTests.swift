import Core
import Testing

@testable import Jobs

@Suite struct PartFeedTests {
  private func mark(_ number: Int) -> PartMark { PartMark(number: number, size: 1) }

  @Test func partsOfEarlierRunsComeFirst() async {
    let feed = PartFeed([mark(1)], writers: 1)
    await feed.put(mark(2))
    #expect(await feed.next() == mark(1))
    #expect(await feed.next() == mark(2))
  }

  @Test func whoWaitsIsWokenByAPartOrByTheLastWriter() async {
    let feed = PartFeed([], writers: 2)
    async let one = feed.next()
    async let other = feed.next()
    await feed.writerEnds()
    await feed.put(mark(7))
    await feed.writerEnds()
    let got = await [one, other].compactMap { $0?.number }
    #expect(got == [7])
    #expect(await feed.next() == nil)
  }

  @Test("What is full before the last writer ends is still uploaded")
  func nothingIsForgotten() async {
    let feed = PartFeed([], writers: 1)
    await feed.put(mark(3))
    await feed.writerEnds()
    #expect(await feed.next() == mark(3))
    #expect(await feed.next() == nil)
  }

  @Test("A lane tells the feed of its end, also of a failure")
  func feeding() async throws {
    let calm = PartFeed([], writers: 1)
    try await Lane<IngressState>(name: "export") { _ throws(SyncError) in }
      .feeding(calm).work { _ throws(SyncError) in }
    #expect(await calm.next() == nil)

    let feed = PartFeed([], writers: 1)
    let failing = Lane<IngressState>(name: "export") { _ throws(SyncError) in throw .stopped }
    let caught = await #expect(throws: SyncError.self) {
      try await failing.feeding(feed).work { _ throws(SyncError) in }
    }
    #expect(caught?.isStop == true)
    #expect(await feed.next() == nil)
  }
}
