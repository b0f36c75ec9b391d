import Synchronization

/// Things that are made once and then kept.
final class Shelf<Key: Hashable & Sendable, Item: Sendable>: Sendable {
  private let items = Mutex<[Key: Item]>([:])

  func item(_ key: Key, make: () -> Item) -> Item {
    items.withLock { items in
      if let item = items[key] { return item }
      let item = make()
      items[key] = item
      return item
    }
  }
}
