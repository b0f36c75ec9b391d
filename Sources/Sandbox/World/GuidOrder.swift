import Core

/// How a server puts guids in order.
package enum GuidOrder: String, Sendable, CaseIterable {
  /// As SQL Server does, and so Dataverse.
  case sql
  /// As their text reads; other databases do.
  case text

  /// Ranks of one order compare with each other, and with no other's.
  package func rank(_ key: RowKey) -> GuidRank {
    switch self {
    case .sql: GuidRank(key)
    case .text: GuidRank(major: key.high, minor: key.low)
    }
  }

  package func key(_ rank: GuidRank) -> RowKey {
    switch self {
    case .sql: rank.key
    case .text: RowKey(high: rank.major, low: rank.minor)
    }
  }
}
