import Core

/// How many requests of one identity may be under way at once, and when the next one may start: over
/// all processes that share a board.
///
/// - Shape: a permit is a marked place on the board, so that it returns when its process dies. Who
///   has to wait marks a place in a line as well: processes are served first come, first served, and
///   so are the requests of each; nobody takes the last permit before the first in line. What is
///   learned of the service (`Steering`) is the board's record.
/// - Promise: a line that does not move is passed by after a second, since its first may be a
///   process that was stopped; and after each five minutes of waiting one permit held by others no
///   longer counts: no request takes as long.
package actor Permits {
  /// The right to have one request under way; given back exactly once.
  package struct Permit: Sendable {
    fileprivate var place: Int
    /// Of how many refusals it knows.
    fileprivate var epoch: Int
    fileprivate var foreseen: Double
    fileprivate var began: Duration
  }

  /// What became of the request.
  package enum Outcome: Sendable, Equatable {
    /// - Parameter hint: `x-ms-dop-hint`.
    case answered(hint: Int?)
    /// It was refused (see `refused`), or never sent.
    case unused
    case failed
  }

  private let configured: Int
  private let board: any PermitBoard
  private let clock: any Clock
  /// How often the first in line looks for a permit of another process.
  private let glance: Duration
  /// Places marked by this process.
  private var held: Set<Int> = []
  /// The request that waits at the board, where one does.
  private var isTaken = false
  private var pausing: CheckedContinuation<Void, Never>?
  private var queue: [(id: Int, continuation: CheckedContinuation<Bool, Never>)] = []
  private var nextID = 0

  /// - Parameter configured: the most at once, over all processes.
  package init(
    _ configured: Int, board: any PermitBoard = MemoryPermitBoard(), clock: any Clock,
    glance: Duration = .milliseconds(5)
  ) {
    self.configured = max(configured, 1)
    (self.board, self.clock, self.glance) = (board, clock, glance)
  }

  /// How many may be under way now.
  var limit: Int {
    get throws(SyncError) {
      try steer { steering, now throws(SyncError) in steering.limit(of: configured, at: now) }
    }
  }

  /// Waits for a permit.
  ///
  /// - Parameter meter: told how long the service's limits alone keep a request waiting.
  /// - Throws: `.stopped`; or that the deadline comes first.
  package func take(
    _ patience: Patience, meter: TrafficMeter? = nil
  ) async throws(SyncError) -> Permit {
    guard await turn() else { throw .stopped }
    defer { endTurn() }
    var wait = Wait(since: clock.uptime)
    defer { if let ticket = wait.ticket { try? board.unmark(ticket) } }
    do throws(SyncError) {
      let permit = try await stand(&wait, patience, meter)
      await note(false, of: &wait, meter)
      return permit
    } catch {
      await note(false, of: &wait, meter)
      throw error
    }
  }

  /// - Returns: whether that is news.
  @discardableResult
  private func note(_ isThrottled: Bool, of wait: inout Wait, _ meter: TrafficMeter?) async -> Bool
  {
    if isThrottled == wait.isThrottled { return false }
    wait.isThrottled = isThrottled
    if isThrottled {
      await meter?.waitBegan(at: clock.uptime)
    } else {
      await meter?.waitEnded(at: clock.uptime)
    }
    return true
  }

  private func stand(
    _ wait: inout Wait, _ patience: Patience, _ meter: TrafficMeter?
  ) async throws(SyncError) -> Permit {
    while true {
      try patience.checkStop()
      switch try attempt(&wait) {
      case .permit(let permit): return permit
      case .pause(let duration, let isThrottled):
        // A permit that came back meanwhile woke nobody.
        if await note(isThrottled, of: &wait, meter) { continue }
        let moment = clock.now + (duration ?? .zero)
        if !patience.allows(moment) { try await patience.sleep(until: moment) }
        await pause(duration.map { min($0, .seconds(1)) })
      }
    }
  }

  /// What cannot be written down is not worth an answer that came: the next one who takes hears it.
  package func give(back permit: Permit, _ outcome: Outcome) {
    held.remove(permit.place)
    try? board.unmark(permit.place)
    try? steer { steering, now throws(SyncError) in
      if outcome == .unused { return steering.takeBack(permit.foreseen) }
      steering.end(after: clock.uptime - permit.began, foreseen: permit.foreseen, at: now)
      if case .answered(let hint) = outcome { steering.answer(hint: hint, epoch: permit.epoch) }
    }
    wake()
  }

  /// Learns from a refusal; the permit is still to be given back, when the gate is closed.
  ///
  /// - Parameter asked: how long the service asks to be left alone.
  /// - Returns: for how long to close the gate.
  package func refused(
    _ permit: Permit, by limit: ServiceLimit?, asked: Duration
  ) throws(SyncError) -> Duration {
    try steer { steering, now throws(SyncError) in
      steering.refuse(
        by: limit, epoch: permit.epoch, configured: configured, asked: asked, at: now)
    }
  }

  private func steer<Value: Sendable>(
    _ change: (inout Steering, Instant) throws(SyncError) -> Value
  ) throws(SyncError) -> Value {
    let now = clock.now
    return try board.update { words throws(SyncError) in
      var steering = Steering(words, at: now)
      let value = try change(&steering, now)
      words = steering.words
      return value
    }
  }
}

