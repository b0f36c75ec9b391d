import Core
import HTTP
import Synchronization
import TestSupport
import Testing

@testable import Disk

/// Processes that share the permits of an identity, and die with permits in hand and in the line.
struct PermitStormTests {
  @Test(
    "Killed anywhere, a process takes its permits along, and the others go on",
    arguments: Seeds.some)
  func survives(seed: UInt64) throws {
    let story = try Story(seed: seed)
    story.tell()
    #expect(story.done == story.asked, "\(Seeds.found(seed))")
    #expect(story.mostUnderWay <= story.limit, "\(Seeds.found(seed))")
    // At worst one at a time, and every caller of every process before it.
    let bound = Duration.milliseconds(Story.longest * Story.callers * Story.processes + 1000)
    #expect(story.longestWait <= bound, "\(Seeds.found(seed))")
    let file = try PermitFile.open(in: story.folder.path, identity: "client", mayCreate: false)
    #expect(try file?.isMarkedByOthers(0..<1 << 40) == false, "\(Seeds.found(seed))")
  }
}

private final class Story: Sendable {
  static let processes = 4
  /// Of one process, at most.
  static let callers = 6
  /// Milliseconds of a request, at most.
  static let longest = 400

  private struct State {
    var dice: SeededGenerator
    var underWay = 0, most = 0, done = 0, asked = 0
    var longestWait = Duration.zero
  }

  let folder = TemporaryFolder()
  let limit: Int
  private let seed: UInt64
  private let clock: SimulatedClock
  private let state: Mutex<State>

  var done: Int { state.withLock { $0.done } }
  var asked: Int { state.withLock { $0.asked } }
  var mostUnderWay: Int { state.withLock { $0.most } }
  var longestWait: Duration { state.withLock { $0.longestWait } }

  init(seed: UInt64) throws {
    self.seed = seed
    clock = SimulatedClock(seed: seed)
    var dice = SeededGenerator(seed: seed)
    limit = 1 + dice.below(5)
    state = Mutex(State(dice: dice))
  }

  private func below(_ bound: Int) -> Int { state.withLock { $0.dice.below(bound) } }

  func tell() {
    SeededExecutor(seed: seed).run(idle: { self.clock.advance() }) {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<Story.processes {
          group.addTask { for _ in 0..<4 { await self.live() } }
        }
      }
    }
  }

  /// One process: some callers with some requests each; it dies, or comes to its end.
  private func live() async {
    guard let board = try? MortalBoard(folder.path) else { return }
    let permits = Permits(limit, board: board, clock: clock, glance: .milliseconds(20))
    let (callers, requests) = (1 + below(Story.callers), 1 + below(8))
    let death = below(3) == 0 ? below(Story.longest * 4) : nil
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<callers {
        group.addTask {
          for _ in 0..<requests where await self.request(permits, board) == false { return }
        }
      }
      if let death {
        await clock.sleep(.milliseconds(death))
        kill(board)
      }
    }
    kill(board)
  }

  /// - Returns: false where its process is dead.
  private func request(_ permits: Permits, _ board: MortalBoard) async -> Bool {
    guard !board.isDead else { return false }
    let asked = clock.uptime
    state.withLock { $0.asked += 1 }
    guard let permit = try? await permits.take(Patience(clock: clock, stop: { board.isDead })),
      !board.isDead
    else {
      if board.isDead { state.withLock { $0.asked -= 1 } }
      return false
    }
    board.underWay.withLock { $0 += 1 }
    state.withLock { state in
      state.longestWait = max(state.longestWait, clock.uptime - asked)
      state.underWay += 1
      state.most = max(state.most, state.underWay)
      state.done += 1
    }
    await clock.sleep(.milliseconds(1 + below(Story.longest)))
    guard !board.isDead else {
      // Writes nothing any more; who waits in the same process is dead too, and is to come to an end.
      await permits.give(back: permit, .unused)
      return false
    }
    board.underWay.withLock { $0 -= 1 }
    state.withLock { $0.underWay -= 1 }
    await permits.give(back: permit, below(9) == 0 ? .failed : .answered(hint: nil))
    return true
  }

  /// What was under way ends with its process.
  private func kill(_ board: MortalBoard) {
    board.die()
    let lost = board.underWay.withLock { underWay in
      defer { underWay = 0 }
      return underWay
    }
    state.withLock { $0.underWay -= lost }
  }
}

/// The board of a process: when that dies, its file is closed, whoever still holds the board.
private final class MortalBoard: PermitBoard {
  private let file: Mutex<PermitFile?>
  let underWay = Mutex(0)

  init(_ folder: String) throws {
    file = Mutex(try PermitFile.open(in: folder, identity: "client", mayCreate: true))
  }

  var isDead: Bool { file.withLock { $0 == nil } }
  func die() { file.withLock { $0 = nil } }

  private func living() throws(SyncError) -> PermitFile {
    guard let file = file.withLock({ $0 }) else { throw .stopped }
    return file
  }

  func mark(_ place: Int) throws(SyncError) -> Bool { try living().mark(place) }
  func unmark(_ place: Int) throws(SyncError) { try living().unmark(place) }
  func isMarkedByOthers(_ places: Range<Int>) throws(SyncError) -> Bool {
    try living().isMarkedByOthers(places)
  }
  func update<Value>(
    _ change: (inout [UInt64]) throws(SyncError) -> Value
  ) throws(SyncError) -> Value {
    try living().update(change)
  }
}
