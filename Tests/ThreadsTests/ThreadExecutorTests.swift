import Glibc
import Testing

@testable import Threads

/// The kernel's number of this thread, from the file system: Glibc's call is not visible to Swift.
private func currentThread() -> Int32 {
  var target = [CChar](repeating: 0, count: 64)
  let count = readlink("/proc/thread-self", &target, target.count)
  let bytes = target.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
  let name = String(decoding: bytes, as: UTF8.self)
  return name.split(separator: "/").last.flatMap { Int32($0) } ?? -1
}

/// Something on a thread of its own, as the adapters are.
private actor Bench {
  private let thread: ThreadExecutor
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
  private(set) var order: [Int] = []
  private let onEnd: @Sendable (Int32) -> Void

  init(_ thread: ThreadExecutor, onEnd: @escaping @Sendable (Int32) -> Void = { _ in }) {
    self.thread = thread
    self.onEnd = onEnd
  }

  isolated deinit { onEnd(currentThread()) }

  func note(_ number: Int) { order.append(number) }
  func threadID() -> Int32 { currentThread() }
  func blocks(_ signal: Int32) -> Bool {
    var mask = sigset_t()
    pthread_sigmask(SIG_BLOCK, nil, &mask)
    return sigismember(&mask, signal) == 1
  }

  /// Holds the thread until a byte comes.
  func wait(on pipe: Int32) -> Int {
    var byte: UInt8 = 0
    return read(pipe, &byte, 1)
  }
}

@Suite struct ThreadExecutorTests {
  @Test func everyJobOfAnActorRunsOnItsOneThread() async {
    let one = Bench(ThreadExecutor(name: "one"))
    let other = Bench(ThreadExecutor(name: "other"))
    let first = await one.threadID()
    for _ in 1...20 { #expect(await one.threadID() == first) }
    #expect(await other.threadID() != first)
    #expect(await one.threadID() == first)
  }

  @Test func jobsRunInTheOrderTheyCame() async {
    let bench = Bench(ThreadExecutor(name: "order"))
    for number in 0..<500 { await bench.note(number) }
    #expect(await bench.order == Array(0..<500))
  }

  @Test func manyCallersLoseNothing() async {
    let bench = Bench(ThreadExecutor(name: "many"))
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 { group.addTask { await bench.note(number) } }
    }
    #expect(await bench.order.sorted() == Array(0..<200))
  }

  @Test func aBlockedThreadBlocksNobodyElse() async {
    var pipes: [Int32] = [0, 0]
    #expect(pipe(&pipes) == 0)
    let (reading, writing) = (pipes[0], pipes[1])
    // More blocked actors than the pool has threads.
    let blocked = (0..<16).map { _ in Bench(ThreadExecutor(name: "blocked")) }
    await withTaskGroup(of: Int.self) { group in
      for bench in blocked { group.addTask { await bench.wait(on: reading) } }
      let free = Bench(ThreadExecutor(name: "free"))
      for number in 0..<50 { await free.note(number) }
      #expect(await free.order.count == 50)
      let bytes = [UInt8](repeating: 1, count: blocked.count)
      #expect(write(writing, bytes, bytes.count) == bytes.count)
      for await count in group { #expect(count == 1) }
    }
    close(reading)
    close(writing)
  }

  @Test(.timeLimit(.minutes(15)))
  func theThreadEndsWhenTheExecutorIsReleased() async throws {
    let ends = AsyncStream<Int32>.makeStream()
    var thread: Int32 = 0
    do {
      let bench = Bench(ThreadExecutor(name: "ends")) { ends.continuation.yield($0) }
      thread = await bench.threadID()
    }
    var endedOn: Int32?
    for await id in ends.stream {
      endedOn = id
      break
    }
    #expect(endedOn == thread, "the isolated deinit runs on the thread")
    while access("/proc/self/task/\(thread)", F_OK) == 0 {
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  @Test func signalsAreLeftToTheMainThread() async {
    let bench = Bench(ThreadExecutor(name: "signals"))
    #expect(await bench.blocks(SIGTERM))
    #expect(await bench.blocks(SIGPIPE))
    #expect(await !bench.blocks(SIGSEGV))
  }
}
