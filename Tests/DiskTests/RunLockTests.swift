import Core
import Glibc
import TestSupport
import Testing

@testable import Disk

@Suite struct RunLockTests {
  let folder = TemporaryFolder()

  @Test func theSecondIsToldWhoHoldsIt() throws {
    let first = try lock()
    #expect(throws: Busy(pid: getpid())) { try lock() }
    #expect(try RunLock.isHeld(in: folder.path))
    first.release()
    #expect(try !RunLock.isHeld(in: folder.path))
    try lock().release()
  }

  @Test func lookingTakesNothing() throws {
    #expect(try !RunLock.isHeld(in: folder.path))
    let held = try lock()
    #expect(try RunLock.isHeld(in: folder.path))
    held.release()
  }

  @Test func theEndOfTheHolderFreesIt() throws {
    _ = try lock()
    _ = try lock()
  }

  @Test func theEndOfTheHolderFreesItThoughAChildIsBeingStarted() throws {
    var held: RunLock? = try lock()
    let child = UnbornChild(having: folder.path + "/lock")
    #expect(held != nil)
    held = nil
    try lock().release()
    withExtendedLifetime(child) {}
  }

  @Test func aKilledHolderFreesIt() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
      let attempt = try RunLock.attempt(in: path)
      guard case .acquired(let lock) = attempt else { return }
      _ = withExtendedLifetime(lock) { kill(getpid(), SIGKILL) }
    }
    try lock().release()
  }

  @Test func aStaleFileStopsNobody() throws {
    try replaceFile(at: folder.path + "/lock", with: Array("4194304999\n".utf8))
    try lock().release()
    let text = try #require(try readFile(at: folder.path + "/lock"))
    #expect(text == Array("\(getpid())\n".utf8))
  }

  @Test func waitingEndsWithTheTime() async throws {
    let (held, clock) = (try lock(), FakeClock())
    let attempt = try await RunLock.acquire(
      in: folder.path, within: .milliseconds(2500), clock: clock)
    guard case .busy = attempt else { throw Busy(pid: nil) }
    #expect(clock.sleeps == [.seconds(1), .seconds(1), .milliseconds(500)])
    held.release()
  }

  @Test func waitingGetsItWhenItIsFree() async throws {
    let held = try lock()
    let attempt = try await RunLock.acquire(
      in: folder.path, within: nil, clock: ReleasingClock(held))
    guard case .acquired = attempt else { throw Busy(pid: nil) }
  }

  private struct Busy: Error, Equatable {
    var pid: Int32?
  }

  private func lock() throws -> RunLock {
    switch try RunLock.attempt(in: folder.path) {
    case .acquired(let lock): lock
    case .busy(let pid): throw Busy(pid: pid)
    }
  }
}

/// Whoever sleeps wakes to a free lock.
private struct ReleasingClock: Clock {
  let lock: RunLock
  init(_ lock: RunLock) { self.lock = lock }
  var now: Instant { Instant(seconds: 0) }
  var uptime: Duration { .zero }
  func sleep(_ duration: Duration) async { lock.release() }
  func random() -> UInt64 { 4 }
}
