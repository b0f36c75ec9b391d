import Core

/// What happens to a table on a busy day: how many rows of each kind.
package struct Mutation: Sendable {
  package var creates = 0
  package var updates = 0
  package var deletes = 0
  /// Rows that are deleted and at once created again with the same id.
  package var recreates = 0
  /// Rows deleted earlier that come back with the same id.
  package var restores = 0
  /// New rows whose parent does not exist yet.
  package var orphans = 0
  /// Rows that others of this table point at and that do not exist: they are created, with that id.
  package var parents = 0
  /// Columns set to a value, so that rows leave or enter a filter.
  package var set: [Assignment] = []
  /// Which rows `set` is about, by the values they have now.
  package var having: [Assignment] = []
  /// How many of them; nil: all.
  package var rows: Int?
  package var seed: UInt64 = 1

  /// A column and the text of a value; empty: null.
  package struct Assignment: Sendable {
    package var column: String
    package var value: String
    package init(column: String, value: String) {
      self.column = column
      self.value = value
    }
  }

  package init() {}
}

/// What a mutation did.
package struct MutationReport: Sendable, Equatable {
  package var created: [RowKey] = []
  package var updated: [RowKey] = []
  package var deleted: [RowKey] = []
  package var recreated: [RowKey] = []
  package var restored: [RowKey] = []
  package var orphans: [RowKey] = []
  /// Of the parents' tables.
  package var parents: [RowKey] = []
  package var set: [RowKey] = []

  package init() {}

  package var json: JSONValue {
    func keys(_ keys: [RowKey]) -> JSONValue { .array(keys.map { .string($0.description) }) }
    return [
      "created": keys(created), "updated": keys(updated), "deleted": keys(deleted),
      "recreated": keys(recreated), "restored": keys(restored), "orphans": keys(orphans),
      "parents": keys(parents), "set": keys(set),
    ]
  }
}

extension DataverseService {
  /// Creates, updates and deletes rows, as a busy day would; the same from the same seed.
  package func mutate(
    table: String, creates: Int, updates: Int, deletes: Int, seed: UInt64
  ) -> MutationReport {
    var mutation = Mutation()
    (mutation.creates, mutation.updates, mutation.deletes) = (creates, updates, deletes)
    mutation.seed = seed
    return (try? mutate(table: table, mutation)) ?? MutationReport()
  }

  /// - Errors: `configuration` where the table or a column is unknown, or a value is none of its
  ///   type; then nothing was changed.
  package func mutate(table: String, _ mutation: Mutation) throws(SyncError) -> MutationReport {
    guard let index = index(table), stores[index].definition.isWritable else {
      throw .control("change the table \(table)", "Dynamics has no such table here")
    }
    let set = try fields(mutation.set, index)
    let having = try fields(mutation.having, index)
    if mutation.orphans > 0, links(of: index).isEmpty {
      throw .control("create orphans in \(table)", "its rows have no parent")
    }
    var report = MutationReport()
    var dice = Dice(mix(mutation.seed, salt(table)))
    let (chosen, total) = choose(mutation.updates + mutation.deletes, index, &dice)
    report.updated = Array(chosen.prefix(min(mutation.updates, total)))
    report.deleted = Array(chosen.dropFirst(report.updated.count).prefix(mutation.deletes))
    let alterable = alterable(index)
    for key in report.updated { alter(index, key, alterable, &dice) }
    remove(index, report.deleted)
    for _ in 0..<mutation.creates { report.created.append(addFresh(index, &dice)) }

    var other = Dice(mix(mutation.seed, salt("again " + table)))
    report.recreated = choose(mutation.recreates, index, &other).keys
    for key in report.recreated {
      remove(index, key)
      addFresh(index, key, &other)
    }
    report.restored = restore(mutation.restores, index, except: report.deleted, &other)
    for _ in 0..<mutation.orphans { report.orphans.append(addOrphan(index, &other)) }
    report.parents = addParents(mutation.parents, of: index, &other)
    if !set.isEmpty { report.set = assign(set, having, mutation.rows, index, &other) }
    return report
  }

