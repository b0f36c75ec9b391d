/// Chance that is the same on every machine and in every version: a function of its arguments.
///
/// - Source: the finaliser of SplitMix64.
func mix(_ one: UInt64, _ other: UInt64) -> UInt64 {
  var word = one ^ (other &* 0x9E37_79B9_7F4A_7C15)
  word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
  word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
  return word ^ (word >> 31)
}

/// A salt for a name, so that columns of one row do not throw the same dice.
func salt(_ name: String) -> UInt64 {
  name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
}

/// One seeded sequence of draws.
package struct Dice: Sendable {
  private var state: UInt64

  package init(_ seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return mix(state, 1)
  }

  /// A whole number from zero up to, not including, `limit`.
  package mutating func below(_ limit: Int) -> Int {
    limit <= 1 ? 0 : Int(next() % UInt64(limit))
  }

  package mutating func percent(_ share: Int) -> Bool { below(100) < share }
}
