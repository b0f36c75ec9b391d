import Glibc

/// Runs blocking work on a thread of its own.
///
/// Not on a queue of Dispatch: its few threads are those that tests run on, and a handful of blocked ones
/// would stop all.
package func startThread(_ work: @escaping @Sendable () -> Void) {
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Work(run: work))
  let code = pthread_create(&thread, nil, runWork, box.toOpaque())
  precondition(code == 0, "no thread: errno \(code)")
  pthread_detach(thread)
}

/// The same, and waits for what it gives.
package func onOwnThread<Value: Sendable>(
  _ work: @escaping @Sendable () -> Value
) async -> Value {
  await withCheckedContinuation { continuation in
    startThread { continuation.resume(returning: work()) }
  }
}

private final class Work: Sendable {
  let run: @Sendable () -> Void
  init(run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<Work>.fromOpaque(context).takeRetainedValue().run() }
  return nil
}
