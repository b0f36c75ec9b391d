import Core

/// A profile as the opt-out workflow sees it.
package struct OptOutRow: Sendable, Equatable {
  /// `externalId`, as it stands there; empty where a profile has none.
  package var key: String
  /// True is opted out; by place in the closed list, the first in the lowest bit.
  package var values: UInt8
  package var times: AttributeTimes
  package var modified: Instant

  package func value(_ place: Int) -> Bool { values >> UInt8(place) & 1 == 1 }
}

/// Opt-outs beside the API: their times, their history, and what a person does in Campaign.
extension CampaignService {
  /// Replaces the values of a row; what that changes of its opt-outs is remembered.
  ///
  /// - Returns: whether anything changed.
  func replace(
    _ id: Int, in space: Int, with packed: PackedRecord, by author: ChangeAuthor
  ) -> Bool {
    guard let row = tables[space][id],
      tables[space].replace(id, with: packed, at: clock())
    else { return false }
    remember(row, in: space, becoming: packed, by: author)
    return true
  }

  /// - Parameter packed: nil: the row goes.
  func remember(
    _ row: StoredRow, in space: Int, becoming packed: PackedRecord?, by author: ChangeAuthor
  ) {
    let positions = tables[space].optOuts
    guard !positions.isEmpty, let key = row.packed.text(keyPosition(space)).flatMap({ RowKey($0) })
    else { return }
    let old = row.packed.bits(at: positions)
    let new = packed?.bits(at: positions)
    let changed = new.map { $0 ^ old } ?? .max
    guard changed != 0 else { return }
    let now = clock()
    func flag(_ bits: UInt8, _ place: Int) -> Bool { bits >> UInt8(place) & 1 == 1 }
    history.append(
      positions.indices.filter { flag(changed, $0) }.map { place in
        ConsentChange(
          key: key, side: .campaign, place: Int16(place), old: flag(old, place),
          new: new.map { flag($0, place) }, before: row.times[place], at: now, author: author)
      })
  }

  private func keyPosition(_ space: Int) -> Int {
    tables[space].definition.position("externalId") ?? -1
  }

  private func optOutRow(_ row: StoredRow, _ space: Int) -> OptOutRow {
    OptOutRow(
      key: row.packed.text(keyPosition(space)) ?? "",
      values: row.packed.bits(at: tables[space].optOuts), times: row.times, modified: row.modified)
  }

  // MARK: what the comparison and the workflow read

  /// The first profile of each key.
  package func optOuts(of keys: [RowKey]) -> [OptOutRow?] {
    guard let space = space("profile") else { return keys.map { _ in nil } }
    let position = keyPosition(space)
    return keys.map { key in
      let id = tables[space].ids(where: position, equals: key.description.utf8).first
      return id.flatMap { tables[space][$0] }.map { optOutRow($0, space) }
    }
  }

  /// Profiles as they are now, and the moment of it.
  struct OptOutSnapshot: Sendable {
    var rows: [OptOutRow]
    var at: Instant
    var mark: Int
    var denyListNames: Bool
  }

  /// - Parameter since: only those of which an opt-out changed then or later; nil: every profile.
  func optOutSnapshot(since: Instant?) -> OptOutSnapshot {
    var rows: [OptOutRow] = []
    if let space = space("profile") {
      for id in 1...max(1, tables[space].last) {
        guard let row = tables[space][id] else { continue }
        if let since, row.times.latest.map({ $0 < since }) ?? true { continue }
        rows.append(optOutRow(row, space))
      }
    }
    return OptOutSnapshot(
      rows: rows, at: clock(), mark: history.mark, denyListNames: knobs.denyListNames)
  }

  // MARK: what a person does

  /// Sets an opt-out of a profile.
  ///
  /// - Returns: false where there is no such profile, or it says so already.
  @discardableResult
  package func setOptOut(_ place: Int, of key: RowKey, to value: Bool) -> Bool {
    guard let space = space("profile"), tables[space].optOuts.indices.contains(place),
      let id = tables[space].ids(where: keyPosition(space), equals: key.description.utf8).first,
      var values = tables[space][id]?.packed.values
    else { return false }
    values[tables[space].optOuts[place]] = value ? "true" : nil
    return replace(id, in: space, with: PackedRecord(values), by: .user)
  }

  /// Keys of profiles from all over the table, each once; fewer where it has no more.
  func drawProfiles(_ count: Int, _ dice: inout Dice) -> [RowKey] {
    guard let space = space("profile"), tables[space].count > 0 else { return [] }
    let position = keyPosition(space)
    var seen: Set<Int> = []
    var keys: [RowKey] = []
    for _ in 0..<(count * 3) where keys.count < count {
      let id = 1 + dice.below(tables[space].last)
      guard let row = tables[space][id], seen.insert(id).inserted,
        let key = row.packed.text(position).flatMap({ RowKey($0) })
      else { continue }
      keys.append(key)
    }
    return keys
  }
}
