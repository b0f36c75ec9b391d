import Core

/// A large table on its way: its keys first, then its rows, by several readers at once.
package struct PartitionSlot: Codable, Sendable, Equatable {
  package enum Step: String, Codable, Sendable {
    /// A tracked scan of all keys, to its end: it gives the token, and then the ranges.
    case listing
    /// Will Dynamics do what ranges need?
    case probing
    /// Readers take one range after another; then it is proven that none left out a row.
    case reading
  }

  package var step = Step.listing
  /// The next page of the scan of keys; nil before the first.
  package var link: String?
  /// Keys listed so far.
  package var keys = 0
  /// Where the changes after the scan begin, as its last page gave it.
  package var token: String?
  /// Days that the service keeps it, where it says so.
  package var tokenDays: Int?
  /// While it is proven that nothing was left out: the next page of those changes; nil before the first.
  package var changes: String?
  /// In the order of `KeyRange`; empty before they are known, and once they are read.
  package var ranges: [RangeSlot] = []
  /// One for each reader; part numbers are dealt to them in turn.
  package var parts: [PartSlot] = []
  /// Rows written to parts.
  package var rows = 0

  package init() {}
}

package struct RangeSlot: Codable, Sendable, Equatable {
  package var range: KeyRange
  /// The last row that is in a part.
  package var last: RowKey?
  package var isDone = false

  package init(_ range: KeyRange) { self.range = range }
}

/// The parts of one writer: the one in hand, and those that are full.
package struct PartSlot: Codable, Sendable, Equatable {
  package var part: PartMark
  package var full: [PartMark] = []

  package init(_ part: PartMark, full: [PartMark] = []) {
    self.part = part
    self.full = full
  }

  /// Full parts and the one in hand, where it holds anything.
  package var marks: [PartMark] { part.rows > 0 ? full + [part] : full }

  /// Begins the next part where the one in hand has its size.
  ///
  /// - Parameter step: from a number of this writer to its next.
  /// - Returns: the part that is full now.
  package mutating func turn(at size: Int, step: Int) -> PartMark? {
    guard part.size >= UInt64(size) else { return nil }
    let done = part
    full.append(done)
    part = PartMark(number: done.number + step)
    return done
  }
}

/// Why a large table is read in one piece, row after row.
package enum StrictReason: String, Codable, Sendable {
  /// No table is large to whom the scan of keys shows fewer rows than the count promised.
  case small
  case selectRefused, rangesRefused, orderUnknown, rowsMissing

  /// For a person; nil where it is no second choice.
  package var words: String? {
    switch self {
    case .small: nil
    case .selectRefused: "Dynamics does not follow changes with other columns than the scan's"
    case .rangesRefused: "Dynamics takes no ranges of primary ids"
    case .orderUnknown: "Dynamics does not order primary ids as SQL Server does"
    case .rowsMissing: "ranges left out rows that the table has"
    }
  }
}

extension IngressState {
  /// The load begins again, row after row.
  mutating func readStrictly(_ reason: StrictReason) {
    guard export.partition != nil else { return }
    beginAgain()
    export.strict = reason
  }

  /// Reading begins again, with the first part; why it is strict, if it is, stays.
  mutating func beginAgain() {
    var next = ExportSlot()
    next.strict = export.strict
    export = next
    // What stands on SFTP, or may, is written over, or goes before the manifest comes.
    stage.sealed = []
    stage.published = []
  }
}
