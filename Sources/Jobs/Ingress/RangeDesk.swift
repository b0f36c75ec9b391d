/// Which ranges are to be read: the readers of one load share it while they run.
///
/// Ranges that an earlier run began come first. What it says is in the checkpoint too.
actor RangeDesk {
  private var waiting: [Int]
  /// Reading by ranges is over before its end.
  private(set) var isClosed = false

  init(_ ranges: [RangeSlot]) {
    let open = ranges.indices.filter { !ranges[$0].isDone }
    waiting = open.filter { ranges[$0].last != nil } + open.filter { ranges[$0].last == nil }
  }

  /// The place of a range that nobody reads yet; nil where there is none, or the desk is closed.
  func take() -> Int? {
    isClosed || waiting.isEmpty ? nil : waiting.removeFirst()
  }

  /// - Returns: false where somebody has closed it before.
  func close() -> Bool {
    defer { isClosed = true }
    return !isClosed
  }
}
