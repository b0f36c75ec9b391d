import Core

/// Writes of one kind in the order of their versions, of which only the last of each key still counts.
///
/// - Shape: finding a version, and counting what still counts behind it, goes by the logarithm.
struct VersionLog: Sendable {
  struct Entry: Sendable {
    var version: Int64
    var key: RowKey
    var when: Instant
  }

  /// Ascending by version.
  private(set) var entries: [Entry] = []
  /// Fenwick's tree over the entries: how many of a stretch still count.
  private var tree: [Int32] = []

  /// Versions ascend.
  mutating func append(_ version: Int64, _ key: RowKey, at when: Instant) {
    entries.append(Entry(version: version, key: key, when: when))
    let place = entries.count
    var sum: Int32 = 1
    var below = place - 1
    while below > place - (place & -place) {
      sum += tree[below - 1]
      below -= below & -below
    }
    tree.append(sum)
  }

  mutating func removeLast() {
    entries.removeLast()
    tree.removeLast()
  }

  /// Says whether the write of a version still counts, where that changes.
  mutating func set(_ version: Int64, counts: Bool) {
    var place = first(after: version - 1) + 1
    guard place <= entries.count, entries[place - 1].version == version else { return }
    while place <= entries.count {
      tree[place - 1] += counts ? 1 : -1
      place += place & -place
    }
  }

  /// The first entry above a version.
  func first(after version: Int64) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].version <= version { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// How many entries above a version still count.
  func count(after version: Int64) -> Int {
    Int(sum(entries.count) - sum(first(after: version)))
  }

  private func sum(_ count: Int) -> Int32 {
    var sum: Int32 = 0
    var place = count
    while place > 0 {
      sum += tree[place - 1]
      place -= place & -place
    }
    return sum
  }

  /// Drops the entries before a moment.
  mutating func removeAll(before limit: Instant) {
    guard let first = entries.first, first.when < limit else { return }
    let left = entries.drop { $0.when < limit }
    let counting = left.indices.map { sum($0 + 1) > sum($0) }
    let kept = Array(left)
    (entries, tree) = ([], [])
    for entry in kept { append(entry.version, entry.key, at: entry.when) }
    for (entry, counts) in zip(kept, counting) where !counts { set(entry.version, counts: false) }
  }
}
