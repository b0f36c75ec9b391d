import Core

/// How many requests of one identity may be under way at once in this process.
///
/// - Shape: starts at the configured number and never exceeds it, nor the service's own hint; half
///   after a 429, one more after every `growAfter` good answers.
package actor Permits {
  /// What a finished request says about the service.
  package enum Outcome: Sendable, Equatable {
    /// - Parameter hint: `x-ms-dop-hint`.
    case answered(hint: Int?)
    case throttled
    case failed
  }

  /// The right to have one request under way; given back exactly once.
  package struct Permit: Sendable {
    /// Of how many halvings it knows: a storm of answers to one burst halves once.
    fileprivate var epoch: Int
  }

  private let configured: Int
  private let growAfter: Int
  private var ceiling: Int
  private var underWay = 0
  private var good = 0
  private var epoch = 0
  private var waiting: [(id: Int, continuation: CheckedContinuation<Permit?, Never>)] = []
  private var nextID = 0

  /// How many may be under way now.
  package private(set) var limit: Int

  package init(_ configured: Int, growAfter: Int = 20) {
    self.configured = max(configured, 1)
    self.growAfter = growAfter
    ceiling = self.configured
    limit = self.configured
  }

  /// Waits for a permit, first come, first served; nil where the task was cancelled.
  package func take() async -> Permit? {
    nextID += 1
    let id = nextID
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { return continuation.resume(returning: nil) }
        waiting.append((id, continuation))
        serve()
      }
    } onCancel: {
      Task { await self.cancel(id) }  // comes after the block above: both run on this actor
    }
  }

  package func give(back permit: Permit, _ outcome: Outcome) {
    underWay -= 1
    switch outcome {
    case .answered(let hint):
      if let hint, hint > 0 { ceiling = min(configured, hint) }
      good += 1
      if good >= growAfter, limit < ceiling { (limit, good) = (limit + 1, 0) }
    case .throttled where permit.epoch == epoch:
      (limit, good, epoch) = (max(limit / 2, 1), 0, epoch + 1)
    case .throttled, .failed:
      good = 0
    }
    limit = min(limit, ceiling)
    serve()
  }

  private func serve() {
    while underWay < limit, !waiting.isEmpty {
      underWay += 1
      waiting.removeFirst().continuation.resume(returning: Permit(epoch: epoch))
    }
  }

  private func cancel(_ id: Int) {
    guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
    waiting.remove(at: index).continuation.resume(returning: nil)
  }
}
