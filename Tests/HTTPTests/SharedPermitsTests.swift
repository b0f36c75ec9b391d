import Core
import Synchronization
import TestSupport
import Testing

@testable import HTTP

/// Permits of several processes on one board, in simulated time.
struct SharedPermitsTests {
  private let clock = SimulatedClock(seed: 1)
  private let board = MemoryPermitBoard()
  private let meter = TrafficMeter()
  private var patience: Patience { Patience(clock: clock) }

  private func process(_ configured: Int, clock: (any Clock)? = nil) -> Permits {
    Permits(configured, board: board.neighbour(), clock: clock ?? self.clock)
  }

  private func run<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) -> Value {
    SeededExecutor(seed: 1).run(idle: { clock.advance() }, work)
  }

  /// Sends until then, each request as long; the longest wait for a permit.
  private func send(
    _ permits: Permits, for time: Duration, each length: Duration, _ count: UnderWay
  ) async -> Duration {
    var longest = Duration.zero
    while clock.uptime < time {
      let asked = clock.uptime
      guard let permit = try? await permits.take(patience, meter: meter) else {
        return .seconds(3600)
      }
      longest = max(longest, clock.uptime - asked)
      count.begin()
      await clock.sleep(length)
      count.end()
      await permits.give(back: permit, .answered(hint: nil))
    }
    return longest
  }

  @Test("All together stay within the limit, and use it")
  func sharesTheLimit() async {
    let (processes, count) = ([process(5), process(5), process(5)], UnderWay())
    run {
      await withTaskGroup(of: Void.self) { group in
        for caller in 0..<12 {
          group.addTask {
            _ = await send(
              processes[caller % 3], for: .seconds(60), each: .milliseconds(90 + caller), count)
          }
        }
      }
    }
    #expect(count.most == 5)
    // Five at once, of about 95 milliseconds, with a glance of five between two processes' requests.
    #expect(count.ended >= 60 * 5 * 1000 / 100)
    #expect(await meter.traffic(at: clock.uptime).waited == .zero, "nothing was refused")
  }

  @Test("A process that asks for little is not kept waiting by one that asks for all")
  func isFair() {
    let (greedy, modest, count) = (process(4), process(4), UnderWay())
    let longest = run {
      await withTaskGroup(of: Duration.self) { group in
        for _ in 0..<20 {
          group.addTask {
            _ = await send(greedy, for: .seconds(60), each: .seconds(1), count)
            return .zero
          }
        }
        group.addTask { await send(modest, for: .seconds(60), each: .seconds(1), count) }
        return await group.reduce(.zero) { max($0, $1) }
      }
    }
    #expect(longest <= .milliseconds(1010), "one request of the other, and a glance")
  }

  @Test("Few that come now and then do not wait for one another where there is enough for all")
  func doesNotConvoy() {
    let (one, other, count) = (process(8), process(8), UnderWay())
    run {
      await withTaskGroup(of: Void.self) { group in
        for caller in 0..<16 {
          group.addTask {
            _ = await send(
              caller % 2 == 0 ? one : other, for: .seconds(10), each: .milliseconds(20), count)
          }
        }
      }
    }
    #expect(count.ended >= 10 * 8 * 1000 / 26, "\(count.ended)")
  }

  @Test("A process that was stopped at the head of the line stops nobody")
  func passesWhoWasStopped() {
    let (stopped, alive, count) = (process(1, clock: StoppedClock(clock)), process(1), UnderWay())
    let waits = run {
      let held = try? await alive.take(patience)
      return await withTaskGroup(of: Void.self) { group in
        group.addTask { _ = try? await stopped.take(Patience(clock: StoppedClock(clock))) }
        await clock.sleep(.seconds(5))
        if let held { await alive.give(back: held, .answered(hint: nil)) }
        return await send(alive, for: .seconds(6), each: .milliseconds(1), count)
      }
    }
    #expect(waits >= .seconds(1) && waits < .milliseconds(1100), "\(waits)")
  }

  @Test("A permit that is held longer than any request takes no longer counts")
  func passesWhoHolds() {
    let (stopped, alive, count) = (process(1), process(1), UnderWay())
    let wait = run {
      _ = try? await stopped.take(patience)
      return await send(alive, for: .seconds(1), each: .seconds(1), count)
    }
    #expect(wait >= .seconds(300) && wait < .seconds(302), "\(wait)")
  }

  @Test("Who waits for another process hears a stop within a second, and the deadline in time")
  func hearsAStop() {
    let (busy, other, clock) = (process(1), process(1), clock)
    let ended = run { () -> [Duration] in
      _ = try? await busy.take(patience)
      var ended: [Duration] = []
      let stopping = Patience(clock: clock) { clock.uptime >= .seconds(7) }
      for patience in [stopping, Patience(clock: clock, deadline: clock.now + .seconds(9))] {
        do {
          _ = try await other.take(patience)
        } catch {
          ended.append(clock.uptime)
        }
      }
      return ended
    }
    #expect(ended.count == 2)
    for (end, due) in zip(ended, [7, 9]) {
      #expect(.seconds(due) <= end && end <= .seconds(due + 1), "\(ended)")
    }
  }

  @Test("What one process learns, the others keep to")
  func sharesWhatIsLearned() async throws {
    let (one, other, clock) = (process(16), process(16), clock)
    let limits = run { () -> [Int] in
      guard let permit = try? await one.take(patience) else { return [] }
      await one.give(back: permit, .answered(hint: 8))
      var limits = [try? await other.limit]
      guard let permit = try? await other.take(patience) else { return [] }
      _ = try? await other.refused(permit, by: nil, asked: .seconds(5))
      await other.give(back: permit, .unused)
      limits.append(try? await one.limit)
      guard let permit = try? await one.take(patience) else { return [] }
      await one.give(back: permit, .answered(hint: nil))
      limits.append(try? await other.limit)
      await clock.sleep(.seconds(20))
      limits.append(try? await other.limit)
      return limits.compactMap(\.self)
    }
    #expect(limits == [8, 1, 4, 6])
  }

  @Test("A learned rate is kept by all processes together")
  func sharesTheRate() async {
    let (processes, clock) = ([process(8), process(8)], clock)
    let count = UnderWay()
    run {
      for _ in 0..<100 {
        guard let permit = try? await processes[0].take(patience) else { return }
        await clock.sleep(.milliseconds(50))
        await processes[0].give(back: permit, .answered(hint: nil))
      }
      guard let permit = try? await processes[0].take(patience) else { return }
      _ = try? await processes[0].refused(permit, by: .requests, asked: .seconds(1))
      await processes[0].give(back: permit, .unused)
      let end = clock.uptime + .seconds(60)
      await withTaskGroup(of: Void.self) { group in
        for caller in 0..<8 {
          group.addTask {
            _ = await send(processes[caller % 2], for: end, each: .milliseconds(10), count)
          }
        }
      }
    }
    // 96 % of twenty a second, and at most ten seconds' worth saved up.
    #expect((1100...1200).contains(count.ended), "\(count.ended)")
    let waited = await meter.traffic(at: clock.uptime).waited
    #expect(waited > .seconds(40) && waited < .seconds(62), "\(waited), once for all who wait")
  }
}

/// Requests under way in all processes.
private final class UnderWay: Sendable {
  private let state = Mutex((now: 0, most: 0, ended: 0))
  var most: Int { state.withLock { $0.most } }
  var ended: Int { state.withLock { $0.ended } }

  func begin() {
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
    }
  }

  func end() {
    state.withLock { state in
      state.now -= 1
      state.ended += 1
    }
  }
}

/// Of a process that was stopped, and goes on after an hour.
private struct StoppedClock: Clock {
  let inner: SimulatedClock
  init(_ inner: SimulatedClock) { self.inner = inner }
  var now: Instant { inner.now }
  var uptime: Duration { inner.uptime }
  func sleep(_ duration: Duration) async { await inner.sleep(.seconds(3600)) }
  func random() -> UInt64 { 0 }
}
