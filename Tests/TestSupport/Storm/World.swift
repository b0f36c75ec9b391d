import Core
import Synchronization

/// The weather of one story: who dies where, what gets lost, and how time passes, all from a seed.
///
/// The far sides and the disk live on; a process lives from `reboot` to its death. A calm world
/// kills nobody and loses nothing.
package final class World: Sendable {
  private struct State {
    var dice: SeededGenerator
    var isStormy: Bool
    var isStill: Bool
    var isDead = false
    var points = 0
    /// Points until the next death.
    var fuse: Int?
    var deaths = 0
    var deathsLeft: Int
    var span: Int
    var appointment: String?
    var died: [String] = []
    var violations: [String] = []
    var passing: [@Sendable () -> Void] = []
  }

  package let seed: UInt64
  package let clock: FakeClock
  private let state: Mutex<State>

  /// - Parameters:
  ///   - kills: how often somebody dies at most.
  ///   - span: points of a calm story; deaths are drawn from them.
  ///   - isLossy: requests and answers get lost.
  ///   - isStill: work takes no time.
  package init(
    seed: UInt64, kills: Int = 0, span: Int = 1, isLossy: Bool = false,
    isStill: Bool = false
  ) {
    self.seed = seed
    clock = FakeClock(seed: seed)
    state = Mutex(
      State(
        dice: SeededGenerator(seed: seed), isStormy: isLossy, isStill: isStill, deathsLeft: kills,
        span: max(span, 1)))
    state.withLock { Self.lightFuse(&$0) }
  }

  package static func calm() -> World { World(seed: 0) }
  /// Calm, and work takes no time.
  package static func still() -> World { World(seed: 0, isStill: true) }

  /// How often somebody died, and where.
  package var kills: Int { state.withLock { $0.deaths } }
  package var story: [String] { state.withLock { $0.died } }
  package var points: Int { state.withLock { $0.points } }
  package var isDead: Bool { state.withLock { $0.isDead } }
  /// What was seen that must never be.
  package var violations: [String] { state.withLock { $0.violations } }

  package func note(violation: String) { state.withLock { $0.violations.append(violation) } }

  /// Dies at the next point of that name.
  package func die(at name: String) { state.withLock { $0.appointment = name } }

  /// Something outside that goes on while time passes.
  package func whenTimePasses(_ work: @escaping @Sendable () -> Void) {
    state.withLock { $0.passing.append(work) }
  }

  /// A place where the process may die, and where time passes.
  ///
  /// The dead are refused.
  package func point(_ name: String) throws(SyncError) {
    let (isDead, passed) = state.withLock { state -> (Bool, Duration) in
      if state.isDead { return (true, .zero) }
      state.points += 1
      if state.appointment == name {
        state.appointment = nil
        Self.die(at: name, &state)
      }
      if let fuse = state.fuse {
        state.fuse = fuse - 1
        if fuse <= 1, !state.isDead { Self.die(at: name, &state) }
      }
      return (state.isDead, .milliseconds(state.isStill ? 0 : state.dice.below(250)))
    }
    if isDead { throw .killed }
    pass(passed)
  }

  /// A place where the process may die with something half done: true where it just did.
  package func willDie(_ name: String) -> Bool {
    do throws(SyncError) {
      try point(name)
      return false
    } catch {
      return true
    }
  }

  package func checkAlive() throws(SyncError) {
    if isDead { throw .killed }
  }

  package func pass(_ time: Duration) {
    clock.advance(by: time)
    for work in state.withLock({ $0.passing }) { work() }
  }

  /// One time in so many; never in a calm world.
  package func happens(oneIn count: Int) -> Bool {
    state.withLock { $0.isStormy && $0.dice.below(count) == 0 }
  }

  package func below(_ bound: Int) -> Int { state.withLock { $0.dice.below(bound) } }

  /// The next process starts, a while later.
  package func reboot() {
    let rest = state.withLock { state -> Duration in
      state.isDead = false
      Self.lightFuse(&state)
      return .seconds(1 + state.dice.below(240))
    }
    pass(rest)
  }

  /// From here on nothing goes wrong.
  package func clearUp() {
    state.withLock {
      $0.fuse = nil
      $0.deathsLeft = 0
      $0.isStormy = false
    }
  }

  private static func lightFuse(_ state: inout State) {
    state.fuse = state.deathsLeft > 0 ? 1 + state.dice.below(state.span) : nil
  }

  private static func die(at name: String, _ state: inout State) {
    state.isDead = true
    state.deaths += 1
    state.deathsLeft -= 1
    state.died.append(name)
  }
}

extension SyncError {
  package static let killedCode = "killed"
  package var isKilled: Bool { code == SyncError.killedCode }
  package static let killed = SyncError(
    .unavailable, "go on", "the process is dead", code: killedCode)
  package static let lost = SyncError(.unavailable, "reach the far side", "the wire broke")
}
