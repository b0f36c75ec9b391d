import Core
import Glibc

/// A time zone's offsets from UTC, as the system's zone files have them.
///
/// - Shape: the 64-bit block of a TZif file; behind its last change the last offset stays.
package struct ZoneRules: Sendable {
  package let name: String
  /// Seconds since 1970, ascending, and the offset in seconds from then on.
  private let changes: [(from: Int64, offset: Int64)]
  private let first: Int64

  package static let utc = ZoneRules(name: "UTC", changes: [], first: 0)

  private init(name: String, changes: [(from: Int64, offset: Int64)], first: Int64) {
    (self.name, self.changes, self.first) = (name, changes, first)
  }

  /// - Errors: `configuration` where the system does not know the zone.
  package static func named(_ name: String) throws(SyncError) -> ZoneRules {
    if ["UTC", "Etc/UTC", "GMT", "Z"].contains(name) { return .utc }
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !name.contains("..")
    guard isPlain, let file = fopen("/usr/share/zoneinfo/" + name, "r") else {
      throw unknown(name)
    }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    guard let rules = ZoneRules(name, Array(bytes[..<count])) else { throw unknown(name) }
    return rules
  }

  private static func unknown(_ name: String) -> SyncError {
    SyncError(
      .configuration, "use the time zone \(name)", "this system's zone files do not have it",
      next: "write UTC or the like of Europe/Paris; install tzdata")
  }

  private init?(_ name: String, _ bytes: [UInt8]) {
    func number(_ place: Int, _ size: Int) -> Int64? {
      guard place >= 0, place + size <= bytes.count else { return nil }
      var word = bytes[place] >= 0x80 ? UInt64.max : 0
      for byte in bytes[place..<place + size] { word = word << 8 | UInt64(byte) }
      return Int64(bitPattern: word)
    }
    /// The six counts of a header: isut, isstd, leap, time, type, char.
    func counts(_ header: Int) -> [Int]? {
      let all = (0..<6).compactMap { number(header + 20 + $0 * 4, 4).map(Int.init) }
      return all.count == 6 && all.allSatisfy { $0 >= 0 } ? all : nil
    }
    guard bytes.starts(with: Array("TZif".utf8)), bytes.count > 44, bytes[4] >= 0x32,
      let old = counts(0)
    else { return nil }
    let header = 44 + old[3] * 5 + old[4] * 6 + old[5] + old[2] * 8 + old[1] + old[0]
    guard let new = counts(header), new[4] > 0 else { return nil }
    let times = header + 44
    let types = times + new[3] * 8
    let offsets = types + new[3]
    var changes: [(from: Int64, offset: Int64)] = []
    for index in 0..<new[3] {
      guard let from = number(times + index * 8, 8), types + index < bytes.count,
        let offset = number(offsets + Int(bytes[types + index]) * 6, 4)
      else { return nil }
      changes.append((from, offset))
    }
    guard let first = number(offsets, 4) else { return nil }
    self.init(name: name, changes: changes, first: first)
  }

  package func offset(at seconds: Int64) -> Int64 {
    var low = 0
    var high = changes.count
    while low < high {
      let middle = (low + high) / 2
      if changes[middle].from <= seconds { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? first : changes[low - 1].offset
  }

  /// What a clock on the wall showed, as if it were UTC -> the moments that it may mean.
  ///
  /// - Returns: none in the hour that a spring skips, two in the one that an autumn repeats.
  package func moments(local seconds: Int64) -> [Int64] {
    var found: [Int64] = []
    for day in [-86_400, 0, 86_400] as [Int64] {
      let moment = seconds - offset(at: seconds + day)
      if moment + offset(at: moment) == seconds, !found.contains(moment) { found.append(moment) }
    }
    return found.sorted()
  }
}
