import Glibc

/// An actor's own thread: what waits in foreign code waits here, and no Swift task waits with it.
///
/// - Shape: jobs run one after another, in the order they came. The thread ends when the executor
///   is released, after the last job.
package final class ThreadExecutor: SerialExecutor {
  private let queue: JobQueue

  /// Starts the thread.
  ///
  /// - Parameter name: for the debugger and `top`; 15 bytes are kept.
  package init(name: String) {
    queue = JobQueue(name: name)
    // Signals belong to the main thread; what a broken instruction raises belongs to this one.
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    for own in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&all, own) }
    pthread_sigmask(SIG_BLOCK, &all, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue().drain()
        return nil
      }, Unmanaged.passRetained(queue).toOpaque())
    precondition(code == 0, "cannot start a thread: errno \(code); see `ulimit -u`")
    pthread_detach(thread)
  }

  deinit { queue.close() }

  package func enqueue(_ job: consuming ExecutorJob) {
    queue.push(UnownedJob(job), for: self)
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }

  package func checkIsolated() {
    precondition(queue.isCurrent, "not on the executor's thread")
  }
}

/// The jobs that wait for one thread, owned by the thread and the executor together.
///
/// `@unchecked Sendable`: everything that changes is behind the mutex.
private final class JobQueue: @unchecked Sendable {
  /// Keeps the executor, and so the thread, until the job is done.
  private typealias Entry = (job: UnownedJob, executor: ThreadExecutor)

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var entries: [Entry] = []
  private var isClosed = false
  private var thread: pthread_t?
  private let name: String

  init(name: String) {
    self.name = name
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(arrived, nil)
  }

  deinit {
    pthread_cond_destroy(arrived)
    pthread_mutex_destroy(mutex)
    arrived.deallocate()
    mutex.deallocate()
  }

  var isCurrent: Bool {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    guard let thread else { return false }
    return pthread_equal(thread, pthread_self()) != 0
  }

  func push(_ job: UnownedJob, for executor: ThreadExecutor) {
    pthread_mutex_lock(mutex)
    entries.append((job, executor))
    pthread_cond_signal(arrived)
    pthread_mutex_unlock(mutex)
  }

  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_signal(arrived)
    pthread_mutex_unlock(mutex)
  }

  /// The thread's whole life.
  func drain() {
    pthread_mutex_lock(mutex)
    thread = pthread_self()
    pthread_mutex_unlock(mutex)
    showName()
    var batch = take()
    while !batch.isEmpty {
      for entry in batch {
        entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
      }
      batch = []  // may release the executor, which closes this queue
      batch = take()
    }
  }

  /// By the file, as Glibc's own call is not visible to Swift; nothing depends on it.
  private func showName() {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    let bytes = Array(name.utf8.prefix(15))
    _ = write(file, bytes, bytes.count)
    Glibc.close(file)
  }

  /// Waits for jobs; none means the end.
  private func take() -> [Entry] {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while entries.isEmpty && !isClosed { pthread_cond_wait(arrived, mutex) }
    defer { entries = [] }
    return entries
  }
}
