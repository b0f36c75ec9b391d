import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct CommitterTests {
  private struct Count: Codable, Sendable { var steps = 0 }

  private final class Disk: CheckpointStore, Sendable {
    let inner = MemoryCheckpointStore<Count>()
    let isFull: Bool

    init(isFull: Bool) { self.isFull = isFull }

    func load() throws(SyncError) -> Checkpoint<Count>? { try inner.load() }
    func replace(with checkpoint: Checkpoint<Count>) throws(SyncError) {
      if isFull { throw SyncError(.storage, "write", "the disk is full") }
      try inner.replace(with: checkpoint)
    }
  }

  private func ports(
    _ executor: SeededExecutor, _ disk: Disk, _ ledger: MemoryLedger, _ clock: FakeClock,
    stop: @escaping @Sendable () -> Bool = { false }
  ) -> CommitPorts<Count> {
    CommitPorts(
      thread: executor.thread, checkpoints: disk,
      spool: { _ throws(SyncError) in MemorySpool(run: RunName(job: "a", run: 1), header: []) },
      ledger: ledger, limit: RejectLimit(job: "a", share: 0.01), clock: clock, stop: stop,
      identity: JobIdentity(
        organization: "", dynamicsHost: "", campaign: "", table: "", resource: "", key: ""),
      content: nil)
  }

  private func step(
    _ entries: [LedgerEntry] = [], rejected: Int = 0, now: Bool = false
  ) -> Advance<Count> {
    var tally = Tally()
    tally.read = 100
    tally.rejected = rejected
    return Advance(tally: tally, settle: Settlement(entries: entries), now: now) { $0.steps += 1 }
  }

  private let entry = LedgerEntry.sent(Contacts.key(1))

  @Test(
    "Advances wait for each other: a second, or 64, or one that cannot wait",
    arguments: [
      (1, false, Duration.zero, 0), (63, false, .zero, 0), (64, false, .zero, 64),
      (1, true, .zero, 1), (1, false, .seconds(1), 1),
    ])
  func groups(count: Int, isUrgent: Bool, wait: Duration, committed: Int) throws {
    let (executor, disk, clock) = (SeededExecutor(seed: 1), Disk(isFull: false), FakeClock())
    let committer = try Committer(
      start: Count(), ports: ports(executor, disk, MemoryLedger(), clock))
    clock.advance(by: wait)
    executor.run {
      for _ in 0..<count { try? await committer.emit(step(now: isUrgent)) }
    }
    #expect(try disk.load()?.state.steps ?? 0 == committed)
  }

  @Test func aFailedCommitIsNeverTriedAgain() throws {
    let (executor, disk, ledger) = (SeededExecutor(seed: 1), Disk(isFull: true), MemoryLedger())
    let committer = try Committer(
      start: Count(), ports: ports(executor, disk, ledger, FakeClock()))
    let failures = executor.run {
      var failures: [SyncError?] = []
      for entry in [entry, .sent(Contacts.key(2))] {
        do throws(SyncError) {
          try await committer.emit(step([entry], now: true))
          failures.append(nil)
        } catch {
          failures.append(error)
        }
      }
      return failures
    }
    #expect(failures.map { $0?.kind } == [.storage, .storage])
    #expect(ledger.rows.count == 1, "the second is not even recorded")
  }

  @Test func aboveTheLimitNeitherRowsNorPositionAreRecorded() throws {
    let (executor, disk, ledger) = (SeededExecutor(seed: 1), Disk(isFull: false), MemoryLedger())
    let committer = try Committer(
      start: Count(), ports: ports(executor, disk, ledger, FakeClock()))
    let failure = executor.run { () -> SyncError? in
      do throws(SyncError) {
        try await committer.emit(step(now: true))
        try await committer.emit(step([entry], rejected: 3, now: true))
        return nil
      } catch {
        return error
      }
    }
    #expect(failure?.kind == .rejectedData)
    #expect(ledger.rows.isEmpty)
    #expect(try disk.load()?.state.steps == 1)
  }

  @Test func aStopIsHeardAtASafePoint() throws {
    let (executor, disk) = (SeededExecutor(seed: 1), Disk(isFull: false))
    let ports = ports(executor, disk, MemoryLedger(), FakeClock(), stop: { true })
    let job = Endless()
    let outcome = executor.run { await run(job, through: ports) }
    #expect(outcome.failure?.isStop == true)
    #expect(try disk.load()?.state.steps == 1, "what was emitted is true")
  }

  @Test func lanesThatDoNothingAreABug() throws {
    let executor = SeededExecutor(seed: 1)
    let ports = ports(executor, Disk(isFull: false), MemoryLedger(), FakeClock())
    let outcome = executor.run { await run(Idle(), through: ports) }
    #expect(outcome.failure?.kind == .bug)
  }

  @Test("One failure stops all lanes; it is the answer, not the stop of the others")
  func oneFailureStopsAll() throws {
    for seed in UInt64(1)...20 {
      let executor = SeededExecutor(seed: seed)
      let disk = Disk(isFull: false)
      let ports = ports(executor, disk, MemoryLedger(), FakeClock())
      let outcome = executor.run { await run(Uneven(), through: ports) }
      #expect(outcome.failure?.kind == .protocolBroken)
      #expect(try disk.load()?.state.steps ?? 0 == outcome.state.steps)
    }
  }

  private struct Endless: Job {
    let name = "endless"
    let start = Count()
    func lanes(in state: Count) -> [Lane<Count>] {
      [
        Lane(name: "on") { emit throws(SyncError) in
          while true { try await emit(Advance { $0.steps += 1 }) }
        }
      ]
    }
  }

  private struct Idle: Job {
    let name = "idle"
    let start = Count()
    func lanes(in state: Count) -> [Lane<Count>] { [Lane(name: "idle") { _ in }] }
  }

  private struct Uneven: Job {
    let name = "uneven"
    let start = Count()
    func lanes(in state: Count) -> [Lane<Count>] {
      let broken = Lane<Count>(name: "broken") { emit throws(SyncError) in
        for _ in 0..<3 { try await emit(Advance { $0.steps += 1 }) }
        throw SyncError(.protocolBroken, "read", "nonsense")
      }
      return Endless().lanes(in: state) + [broken] + Endless().lanes(in: state)
    }
  }
}
