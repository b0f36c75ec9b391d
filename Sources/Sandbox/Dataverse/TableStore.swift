import Core

/// The rows of one table: generated ones by slot, written ones in an overlay, deletions as tombstones.
struct TableStore: Sendable {
  /// What takes one write back; applied in reverse order.
  enum Undo: Sendable {
    case insert(RowKey)
    case update(RowKey, WrittenRow?)
    /// `gone`: the version of an earlier deletion.
    case delete(RowKey, WrittenRow?, wasGenerated: Bool, gone: Int64?)
  }

  let definition: TableDefinition
  let generator: RowGenerator
  private(set) var written: [RowKey: WrittenRow] = [:]
  /// An entry counts until its row is written again or deleted.
  private(set) var log = VersionLog()
  /// An entry counts until its row is there again.
  private(set) var tombstones = VersionLog()
  private(set) var count: Int
  /// SQL Server's order first; others when a reading wants them.
  private var sequences: [KeySequence]
  private var deleted: Set<RowKey> = []
  /// Every key that a deleted row ever had, with the version of its last deletion.
  private var gone: [RowKey: Int64] = [:]

  init(definition: TableDefinition, generator: RowGenerator) {
    self.definition = definition
    self.generator = generator
    count = generator.keys.count
    sequences = [KeySequence(.sql, generator.keys)]
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
  func wasDeleted(_ key: RowKey) -> Bool { gone[key] != nil && row(key) == nil }

  /// True where no later deletion of that row is known.
  func isLast(_ stone: VersionLog.Entry) -> Bool { gone[stone.key] == stone.version }

  /// True where a row that is here was gone before, or was not here when the world began.
  func cameLater(_ key: RowKey) -> Bool {
    gone[key] != nil || written[key]?.isInserted ?? false
  }

  // MARK: writing

  mutating func insert(
    _ key: RowKey, slot: Int? = nil, values: [Int: FieldValue], version: Int64
  ) -> Undo {
    written[key] = WrittenRow(slot: slot, isInserted: true, version: version, values: values)
    log.append(version, key, at: TableStore.noMoment)
    if let gone = gone[key] { tombstones.set(gone, counts: false) }
    remember(key)
    count += 1
    return .insert(key)
  }

  /// Changes need none.
  private static let noMoment = Instant(seconds: 0)

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
    if let before { log.set(before.version, counts: false) }
    log.append(version, key, at: TableStore.noMoment)
    return .update(key, before)
  }

  /// The row must exist.
  mutating func delete(_ key: RowKey, version: Int64, at now: Instant) -> Undo {
    let before = written.removeValue(forKey: key)
    let wasGenerated = !(before?.isInserted ?? false)
    if wasGenerated { deleted.insert(key) } else { forget(key) }
    if let before { log.set(before.version, counts: false) }
    tombstones.append(version, key, at: now)
    let earlier = gone.updateValue(version, forKey: key)
    count -= 1
    return .delete(key, before, wasGenerated: wasGenerated, gone: earlier)
  }

  mutating func undo(_ step: Undo) {
    switch step {
    case .insert(let key):
      written[key] = nil
      log.removeLast()
      if let gone = gone[key] { tombstones.set(gone, counts: true) }
      forget(key)
      count -= 1
    case .update(let key, let before):
      written[key] = before
      log.removeLast()
      if let before { log.set(before.version, counts: true) }
    case .delete(let key, let before, let wasGenerated, let earlier):
      written[key] = before
      tombstones.removeLast()
      gone[key] = earlier
      if let before { log.set(before.version, counts: true) }
      if wasGenerated { deleted.remove(key) } else { remember(key) }
      count += 1
    }
  }

  /// Drops tombstones that no valid token can ask for.
  mutating func pruneTombstones(before limit: Instant) {
    tombstones.removeAll(before: limit)
  }

  private mutating func remember(_ key: RowKey) {
    for place in sequences.indices { sequences[place].insert(key) }
  }

  private mutating func forget(_ key: RowKey) {
    for place in sequences.indices { sequences[place].forget(key) }
  }

  // MARK: reading in primary key order

  /// Makes the table ready to be read in an order, with what was inserted since the last reading.
  mutating func settle(_ order: GuidOrder = .sql) {
    if !sequences.contains(where: { $0.order == order }) {
      sequences.append(
        KeySequence(order, generator.keys, inserted: sequences[0].insertedKeys))
    }
    for place in sequences.indices { sequences[place].settle() }
  }

  private func sequence(_ order: GuidOrder) -> KeySequence {
    sequences.first { $0.order == order } ?? sequences[0]
  }

  /// Places where a key may be drawn: of every row that is here, and of some that are gone.
  var places: Int { generator.keys.count + sequences[0].inserted.count }

  func key(at place: Int) -> RowKey {
    let count = generator.keys.count
    return place < count
      ? generator.keys.rank(place).key : sequences[0].inserted[place - count].key
  }

  /// Visits rows in key order, from `lower` on, until the visitor says false.
  ///
  /// Call `settle` first.
  func forEach(
    in order: GuidOrder = .sql, from lower: GuidRank?, _ visit: (RowView) -> Bool
  ) {
    let sequence = sequence(order)
    var slot = lower.map(sequence.lowerBound) ?? 0
    var place = lower.map(sequence.insertedBound) ?? 0
    while true {
      let generated = slot < generator.keys.count ? sequence.rank(slot) : nil
      let other = place < sequence.inserted.count ? sequence.inserted[place] : nil
      guard generated != nil || other != nil else { return }
      if let generated, other.map({ generated < $0 }) ?? true {
        slot += 1
        guard visitGenerated(sequence, slot - 1, order.key(generated), visit) else { return }
      } else if let other {
        place += 1
        // A generated key that was deleted and created again stands in both sequences.
        if generated == other { slot += 1 }
        let key = order.key(other)
        let row = written[key]
        guard visit(view(key, slot: row?.slot, row)) else { return }
      }
    }
  }

  /// The same from the end, from `upper` downwards, `upper` itself not included.
  func forEachDescending(
    in order: GuidOrder = .sql, below upper: GuidRank?, _ visit: (RowView) -> Bool
  ) {
    let sequence = sequence(order)
    var slot = upper.map(sequence.lowerBound) ?? generator.keys.count
    var place = upper.map(sequence.insertedBound) ?? sequence.inserted.count
    while true {
      let generated = slot > 0 ? sequence.rank(slot - 1) : nil
      let other = place > 0 ? sequence.inserted[place - 1] : nil
      guard generated != nil || other != nil else { return }
      if let generated, other.map({ $0 < generated }) ?? true {
        slot -= 1
        guard visitGenerated(sequence, slot, order.key(generated), visit) else { return }
      } else if let other {
        place -= 1
        if generated == other { slot -= 1 }
        let key = order.key(other)
        let row = written[key]
        guard visit(view(key, slot: row?.slot, row)) else { return }
      }
    }
  }

  private func visitGenerated(
    _ sequence: KeySequence, _ place: Int, _ key: RowKey, _ visit: (RowView) -> Bool
  ) -> Bool {
    if !deleted.isEmpty, deleted.contains(key) { return true }
    return visit(view(key, slot: sequence.slot(place), written.isEmpty ? nil : written[key]))
  }
}
