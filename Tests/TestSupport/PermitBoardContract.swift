import Core
import Testing

/// What every `PermitBoard` promises; each case is checked on a board of its own, with two holders.
package enum PermitBoardContract: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case aPlaceHasOneHolder, theOwnMarkStays, anUnmarkedPlaceIsFree, onlyOthersAreSeen
  case marksGoWithTheirHolder, theRecordIsShared, aChangeMayMark, aFailedChangeChangesNothing

  package var testDescription: String { rawValue }

  /// - Parameter holder: another holder of the same board, each time.
  package func check(_ holder: () throws -> any PermitBoard) throws {
    let (one, other) = (try holder(), try holder())
    switch self {
    case .aPlaceHasOneHolder:
      #expect(try one.mark(7) && !other.mark(7))
      #expect(try other.mark(8) && other.mark(1 << 30), "any place")
      #expect(try !one.mark(8) && !one.mark(1 << 30))
    case .theOwnMarkStays:
      #expect(try one.mark(0) && one.mark(0))
      try other.unmark(0)
      #expect(try !other.mark(0), "what another holds is not unmarked")
    case .anUnmarkedPlaceIsFree:
      for place in 3...5 { #expect(try one.mark(place)) }
      try one.unmark(4)
      #expect(try other.mark(4) && !other.mark(3) && !other.mark(5))
    case .onlyOthersAreSeen:
      _ = try one.mark(10)
      #expect(try !one.isMarkedByOthers(0..<100) && other.isMarkedByOthers(0..<100))
      #expect(try other.isMarkedByOthers(10..<11))
      for places in [0..<10, 11..<100, 10..<10] {
        #expect(try !other.isMarkedByOthers(places), "\(places)")
      }
    case .marksGoWithTheirHolder:
      var third: (any PermitBoard)? = try holder()
      #expect(try third?.mark(1) == true)
      #expect(try !one.mark(1))
      third = nil
      #expect(try one.mark(1))
    case .theRecordIsShared:
      #expect(try one.update { $0 } == [])
      try one.update { words throws(SyncError) in words = [1, .max, 0] }
      try other.update { words throws(SyncError) in words.append(4) }
      #expect(try one.update { $0 } == [1, .max, 0, 4])
      try one.update { words throws(SyncError) in words = [9] }
      #expect(try other.update { $0 } == [9], "a shorter record after a longer one")
      try one.update { words throws(SyncError) in words = [] }
      #expect(try other.update { $0 } == [], "and none")
    case .aChangeMayMark:
      let marked = try one.update { words throws(SyncError) in
        words = [1]
        return try one.mark(2)
      }
      #expect(try marked && !other.mark(2))
    case .aFailedChangeChangesNothing:
      try one.update { words throws(SyncError) in words = [1] }
      #expect(throws: SyncError.self) {
        try one.update { words throws(SyncError) in
          words = [2]
          throw SyncError.stopped
        }
      }
      #expect(try other.update { $0 } == [1])
    }
  }
}
