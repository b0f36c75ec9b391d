import Core
import Foundation
import Testing

@Suite struct TallyTests {
  @Test func aCountThatAnEarlierVersionDidNotKnowIsZero() throws {
    let old = Data(#"{"read":7,"rejected":2}"#.utf8)
    let tally = try JSONDecoder().decode(Tally.self, from: old)
    #expect(tally.read == 7)
    #expect(tally.rejected == 2)
    #expect(tally.filteredOut == 0)
  }

  @Test func writtenAndReadEqual() throws {
    var tally = Tally()
    tally.filteredOut = 3
    tally.cut = 4
    let read = try JSONDecoder().decode(Tally.self, from: JSONEncoder().encode(tally))
    #expect(read == tally)
    tally += read
    #expect(tally.filteredOut == 6)
  }
}
