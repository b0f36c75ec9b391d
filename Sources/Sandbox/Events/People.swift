import Core

/// Who is written to: contacts as they are now, and some that Dynamics does not know.
struct People {
  private let contacts: [RowKey]
  private var gone: [RowKey]
  private var place = 0
  private let seed: UInt64

  /// - Errors: `configuration` where there are no contacts, or not as many deleted ones.
  init(_ order: ExportOrder, _ call: UInt64, _ service: DataverseService) async throws(SyncError) {
    seed = mix(order.seed, call &+ 41)
    contacts = await service.draw(min(order.events + 1, 100_000), of: "contact", seed: seed)
    gone = await service.deleted(order.deletedContacts, of: "contact")
    guard !contacts.isEmpty else { throw .events("Dynamics has no contact to write to") }
    guard gone.count == order.deletedContacts else {
      throw .events("only \(gone.count) contacts were deleted; `mutate --deletes N` deletes more")
    }
  }

  mutating func next(isGone: Bool, isPlain: Bool, _ dice: inout Dice) -> Recipient {
    if isGone, let key = gone.popLast() { return .contact(key) }
    place += 1
    // Some read several messages.
    let reader = dice.percent(20) ? dice.below(contacts.count) : place % contacts.count
    guard !isPlain else { return .contact(contacts[reader]) }
    switch dice.below(100) {
    case 0...2: return .stranger(stranger(dice.next()).description)
    case 3: return .stranger("CRM-\(10_000 + dice.below(90_000))")
    case 4: return .stranger("")
    case 5...6: return .test
    default: return .contact(contacts[reader])
    }
  }

  /// The like of a guid of Dynamics.
  private func stranger(_ chance: UInt64) -> RowKey {
    KeySpace.fresh(
      at: Instant(seconds: 1_600_000_000 + Int64(chance % 100_000_000)), number: chance >> 32,
      seed: seed)
  }
}

extension DataverseService {
  /// Rows from all over a table; fewer than asked for where it has no more.
  func draw(_ count: Int, of table: String, seed: UInt64) -> [RowKey] {
    guard let index = index(table), stores[index].count > 0 else { return [] }
    var dice = Dice(mix(seed, salt(table)))
    let generated = stores[index].generator.keys.count
    guard generated > 0 else { return keys(of: table, count: count) }
    var seen: Set<RowKey> = []
    var keys: [RowKey] = []
    for _ in 0..<min(count, generated) * 3 where keys.count < count {
      let key = stores[index].generator.keys.rank(dice.below(generated)).key
      if stores[index].row(key) != nil, seen.insert(key).inserted { keys.append(key) }
    }
    return keys.isEmpty ? self.keys(of: table, count: count) : keys
  }

  /// The last rows that were deleted and have not come back.
  func deleted(_ count: Int, of table: String) -> [RowKey] {
    guard let index = index(table), count > 0 else { return [] }
    var seen: Set<RowKey> = []
    var keys: [RowKey] = []
    for stone in stores[index].tombstones.entries.reversed() where keys.count < count {
      guard stores[index].row(stone.key) == nil, seen.insert(stone.key).inserted else { continue }
      keys.append(stone.key)
    }
    return keys
  }
}
