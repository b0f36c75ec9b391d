import Synchronization

/// Runs lanes and committer on the caller's thread; who goes on next is drawn.
///
/// - Shape: `lanes` is the preferred executor of the tasks, `thread` the committer's; both put
///   their jobs into one bag, and `run` draws from it until the work is done.
package final class SeededExecutor: Sendable {
  fileprivate enum Job {
    case lane(UnownedJob)
    case committer(UnownedJob)
  }

  private let bag: Bag
  package let lanes: any TaskExecutor
  package let thread: any SerialExecutor

  package init(seed: UInt64) {
    bag = Bag(dice: SeededGenerator(seed: seed))
    lanes = LaneExecutor(bag)
    thread = CommitterExecutor(bag)
  }

  /// Returns what the work came to; nothing of it runs anywhere else.
  ///
  /// - Parameter idle: called when nothing can run; true where now something can, since time passed.
  package func run<Value: Sendable>(
    idle: () -> Bool = { false }, _ work: @escaping @Sendable () async -> Value
  ) -> Value {
    withExtendedLifetime(self) {
      let box = Box<Value>()
      Task(executorPreference: lanes) {
        let value = await work()
        box.value.withLock { $0 = value }
      }
      while true {
        if let value = box.value.withLock({ $0 }) { return value }
        guard let job = bag.draw() else {
          if idle() { continue }
          fatalError("nothing can run: a lane waits for somebody outside of the story")
        }
        switch job {
        case .lane(let job): job.runSynchronously(on: lanes.asUnownedTaskExecutor())
        case .committer(let job): job.runSynchronously(on: thread.asUnownedSerialExecutor())
        }
      }
    }
  }

  private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }

  fileprivate final class Bag: Sendable {
    private let content: Mutex<(jobs: [Job], dice: SeededGenerator)>

    init(dice: SeededGenerator) { content = Mutex((jobs: [], dice: dice)) }

    func add(_ job: Job) { content.withLock { $0.jobs.append(job) } }

    func draw() -> Job? {
      content.withLock { content in
        guard !content.jobs.isEmpty else { return nil }
        return content.jobs.remove(at: content.dice.below(content.jobs.count))
      }
    }
  }
}

private final class LaneExecutor: TaskExecutor {
  private let bag: SeededExecutor.Bag

  init(_ bag: SeededExecutor.Bag) { self.bag = bag }

  func enqueue(_ job: consuming ExecutorJob) { bag.add(.lane(UnownedJob(job))) }
}

private final class CommitterExecutor: SerialExecutor {
  private let bag: SeededExecutor.Bag

  init(_ bag: SeededExecutor.Bag) { self.bag = bag }

  func enqueue(_ job: consuming ExecutorJob) { bag.add(.committer(UnownedJob(job))) }
}