extension Permits {
  /// How long the request at the board has waited, and where it stands in the line of processes.
  private struct Wait {
    var since: Duration
    var ticket: Int?
    /// Since when it could have gone, were it not for those before it.
    var isHeldUpSince: Duration?
    /// Only for what the service takes.
    var isThrottled = false
  }

  private enum Attempt {
    case permit(Permit)
    /// Nil: until a permit of this process comes back.
    case pause(Duration?, isThrottled: Bool)
  }

  /// More than anybody configures, with what a long wait adds.
  private static let places = 128
  private static let line = 1 << 20
  private static let endOfLine = 1 << 40

  private func attempt(_ wait: inout Wait) throws(SyncError) -> Attempt {
    let uptime = clock.uptime
    return try steer { steering, now throws(SyncError) in
      let expired = Int((uptime - wait.since).inSeconds / 300)
      let limit = steering.limit(of: configured, at: now) + expired
      let due = steering.wait(at: now)
      let isFirst = try !board.isMarkedByOthers(
        Self.line..<(wait.ticket ?? Self.endOfLine))
      if due == .zero, let place = try freePlace(of: limit) {
        held.insert(place)
        let foreseen = steering.start()
        let heldUp = wait.isHeldUpSince ?? uptime
        var mayGo = isFirst || uptime - heldUp >= .seconds(1)
        if !mayGo { mayGo = try leavesOne(steering, limit, at: now) }
        if mayGo {
          return .permit(
            Permit(place: place, epoch: steering.epoch, foreseen: foreseen, began: uptime))
        }
        steering.takeBack(foreseen)
        held.remove(place)
        try board.unmark(place)
        wait.isHeldUpSince = heldUp
      } else {
        wait.isHeldUpSince = nil
      }
      if wait.ticket == nil {
        let ticket = Self.line + steering.ticket
        steering.ticket += 1
        if try board.mark(ticket) { wait.ticket = ticket }
      }
      if due > .zero { return .pause(max(due, isFirst ? .zero : glance), isThrottled: true) }
      let isThrottled = limit < steering.recommended(of: configured)
      if held.count >= limit { return .pause(nil, isThrottled: isThrottled) }
      return .pause(isFirst ? glance : glance * 4, isThrottled: isThrottled)
    }
  }

  /// Whether one more could start now: then the line is not held up by passing it.
  private func leavesOne(
    _ steering: Steering, _ limit: Int, at now: Instant
  ) throws(SyncError) -> Bool {
    var steering = steering
    guard steering.wait(at: now) == .zero else { return false }
    guard let place = try freePlace(of: limit) else { return false }
    try board.unmark(place)
    return true
  }

  /// Marks a place below the limit, unless as many are marked anywhere.
  private func freePlace(of limit: Int) throws(SyncError) -> Int? {
    guard held.count < limit else { return nil }
    var isFalling = held.contains { $0 >= limit }  // marked before it fell
    if !isFalling {
      isFalling = try board.isMarkedByOthers(limit..<max(limit, Self.places))
    }
    if isFalling {
      var others = 0
      for place in 0..<Self.places where try board.isMarkedByOthers(place..<place + 1) {
        others += 1
      }
      guard held.count + others < limit else { return nil }
    }
    for place in 0..<limit where !held.contains(place) {
      if try board.mark(place) { return place }
    }
    return nil
  }
}

/// The line of this process: one request at a time stands at the board.
extension Permits {
  private func turn() async -> Bool {
    if !isTaken {
      isTaken = true
      return true
    }
    nextID += 1
    let id = nextID
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { return continuation.resume(returning: false) }
        queue.append((id, continuation))
      }
    } onCancel: {
      Task { await self.cancel(id) }  // comes after the block above: both run on this actor
    }
  }

  private func endTurn() {
    if queue.isEmpty {
      isTaken = false
    } else {
      queue.removeFirst().continuation.resume(returning: true)
    }
  }

  private func cancel(_ id: Int) {
    guard let index = queue.firstIndex(where: { $0.id == id }) else { return }
    queue.remove(at: index).continuation.resume(returning: false)
  }

  /// Returns after that time, or when a permit comes back, or when the task is cancelled.
  private func pause(_ duration: Duration?) async {
    await withTaskGroup(of: Void.self) { group in
      if let duration {
        group.addTask { [clock] in
          await clock.sleep(duration)
          await self.wake()
        }
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          if Task.isCancelled { return continuation.resume() }
          pausing = continuation
        }
      } onCancel: {
        Task { await self.wake() }
      }
      group.cancelAll()
    }
  }

  private func wake() {
    pausing?.resume()
    pausing = nil
  }
}
