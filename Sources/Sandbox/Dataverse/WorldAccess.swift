import Core

/// The world as tests and the operator see it: past the Web API, without tokens or limits.
extension DataverseService {
  func index(_ table: String) -> Int? { world.schema.table(table) }

  package func count(of table: String) -> Int {
    guard let index = index(table) else { return 0 }
    fillTimeline(index)
    return stores[index].count
  }

  /// Current rows in primary key order, with every column that rows carry.
  package func rows(of table: String, offset: Int = 0, count: Int) -> [JSONValue] {
    guard let index = index(table) else { return [] }
    fillTimeline(index)
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
    rememberContact(key, table)
    note(table, stores[table].insert(key, slot: slot, values: values, version: version))
  }

  func change(_ table: Int, _ key: RowKey, _ values: [Int: FieldValue]) {
    var values = values
    if let position = stores[table].definition.position(wire: "modifiedon") {
      values[position] = .moment(clock.now.seconds)
    }
    version += 1
    pages.removeAll(keepingCapacity: true)
    remember(key, table, becoming: values)
    note(table, stores[table].update(key, values: values, version: version))
  }

  func remove(_ table: Int, _ key: RowKey) { remove(table, [key]) }

  /// Removes rows, and does to those that point to them what their table's setting says.
  func remove(_ table: Int, _ keys: [RowKey]) {
    guard !keys.isEmpty else { return }
    pages.removeAll(keepingCapacity: true)
    let now = clock.now
    stores[table].pruneTombstones(before: now + .seconds(-knobs.expiryDays * 86_400))
    for key in keys {
      version += 1
      remember(key, table, becoming: nil)
      note(table, stores[table].delete(key, version: version, at: now))
    }
    followLinks(to: Set(keys), of: table)
  }

  private func followLinks(to gone: Set<RowKey>, of table: Int) {
    let name = stores[table].definition.logicalName
    for child in stores.indices {
      let definition = stores[child].definition
      if definition.isActivity, stores[child].count == 0 || !definition.isWritable { continue }
      // An activity goes with what it is regarding, unless its links are to be emptied.
      let cascades =
        knobs.cascadeDeletes.contains(definition.logicalName)
        || definition.isActivity && !knobs.removeLinks.contains(definition.logicalName)
      guard cascades || knobs.removeLinks.contains(definition.logicalName) else { continue }
      for (position, column) in definition.columns.enumerated()
      where column.targets.contains(where: { $0.table == name }) {
        stores[child].settle()
        var orphans: [RowKey] = []
        stores[child].forEach(from: nil) { (row: RowView) -> Bool in
          if let key = row.value(position).key, gone.contains(key) { orphans.append(row.key) }
          return true
        }
        if cascades {
          if definition.isActivity {
            buried[child, default: []] += orphans.compactMap { stores[child].written[$0] }
          }
          remove(child, orphans)
        } else {
          for key in orphans { change(child, key, [position: .null]) }
        }
      }
    }
  }

  private func note(_ table: Int, _ step: TableStore.Undo) { journal?.append((table, step)) }
}
