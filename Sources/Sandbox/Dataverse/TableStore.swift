import Core

/// The rows of one table: generated ones by slot, written ones in an overlay, deletions as tombstones.
struct TableStore: Sendable {
  struct Tombstone: Sendable {
    var version: Int64
    var key: RowKey
    var when: Instant
  }
  struct Change: Sendable {
    var version: Int64
    var key: RowKey
  }
  /// What takes one write back; applied in reverse order.
  enum Undo: Sendable {
    case insert(RowKey)
    case update(RowKey, WrittenRow?)
    case delete(RowKey, WrittenRow?, wasGenerated: Bool)
  }

  let definition: TableDefinition
  let generator: RowGenerator
  private(set) var written: [RowKey: WrittenRow] = [:]
  /// Ascending by version; an entry is stale when its row was written or deleted again.
  private(set) var log: [Change] = []
  private(set) var tombstones: [Tombstone] = []
  private(set) var count: Int
  private var inserted: [GuidRank] = []
  private var fresh: [GuidRank] = []
  private var deleted: Set<RowKey> = []
  /// Every key that a deleted row ever had.
  private var gone: Set<RowKey> = []

  init(definition: TableDefinition, generator: RowGenerator) {
    self.definition = definition
    self.generator = generator
    count = generator.keys.count
  }

  func row(_ key: RowKey) -> RowView? {
    if let row = written[key] { return view(key, slot: row.slot, row) }
    guard let slot = generator.keys.slot(of: key), !deleted.contains(key) else { return nil }
    return view(key, slot: slot, nil)
  }

  private func view(_ key: RowKey, slot: Int?, _ row: WrittenRow?) -> RowView {
    RowView(definition: definition, generator: generator, key: key, slot: slot, written: row)
  }

  /// True where a row of that key was here and is no more.
  func wasDeleted(_ key: RowKey) -> Bool { gone.contains(key) && row(key) == nil }

  /// True where a row that is here was gone before, or was not here when the world began.
  func cameLater(_ key: RowKey) -> Bool {
    gone.contains(key) || written[key]?.isInserted ?? false
  }

  // MARK: writing

  mutating func insert(
    _ key: RowKey, slot: Int? = nil, values: [Int: FieldValue], version: Int64
  ) -> Undo {
    written[key] = WrittenRow(slot: slot, isInserted: true, version: version, values: values)
    log.append(Change(version: version, key: key))
    fresh.append(GuidRank(key))
    count += 1
    return .insert(key)
  }

  /// The row must exist.
  mutating func update(_ key: RowKey, values: [Int: FieldValue], version: Int64) -> Undo {
    let before = written[key]
    var row =
      before
      ?? WrittenRow(
        slot: generator.keys.slot(of: key), isInserted: false, version: version, values: [:])
    row.version = version
    row.values.merge(values) { _, new in new }
    written[key] = row
    log.append(Change(version: version, key: key))
    return .update(key, before)
  }

  /// The row must exist.
  mutating func delete(_ key: RowKey, version: Int64, at now: Instant) -> Undo {
    let before = written.removeValue(forKey: key)
    let wasGenerated = !(before?.isInserted ?? false)
    if wasGenerated { deleted.insert(key) } else { forget(GuidRank(key)) }
    tombstones.append(Tombstone(version: version, key: key, when: now))
    gone.insert(key)
    count -= 1
    return .delete(key, before, wasGenerated: wasGenerated)
  }

  mutating func undo(_ step: Undo) {
    switch step {
    case .insert(let key):
      written[key] = nil
      log.removeLast()
      forget(GuidRank(key))
      count -= 1
    case .update(let key, let before):
      written[key] = before
      log.removeLast()
    case .delete(let key, let before, let wasGenerated):
      written[key] = before
      tombstones.removeLast()
      if wasGenerated { deleted.remove(key) } else { fresh.append(GuidRank(key)) }
      count += 1
    }
  }

  /// Drops tombstones that no valid token can ask for.
  mutating func pruneTombstones(before limit: Instant) {
    guard let first = tombstones.first, first.when < limit else { return }
    tombstones.removeAll { $0.when < limit }
  }

  private mutating func forget(_ rank: GuidRank) {
    if fresh.last == rank {
      fresh.removeLast()
    } else if let place = fresh.lastIndex(of: rank) {
      fresh.remove(at: place)
    } else {
      let place = TableStore.lowerBound(rank, in: inserted)
      if place < inserted.count, inserted[place] == rank { inserted.remove(at: place) }
    }
  }

  // MARK: reading in primary key order

  /// Sorts what was inserted since the last reading.
  mutating func settle() {
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

  static func lowerBound(_ rank: GuidRank, in ranks: [GuidRank]) -> Int {
    var low = 0
    var high = ranks.count
    while low < high {
      let middle = (low + high) / 2
      if ranks[middle] < rank { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Visits rows in key order, from `lower` on, until the visitor says false.
  ///
  /// Call `settle` first.
  func forEach(from lower: GuidRank?, _ visit: (RowView) -> Bool) {
    var slot = lower.map(generator.keys.lowerBound) ?? 0
    var place = lower.map { TableStore.lowerBound($0, in: inserted) } ?? 0
    while true {
      let generated = slot < generator.keys.count ? generator.keys.rank(slot) : nil
      let other = place < inserted.count ? inserted[place] : nil
      guard generated != nil || other != nil else { return }
      if let generated, other.map({ generated < $0 }) ?? true {
        let key = generated.key
        slot += 1
        if !deleted.isEmpty, deleted.contains(key) { continue }
        let row = written.isEmpty ? nil : written[key]
        guard visit(view(key, slot: slot - 1, row)) else { return }
      } else if let other {
        place += 1
        // A generated key that was deleted and created again stands in both sequences.
        if generated == other { slot += 1 }
        let row = written[other.key]
        guard visit(view(other.key, slot: row?.slot, row)) else { return }
      }
    }
  }

  /// The same from the end, from `upper` downwards, `upper` itself not included.
  func forEachDescending(below upper: GuidRank?, _ visit: (RowView) -> Bool) {
    var slot = upper.map(generator.keys.lowerBound) ?? generator.keys.count
    var place = upper.map { TableStore.lowerBound($0, in: inserted) } ?? inserted.count
    while true {
      let generated = slot > 0 ? generator.keys.rank(slot - 1) : nil
      let other = place > 0 ? inserted[place - 1] : nil
      guard generated != nil || other != nil else { return }
      if let generated, other.map({ $0 < generated }) ?? true {
        let key = generated.key
        slot -= 1
        if !deleted.isEmpty, deleted.contains(key) { continue }
        guard visit(view(key, slot: slot, written[key])) else { return }
      } else if let other {
        place -= 1
        if generated == other { slot -= 1 }
        let row = written[other.key]
        guard visit(view(other.key, slot: row?.slot, row)) else { return }
      }
    }
  }

  /// The first log entry above a version.
  func firstChange(after version: Int64) -> Int {
    var low = 0
    var high = log.count
    while low < high {
      let middle = (low + high) / 2
      if log[middle].version <= version { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