  private func fields(
    _ assignments: [Mutation.Assignment], _ table: Int
  ) throws(SyncError) -> [Int: FieldValue] {
    let definition = stores[table].definition
    var fields: [Int: FieldValue] = [:]
    for assignment in assignments {
      guard let place = definition.position(logical: assignment.column) else {
        throw .control(
          "set \(assignment.column)", "\(definition.logicalName) has no column of that name")
      }
      guard let value = FieldValue(written: assignment.value, definition.columns[place]) else {
        throw .control("set \(assignment.column)", "the value is not of the column's type")
      }
      fields[place] = value
    }
    return fields
  }

  /// Different rows from all over the table.
  func choose(
    _ count: Int, _ table: Int, _ dice: inout Dice
  ) -> (keys: [RowKey], total: Int) {
    stores[table].settle()
    let total = stores[table].count
    let wanted = min(count, total)
    guard wanted > 0 else { return ([], 0) }
    // Of a small table every row has the same chance; of a large one too, and none is read for it.
    let isUntouched = stores[table].generator.keys.count == total
    let drawn = isUntouched ? total : stores[table].places
    guard wanted * 4 < total, isUntouched || total > 100_000 && total * 4 > drawn else {
      var keys = rows(of: table) { _ in true }
      dice.shuffle(&keys, first: wanted)
      return (Array(keys.prefix(wanted)), total)
    }
    var seen: Set<RowKey> = []
    var keys: [RowKey] = []
    while keys.count < wanted {
      let key = stores[table].key(at: dice.below(drawn))
      guard stores[table].row(key) != nil, seen.insert(key).inserted else { continue }
      keys.append(key)
    }
    return (keys, total)
  }

  private func rows(of table: Int, where fits: (RowView) -> Bool) -> [RowKey] {
    stores[table].settle()
    var keys: [RowKey] = []
    stores[table].forEach(from: nil) { (row: RowView) -> Bool in
      if fits(row) { keys.append(row.key) }
      return true
    }
    return keys
  }

  /// The columns that a busy day changes, and those among them that make a row a child.
  private func alterable(_ table: Int) -> (columns: [Int], links: [ParentLink]) {
    let columns = stores[table].definition.columns
    let links = links(of: table)
    let writable = columns.indices.filter { position in
      guard columns[position].access.contains(.update) else { return false }
      switch columns[position].recipe {
      case .nothing, .status, .state, .serial, .constant: return false
      case .reference: return links.contains { $0.position == position }
      default: return true
      }
    }
    return (writable, links)
  }

  /// New values for one to three columns: what another row would have there.
  private func alter(
    _ table: Int, _ key: RowKey, _ alterable: (columns: [Int], links: [ParentLink]),
    _ dice: inout Dice
  ) {
    var values: [Int: FieldValue] = [:]
    for _ in 0...dice.below(3) where !alterable.columns.isEmpty {
      let position = alterable.columns[dice.below(alterable.columns.count)]
      let slot = 1 << 40 + dice.below(1 << 20)
      if let link = alterable.links.first(where: { $0.position == position }) {
        values[position] = parent(link, slot: slot, of: table, &dice)
      } else {
        values[position] = stores[table].generator.value(
          stores[table].definition.columns[position].recipe, column: position, slot: slot)
      }
    }
    change(table, key, values)
  }

  private func assign(
    _ values: [Int: FieldValue], _ having: [Int: FieldValue], _ limit: Int?, _ table: Int,
    _ dice: inout Dice
  ) -> [RowKey] {
    var keys = rows(of: table) { row in having.allSatisfy { row.value($0.key) == $0.value } }
    if let limit, limit < keys.count {
      dice.shuffle(&keys, first: limit)
      keys = Array(keys.prefix(limit))
    }
    for key in keys { change(table, key, values) }
    return keys
  }
}
