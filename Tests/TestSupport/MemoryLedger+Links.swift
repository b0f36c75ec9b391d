import Core

/// What the ledger in memory says of parents and children.
extension MemoryLedger.Content {
  func held(_ keys: [RowKey]) -> Set<RowKey> {
    let held = pending.values.filter { $0.rejection.parent != nil }.map(\.rejection.key)
    return Set(keys).intersection(held.compactMap { RowKey($0) })
  }

  mutating func departReleased(_ key: RowKey) {
    if [.released, .approved].contains(deletions[key]) { departed.append(key) }
  }

  mutating func forget(_ key: RowKey) {
    known[key] = nil
    links[key] = nil
    formerly[key] = nil
  }

  mutating func link(_ key: RowKey, _ parents: Set<RowKey>, at now: Instant) {
    for parent in links[key, default: []].subtracting(parents) {
      formerly[key, default: [:]][parent] = now
      let oldest = now + (.zero - LedgerEntry.formerFor)
      formerly = formerly.mapValues { $0.filter { $0.value >= oldest } }
    }
    links[key] = parents.isEmpty ? nil : parents
  }

  func children(of parent: RowKey) -> [RowKey] {
    let now = links.filter { $0.value.contains(parent) }.map(\.key)
    let before = formerly.filter { $0.value[parent] != nil }.map(\.key)
    return Array(Set(now + before))
  }
}
