/// A fair sample of a stream of unknown length, in constant memory.
///
/// - Shape: each item is as likely as any other; the same seed and stream give the same sample.
package struct FairSample<Item: Sendable>: Sendable {
  package private(set) var items: [Item] = []
  /// Items offered so far.
  package private(set) var seen = 0

  private let size: Int
  private var state: UInt64

  package init(size: Int, seed: UInt64) {
    self.size = size
    state = seed
  }

  package mutating func offer(_ item: Item) {
    seen += 1
    if items.count < size {
      items.append(item)
      return
    }
    guard size > 0 else { return }
    let place = Int(next() % UInt64(seen))
    if place < size { items[place] = item }
  }

  /// SplitMix64: small, and the same on every machine.
  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
