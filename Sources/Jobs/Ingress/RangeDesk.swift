import Synchronization

/// Which ranges are to be read: the readers of one load share it while they run.
///
/// Ranges that an earlier run began come first. What it says is in the checkpoint too.
final class RangeDesk: Sendable {
  private struct State {
    var waiting: [Int]
    var isClosed = false
  }
  private let state: Mutex<State>

  init(_ ranges: [RangeSlot]) {
    let open = ranges.indices.filter { !ranges[$0].isDone }
    let begun = open.filter { ranges[$0].last != nil }
    let fresh = open.filter { ranges[$0].last == nil }
    state = Mutex(State(waiting: begun + fresh))
  }

  /// The place of a range that nobody reads yet; nil where there is none, or the desk is closed.
  func take() -> Int? {
    state.withLock { state in
      state.isClosed || state.waiting.isEmpty ? nil : state.waiting.removeFirst()
    }
  }

  /// Reading by ranges is over before its end.
  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// - Returns: false where somebody has closed it before.
  func close() -> Bool {
    state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
  }
}
