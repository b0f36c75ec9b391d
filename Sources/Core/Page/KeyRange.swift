extension RowKey {
  /// The key as two words that compare as SQL Server compares guids: the order of Dynamics' pages, of
  /// `$orderby` and of ranges in `$filter`.
  ///
  /// - Shape: the last group comes first, then the fourth, then the others, each from its last byte to
  ///   its first.
  /// - Source: fact sheet of Dataverse, 3.7.
  package var rank: (high: UInt64, low: UInt64) {
    (low << 16 | low >> 48, high.byteSwapped)
  }

  package init(rank: (high: UInt64, low: UInt64)) {
    self.init(high: rank.low.byteSwapped, low: rank.high >> 16 | rank.high << 48)
  }

  /// Whether Dynamics' pages have this key first.
  package func comes(before other: RowKey) -> Bool { rank < other.rank }
}

/// Primary ids from `low` on and below `high`, in the order of Dynamics; nil is an open end.
package struct KeyRange: Sendable, Equatable, Codable {
  package var low: RowKey?
  package var high: RowKey?

  package init(low: RowKey? = nil, high: RowKey? = nil) {
    self.low = low
    self.high = high
  }

  /// Ranges that meet at the boundaries; the first and the last are open, so that every key there ever
  /// is lies in exactly one.
  ///
  /// - Parameter boundaries: ascending, none twice.
  package static func split(at boundaries: [RowKey]) -> [KeyRange] {
    let ends = [nil] + boundaries.map(Optional.some) + [nil]
    return zip(ends, ends.dropFirst()).map { KeyRange(low: $0, high: $1) }
  }

  package func contains(_ key: RowKey) -> Bool {
    if let low, key.comes(before: low) { return false }
    if let high, !key.comes(before: high) { return false }
    return true
  }

  /// Whether the keys lie in the range, behind `last`, and ascend: what a page of a range must do.
  package func isInOrder(_ keys: [RowKey], after last: RowKey?) -> Bool {
    var before = last
    for key in keys {
      if let before, !before.comes(before: key) { return false }
      before = key
    }
    return [keys.first, keys.last].allSatisfy { $0.map(contains) ?? true }
  }
}
