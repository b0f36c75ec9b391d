import Core

/// The guids of a generated table, in SQL Server order, computed from a slot number: no memory.
///
/// - Shape: slot 0 is the first row in primary key order. Skewed: sequential guids of few hosts, in
///   bursts of imports and calm years between them. Uniform: random guids.
package struct KeySpace: Sendable {
  package enum Shape: String, Sendable { case skewed, uniform }

  /// Rows of one host that came at one pace.
  private struct Run: Sendable {
    var major: UInt64
    var firstSlot: Int
    var count: Int
    /// 100 ns since 1582-10-15, as in a version 1 UUID.
    var start: UInt64
    var step: UInt64
  }

  package let count: Int
  private let seed: UInt64
  private let shape: Shape
  private let runs: [Run]
  private let stride: UInt64

  package init(count: Int, seed: UInt64, shape: Shape = .skewed) {
    self.count = count
    self.seed = seed
    self.shape = shape
    stride = UInt64.max / UInt64(max(count, 1))
    runs = shape == .uniform ? [] : KeySpace.runs(count: count, seed: seed)
  }

  /// Ticks between 1582-10-15 and 1970-01-01.
  private static let unixEpoch: UInt64 = 122_192_928_000_000_000

  static func ticks(unix seconds: Int64) -> UInt64 {
    UInt64(seconds) * 10_000_000 + unixEpoch
  }

  /// Hosts as they appear in public samples, with their share of the rows in percent.
  static let hosts: [(node: UInt64, clock: UInt64, share: Int)] = [
    (0x000d_3a2b_1c4d, 0x904c, 38), (0x000d_3a4b_9f01, 0xb6e6, 21), (0x0022_4804_7e1a, 0x8c9b, 17),
    (0x6045_bd0a_77c2, 0x9079, 14), (0x6045_bdd1_40e5, 0xa81c, 7), (0x0015_5d00_0b03, 0x80c9, 3),
  ]

  /// Calm years and import bursts: start (unix), share in percent, milliseconds between two rows.
  private static let paces: [(start: Int64, share: Int, gap: UInt64)] = [
    (1_420_070_400, 12, 0), (1_520_643_600, 41, 2), (1_525_132_800, 18, 0), (1_631_235_600, 17, 3),
    (1_640_995_200, 12, 0),
  ]
  private static let calmSeconds: UInt64 = 94_000_000

  private static func runs(count: Int, seed: UInt64) -> [Run] {
    var runs: [Run] = []
    var slot = 0
    let ordered = hosts.sorted { $0.node < $1.node }
    for (position, host) in ordered.enumerated() {
      let rows = position == ordered.count - 1 ? count - slot : count * host.share / 100
      let major = host.node << 16 | host.clock
      var left = rows
      for (index, pace) in paces.enumerated() {
        let take = index == paces.count - 1 ? left : rows * pace.share / 100
        guard take > 0 else { continue }
        left -= take
        let lead = mix(seed, UInt64(position * 8 + index)) % 5_000_000_000
        let step = pace.gap > 0 ? pace.gap * 10_000 : calmSeconds * 10_000_000 / UInt64(take)
        runs.append(
          Run(
            major: major, firstSlot: slot, count: take, start: ticks(unix: pace.start) + lead,
            step: step))
        slot += take
      }
    }
    return runs
  }

  package func rank(_ slot: Int) -> GuidRank {
    let chance = mix(seed, UInt64(truncatingIfNeeded: slot) | 1 << 62)
    guard shape == .skewed else {
      let place = UInt64(slot) * stride + chance % (stride / 2)
      let second = mix(chance, 7)
      return GuidRank(
        major: place & ~0xC000 | 0x8000, minor: second & ~(0xF0 << 48) | 0x40 << 48)
    }
    let run = runs[run(of: slot)]
    let tick = run.start + UInt64(slot - run.firstSlot) * run.step + chance % run.step
    return GuidRank(major: run.major, minor: 1 << 60 | tick)
  }

  /// When the row of a slot was created, seconds since 1970.
  package func created(_ slot: Int) -> Int64 {
    guard shape == .skewed else {
      return 1_420_070_400 + Int64(mix(seed, UInt64(slot)) % 314_000_000)
    }
    let tick = rank(slot).minor & (1 << 60 - 1)
    return Int64((tick - KeySpace.unixEpoch) / 10_000_000)
  }

  private func run(of slot: Int) -> Int {
    var low = 0
    var high = runs.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if runs[middle].firstSlot <= slot { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// The first slot whose guid is not below `rank`; `count` where all are.
  package func lowerBound(_ rank: GuidRank) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self.rank(middle) < rank { low = middle + 1 } else { high = middle }
    }
    return low
  }

  package func slot(of key: RowKey) -> Int? {
    let rank = GuidRank(key)
    let slot = lowerBound(rank)
    return slot < count && self.rank(slot) == rank ? slot : nil
  }

  /// A guid as the service hands them out to a new row.
  package static func fresh(at now: Instant, number: UInt64, seed: UInt64) -> RowKey {
    let host = hosts[Int(mix(seed, number / 64) % UInt64(hosts.count))]
    let tick = ticks(unix: max(now.seconds, 0)) + number % 10_000_000
    return GuidRank(major: host.node << 16 | host.clock, minor: 1 << 60 | tick).key
  }
}
