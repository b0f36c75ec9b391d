import Core
import Synchronization

/// Full parts on their way from the lanes that write them to those that upload them.
final class PartFeed: Sendable {
  private struct State {
    var full: [PartMark]
    var writers: Int
    var waiting: [(number: Int, continuation: CheckedContinuation<PartMark?, Never>)] = []
    var number = 0
  }
  private let state: Mutex<State>

  /// - Parameters:
  ///   - full: parts of earlier runs that stand nowhere yet.
  ///   - writers: how often `writerEnds` comes before there are no more.
  init(_ full: [PartMark], writers: Int) {
    state = Mutex(State(full: full, writers: writers))
  }

  func put(_ part: PartMark) {
    let reader = state.withLock { state in
      if state.waiting.isEmpty {
        state.full.append(part)
        return nil as CheckedContinuation<PartMark?, Never>?
      }
      return state.waiting.removeFirst().continuation
    }
    reader?.resume(returning: part)
  }

  func writerEnds() {
    let readers = state.withLock { state in
      state.writers -= 1
      guard state.writers <= 0 else { return [] as [CheckedContinuation<PartMark?, Never>] }
      defer { state.waiting = [] }
      return state.waiting.map(\.continuation)
    }
    for reader in readers { reader.resume(returning: nil) }
  }

  /// The next full part; nil where no more will come, or the task was cancelled.
  func next() async -> PartMark? {
    let number = state.withLock { state in
      state.number += 1
      return state.number
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (isOver, part) = state.withLock { state in
          if Task.isCancelled { return (true, nil as PartMark?) }
          if !state.full.isEmpty { return (true, state.full.removeFirst()) }
          if state.writers <= 0 { return (true, nil) }
          state.waiting.append((number, continuation))
          return (false, nil)
        }
        if isOver { continuation.resume(returning: part) }
      }
    } onCancel: {
      let reader = state.withLock { state in
        let place = state.waiting.firstIndex { $0.number == number }
        return place.map { state.waiting.remove(at: $0).continuation }
      }
      reader?.resume(returning: nil)
    }
  }
}
