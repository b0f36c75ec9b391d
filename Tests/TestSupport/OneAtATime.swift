import Dispatch

/// Runs every task below it on one thread, first come, first served: the same order each time.
///
/// With a clock that jumps, two threads could see an hour pass between two lines.
package func oneAtATime<Value: Sendable>(
  _ work: @Sendable @escaping () async throws -> Value
) async rethrows -> Value {
  try await withTaskExecutorPreference(QueueExecutor(), operation: work)
}

private final class QueueExecutor: TaskExecutor {
  private let queue = DispatchQueue(label: "one at a time")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
