/// When the clocks of a time zone show what.
///
/// - Source: RFC 9636 (TZif): the 64-bit block, and behind its last change the rule in the footer.
package struct TimeZoneRules: Sendable, Equatable {
  struct Change: Sendable, Equatable {
    /// Seconds since 1970.
    var from: Int64
    /// Seconds east of UTC, from then on.
    var offset: Int64
  }

  private var first: Int64
  private var changes: [Change]
  private var rule: YearlyClockRule?

  package static let utc = TimeZoneRules(first: 0, changes: [], rule: nil)

  private init(first: Int64, changes: [Change], rule: YearlyClockRule?) {
    self.first = first
    self.changes = changes
    self.rule = rule
  }

  /// The content of a file such as `/usr/share/zoneinfo/Europe/Paris`; nil where it is none.
  package init?(file bytes: [UInt8]) {
    guard let block = Block(bytes) else { return nil }
    let footer = bytes[block.end...].split(separator: 0x0A).first
    let rule = footer.flatMap { YearlyClockRule(Array($0)) }
    self.init(first: block.first, changes: block.changes, rule: rule)
  }

  /// Seconds east of UTC at that moment.
  package func offset(at seconds: Int64) -> Int64 {
    guard let last = changes.last else { return rule?.offset(at: seconds) ?? first }
    if seconds >= last.from, let rule { return rule.offset(at: seconds) }
    var (low, high) = (0, changes.count)
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].from <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : changes[low - 1].offset
  }

  /// The first moment at which the clocks showed this; nil in an hour that they skipped.
  ///
  /// - Parameter local: what they showed, in seconds since 1970 as if it were UTC.
  package func moment(local: Int64) -> Int64? { moments(local: local).min() }

  /// Whether the clocks showed this in two hours.
  func isTwice(local: Int64) -> Bool { moments(local: local).count > 1 }

  private func moments(local: Int64) -> Set<Int64> {
    var found: Set<Int64> = []
    for day in [-86_400, 0, 86_400] as [Int64] {
      let moment = local - offset(at: local + day)
      if moment + offset(at: moment) == local { found.insert(moment) }
    }
    return found
  }
}

/// The second data block of a TZif file, whose times have 64 bits.
private struct Block {
  var first: Int64 = 0
  var changes: [TimeZoneRules.Change] = []
  /// Where the footer begins.
  var end = 0

  private let bytes: [UInt8]

  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    guard bytes.starts(with: Array("TZif".utf8)), bytes.count > 44, bytes[4] >= 0x32,
      let old = counts(at: 0)
    else { return nil }
    // Counts: isut, isstd, leap, time, type, character.
    let header = 44 + old[3] * 5 + old[4] * 6 + old[5] + old[2] * 8 + old[1] + old[0]
    guard let new = counts(at: header), new[4] > 0 else { return nil }
    let times = header + 44
    let types = times + new[3] * 8
    let offsets = types + new[3]
    end = offsets + new[4] * 6 + new[5] + new[2] * 12 + new[1] + new[0]
    guard end <= bytes.count, let first = number(at: offsets, 4) else { return nil }
    self.first = first
    for index in 0..<new[3] {
      let type = Int(bytes[types + index])
      guard type < new[4], let from = number(at: times + index * 8, 8),
        let offset = number(at: offsets + type * 6, 4)
      else { return nil }
      changes.append(TimeZoneRules.Change(from: from, offset: offset))
    }
  }

  private func number(at place: Int, _ size: Int) -> Int64? {
    guard place >= 0, place + size <= bytes.count else { return nil }
    var word = bytes[place] >= 0x80 ? UInt64.max : 0
    for byte in bytes[place..<place + size] { word = word << 8 | UInt64(byte) }
    return Int64(bitPattern: word)
  }

  private func counts(at header: Int) -> [Int]? {
    let all = (0..<6).compactMap { number(at: header + 20 + $0 * 4, 4).map(Int.init) }
    return all.count == 6 && all.allSatisfy { (0..<1_000_000).contains($0) } ? all : nil
  }
}
