import Core

/// The keys of a table in one order of guids: those of the generator, and those that were inserted.
struct KeySequence: Sendable {
  let order: GuidOrder
  let keys: KeySpace
  /// The generator's slots in this order; nil: as they are.
  private let slots: [UInt32]?
  /// Ascending once settled.
  private(set) var inserted: [GuidRank] = []
  private var fresh: [GuidRank] = []
  /// Of both, those that are no more; taken out when it settles.
  private var gone: Set<GuidRank> = []

  /// - Parameter inserted: keys that are there besides the generator's.
  init(_ order: GuidOrder, _ keys: KeySpace, inserted: [RowKey] = []) {
    self.order = order
    self.keys = keys
    if order == .sql {
      slots = nil
    } else {
      let ranked = (0..<keys.count).map { (rank: order.rank(keys.rank($0).key), slot: UInt32($0)) }
      slots = ranked.sorted { $0.rank < $1.rank }.map(\.slot)
    }
    fresh = inserted.map(order.rank)
    settle()
  }

  /// Every key that was inserted and not forgotten.
  var insertedKeys: [RowKey] {
    (inserted + fresh).filter { !gone.contains($0) }.map(order.key)
  }

  func slot(_ place: Int) -> Int { slots.map { Int($0[place]) } ?? place }

  func rank(_ place: Int) -> GuidRank {
    guard let slots else { return keys.rank(place) }
    return order.rank(keys.rank(Int(slots[place])).key)
  }

  /// The first of the generator's places that is not below `rank`.
  func lowerBound(_ rank: GuidRank) -> Int {
    if slots == nil { return keys.lowerBound(rank) }
    var low = 0
    var high = keys.count
    while low < high {
      let middle = (low + high) / 2
      if self.rank(middle) < rank { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The first of the inserted that is not below `rank`.
  func insertedBound(_ rank: GuidRank) -> Int {
    var low = 0
    var high = inserted.count
    while low < high {
      let middle = (low + high) / 2
      if inserted[middle] < rank { low = middle + 1 } else { high = middle }
    }
    return low
  }

  mutating func insert(_ key: RowKey) {
    let rank = order.rank(key)
    if gone.remove(rank) == nil { fresh.append(rank) }
  }

  mutating func forget(_ key: RowKey) {
    let rank = order.rank(key)
    if fresh.last == rank { fresh.removeLast() } else { gone.insert(rank) }
  }

  /// Sorts what was inserted since the last reading, and takes out what was forgotten.
  mutating func settle() {
    if !gone.isEmpty {
      inserted.removeAll { gone.contains($0) }
      fresh.removeAll { gone.contains($0) }
      gone = []
    }
    guard !fresh.isEmpty else { return }
    fresh.sort()
    var merged: [GuidRank] = []
    merged.reserveCapacity(inserted.count + fresh.count)
    var one = 0
    var other = 0
    while one < inserted.count || other < fresh.count {
      if other == fresh.count || one < inserted.count && inserted[one] < fresh[other] {
        merged.append(inserted[one])
        one += 1
      } else {
        merged.append(fresh[other])
        other += 1
      }
    }
    inserted = merged
    fresh = []
  }
}
