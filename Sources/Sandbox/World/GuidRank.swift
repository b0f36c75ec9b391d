import Core

/// A guid as SQL Server orders it: the one comparator of paging, filters and sorting.
///
/// - Shape: text `aabbccdd-eeff-gghh-iijj-kkllmmnnoopp` ranks by `kkllmmnnoopp iijj hhgg ffee ddccbbaa`.
package struct GuidRank: Hashable, Comparable, Sendable, BitwiseCopyable {
  package var major: UInt64
  package var minor: UInt64

  package init(major: UInt64, minor: UInt64) {
    self.major = major
    self.minor = minor
  }

  package init(_ key: RowKey) {
    major = key.low << 16 | key.low >> 48
    minor = key.high.byteSwapped
  }

  package var key: RowKey {
    RowKey(high: minor.byteSwapped, low: major >> 16 | major << 48)
  }

  package static func < (one: GuidRank, other: GuidRank) -> Bool {
    one.major == other.major ? one.minor < other.minor : one.major < other.major
  }
}
