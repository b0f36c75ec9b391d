import Core

/// What a mutation did.
package struct MutationReport: Sendable, Equatable {
  package var created: [RowKey] = []
  package var updated: [RowKey] = []
  package var deleted: [RowKey] = []
}

/// The world as tests and the operator see it: past the Web API, without tokens or limits.
extension DataverseService {
  private func index(_ table: String) -> Int? { world.schema.table(table) }

  package func count(of table: String) -> Int {
    index(table).map { stores[$0].count } ?? 0
  }

  /// Current rows in primary key order, with every column that rows carry.
  package func rows(of table: String, offset: Int = 0, count: Int) -> [JSONValue] {
    guard let index = index(table) else { return [] }
    stores[index].settle()
    var rows: [JSONValue] = []
    var passed = 0
    stores[index].forEach(from: nil) { (row: RowView) -> Bool in
      passed += 1
      if passed > offset { rows.append(json(row)) }
      return rows.count < count
    }
    return rows
  }

  package func row(_ key: RowKey, of table: String) -> JSONValue? {
    index(table).flatMap { stores[$0].row(key) }.map(json)
  }

  private func json(_ row: RowView) -> JSONValue {
    let columns = row.definition.columns
    return .object(
      columns.indices.filter { columns[$0].isInRows }.map {
        .init(columns[$0].wireName, row.value($0).json)
      })
  }

  /// Keys in primary key order.
  package func keys(of table: String, offset: Int = 0, count: Int) -> [RowKey] {
    guard let index = index(table), count > 0 else { return [] }
    stores[index].settle()
    var keys: [RowKey] = []
    var passed = 0
    stores[index].forEach(from: nil) { (row: RowView) -> Bool in
      passed += 1
      if passed > offset { keys.append(row.key) }
      return keys.count < count
    }
    return keys
  }

  @discardableResult
  package func delete(_ key: RowKey, of table: String) -> Bool {
    guard let index = index(table), stores[index].row(key) != nil else { return false }
    remove(index, key)
    return true
  }

  /// Sets columns of a row by their wire names; creates the row where it does not exist.
  ///
  /// - Returns: false where the table or a column is unknown, or a value is not of its type.
  @discardableResult
  package func upsert(_ key: RowKey, of table: String, _ values: JSONValue) -> Bool {
    guard let index = index(table) else { return false }
    let definition = stores[index].definition
    var fields: [Int: FieldValue] = [:]
    for member in values.members ?? [] {
      guard let place = definition.position(logical: member.name),
        let value = FieldValue(member.value, definition.columns[place])
      else { return false }
      fields[place] = value
    }
    if stores[index].row(key) == nil {
      add(index, key, fields)
    } else {
      change(index, key, fields)
    }
    return true
  }

  /// Creates, updates and deletes rows, as a busy day would; the same from the same seed.
  package func mutate(
    table: String, creates: Int, updates: Int, deletes: Int, seed: UInt64
  ) -> MutationReport {
    var report = MutationReport()
    guard let index = index(table) else { return report }
    var dice = Dice(mix(seed, salt(table)))
    let (chosen, total) = choose(updates + deletes, index, &dice)
    report.updated = Array(chosen.prefix(min(updates, total)))
    report.deleted = Array(chosen.dropFirst(report.updated.count).prefix(deletes))
    for key in report.updated { alter(index, key, &dice) }
    for key in report.deleted { remove(index, key) }
    let generator = stores[index].generator
    for _ in 0..<creates {
      keysGiven += 1
      let key = KeySpace.fresh(at: clock.now, number: keysGiven, seed: world.seed)
      // Content of a slot behind the generated ones; the key is its own.
      add(index, key, [:], slot: generator.keys.count + Int(keysGiven))
      report.created.append(key)
    }
    return report
  }

  /// Different rows from all over the table.
  private func choose(
    _ count: Int, _ table: Int, _ dice: inout Dice
  ) -> (keys: [RowKey], total: Int) {
    stores[table].settle()
    let total = stores[table].count
    let wanted = min(count, total)
    guard wanted > 0 else { return ([], 0) }
    guard wanted * 4 < total, stores[table].generator.keys.count == total else {
      var keys: [RowKey] = []
      stores[table].forEach(from: nil) { (row: RowView) -> Bool in
        keys.append(row.key)
        return true
      }
      for place in 0..<wanted {
        keys.swapAt(place, place + dice.below(keys.count - place))
      }
      return (Array(keys.prefix(wanted)), total)
    }
    var seen: Set<RowKey> = []
    var keys: [RowKey] = []
    while keys.count < wanted {
      let key = stores[table].generator.keys.rank(dice.below(total)).key
      guard stores[table].row(key) != nil, seen.insert(key).inserted else { continue }
      keys.append(key)
    }
    return (keys, total)
  }

  /// New values for one to three columns: what another row would have there.
  private func alter(_ table: Int, _ key: RowKey, _ dice: inout Dice) {
    let store = stores[table]
    let columns = store.definition.columns
    let writable = columns.indices.filter { position in
      guard columns[position].access.contains(.update) else { return false }
      switch columns[position].recipe {
      case .nothing, .status, .state, .reference, .serial, .constant: return false
      default: return true
      }
    }
    var values: [Int: FieldValue] = [:]
    for _ in 0...dice.below(3) where !writable.isEmpty {
      let position = writable[dice.below(writable.count)]
      values[position] = store.generator.value(
        columns[position].recipe, column: position, slot: 1 << 40 + dice.below(1 << 20))
    }
    change(table, key, values)
  }

  // MARK: the three primitive writes, with what the platform adds to each

  func add(_ table: Int, _ key: RowKey, _ values: [Int: FieldValue], slot: Int? = nil) {
    let definition = stores[table].definition
    var values = values
    for (position, column) in definition.columns.enumerated() where values[position] == nil {
      if slot == nil, column.initial != .null { values[position] = column.initial }
    }
    let now = FieldValue.moment(clock.now.seconds)
    for name in ["createdon", "modifiedon"] {
      if let position = definition.position(wire: name), values[position] == nil {
        values[position] = now
      }
    }
    version += 1
    pages.removeAll(keepingCapacity: true)
    note(table, stores[table].insert(key, slot: slot, values: values, version: version))
  }

  func change(_ table: Int, _ key: RowKey, _ values: [Int: FieldValue]) {
    var values = values
    if let position = stores[table].definition.position(wire: "modifiedon") {
      values[position] = .moment(clock.now.seconds)
    }
    version += 1
    pages.removeAll(keepingCapacity: true)
    note(table, stores[table].update(key, values: values, version: version))
  }

  func remove(_ table: Int, _ key: RowKey) {
    version += 1
    pages.removeAll(keepingCapacity: true)
    let now = clock.now
    stores[table].pruneTombstones(before: now + .seconds(-knobs.expiryDays * 86_400))
    note(table, stores[table].delete(key, version: version, at: now))
  }

  private func note(_ table: Int, _ step: TableStore.Undo) { journal?.append((table, step)) }
}
