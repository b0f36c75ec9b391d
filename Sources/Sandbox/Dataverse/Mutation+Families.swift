import Core

/// New rows and their parents.
extension DataverseService {
  /// A lookup that makes a customer's table the child of another.
  struct ParentLink {
    var position: Int
    /// Index of the parent's table.
    var table: Int
  }

  /// None for Microsoft's own tables: their lookups are decoration.
  func links(of table: Int) -> [ParentLink] {
    let definition = stores[table].definition
    guard definition.isCustom else { return [] }
    return definition.columns.enumerated().compactMap { position, column in
      guard case .reference(let target, _) = column.recipe, column.access.contains(.update),
        let index = index(target), stores[index].definition.isWritable
      else { return nil }
      return ParentLink(position: position, table: index)
    }
  }

  /// A row that exists, now and then nobody: half of them are among the youngest.
  func parent(
    _ link: ParentLink, slot: Int, of table: Int, _ dice: inout Dice
  ) -> FieldValue {
    let name = stores[link.table].definition.logicalName
    if dice.percent(50),
      let young = stores[link.table].log.entries.suffix(64).last(where: { _ in
        dice.percent(20)
      }), stores[link.table].row(young.key) != nil
    {
      return .reference(young.key, table: name)
    }
    let column = stores[table].definition.columns[link.position]
    let drawn = stores[table].generator.value(
      column.recipe, column: link.position, slot: slot)
    guard let key = drawn.key, stores[link.table].row(key) != nil else { return .null }
    return drawn
  }

  /// A new row with a new id.
  func addFresh(_ table: Int, _ dice: inout Dice) -> RowKey {
    let key = freshKey()
    addFresh(table, key, &dice, number: keysGiven)
    return key
  }

  func addFresh(_ table: Int, _ key: RowKey, _ dice: inout Dice) {
    keysGiven += 1
    addFresh(table, key, &dice, number: keysGiven)
  }

  /// Content of a slot behind the generated ones; the key is its own.
  private func addFresh(
    _ table: Int, _ key: RowKey, _ dice: inout Dice, number: UInt64,
    _ given: [Int: FieldValue] = [:]
  ) {
    let slot = stores[table].generator.keys.count + Int(number)
    var values = given
    for link in links(of: table) where values[link.position] == nil {
      values[link.position] = parent(link, slot: slot, of: table, &dice)
    }
    add(table, key, values, slot: slot)
  }

  private func freshKey() -> RowKey {
    keysGiven += 1
    return KeySpace.fresh(at: clock.now, number: keysGiven, seed: world.seed)
  }

  func addOrphan(_ table: Int, _ dice: inout Dice) -> RowKey {
    let key = freshKey()
    let number = keysGiven
    var values: [Int: FieldValue] = [:]
    if let link = links(of: table).first {
      values[link.position] = .reference(
        freshKey(), table: stores[link.table].definition.logicalName)
    }
    addFresh(table, key, &dice, number: number, values)
    return key
  }

  /// The rows deleted last come back first.
  func restore(
    _ count: Int, _ table: Int, except recent: [RowKey], _ dice: inout Dice
  ) -> [RowKey] {
    var keys: [RowKey] = []
    guard count > 0 else { return keys }
    var seen = Set(recent)
    for stone in stores[table].tombstones.entries.reversed() where keys.count < count {
      guard stores[table].row(stone.key) == nil, seen.insert(stone.key).inserted else { continue }
      keys.append(stone.key)
    }
    for key in keys { addFresh(table, key, &dice) }
    return keys
  }

  /// Creates rows that this table's rows point at and that are not there.
  func addParents(_ count: Int, of table: Int, _ dice: inout Dice) -> [RowKey] {
    guard count > 0 else { return [] }
    var missing: [(table: Int, key: RowKey)] = []
    var seen: Set<RowKey> = []
    let links = links(of: table)
    stores[table].settle()
    stores[table].forEach(from: nil) { (row: RowView) -> Bool in
      for link in links {
        guard let key = row.value(link.position).key, stores[link.table].row(key) == nil,
          seen.insert(key).inserted
        else { continue }
        missing.append((link.table, key))
      }
      return missing.count < count
    }
    let chosen = missing.prefix(count)
    for parent in chosen { addFresh(parent.table, parent.key, &dice) }
    return chosen.map(\.key)
  }
}

extension Dice {
  /// Puts randomly chosen elements at the beginning.
  mutating func shuffle(_ keys: inout [RowKey], first count: Int) {
    for place in 0..<min(count, keys.count) {
      keys.swapAt(place, place + below(keys.count - place))
    }
  }
}

extension FieldValue {
  /// What a person writes for a value: empty is null, a guid means the lookup's first table.
  init?(written text: String, _ column: ColumnDefinition) {
    let json: JSONValue =
      switch column.kind {
      case _ where text.isEmpty: .null
      case .boolean where text == "true" || text == "false": .bool(text == "true")
      case .integer, .bigInteger, .picklist, .state, .status, .decimal, .money, .double:
        .number(text)
      default: .string(text)
      }
    if case .number = json, Double(text) == nil { return nil }
    self.init(json, column)
  }
}
