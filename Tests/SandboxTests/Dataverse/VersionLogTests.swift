import Core
import Testing

@testable import Sandbox

@Suite struct VersionLogTests {
  private func key(_ number: Int) -> RowKey { RowKey(high: 1, low: UInt64(number)) }

  @Test("What still counts is counted as a list would count it", arguments: UInt64(1)...20)
  func counting(seed: UInt64) {
    var dice = Dice(seed)
    var log = VersionLog()
    var list: [(version: Int64, counts: Bool)] = []
    var version: Int64 = 0
    for _ in 0..<300 {
      version += Int64(1 + dice.below(3))
      switch dice.below(10) {
      case 0 where !list.isEmpty:
        log.removeLast()
        list.removeLast()
      case 1...4 where !list.isEmpty:
        let place = dice.below(list.count)
        list[place].counts.toggle()
        log.set(list[place].version, counts: list[place].counts)
      case 5:
        // No such version: nothing happens.
        log.set(version, counts: false)
      default:
        log.append(version, key(list.count), at: Instant(seconds: version))
        list.append((version, true))
      }
      let since = Int64(dice.below(Int(version) + 2))
      #expect(log.count(after: since) == list.count { $0.version > since && $0.counts })
      #expect(log.first(after: since) == list.count { $0.version <= since })
    }
    let limit = Int64(dice.below(Int(version)))
    log.removeAll(before: Instant(seconds: limit))
    list.removeAll { $0.version < limit }
    #expect(log.entries.map(\.version) == list.map(\.version))
    for since in [0, limit, limit + 40, version] {
      #expect(log.count(after: since) == list.count { $0.version > since && $0.counts })
    }
  }
}
