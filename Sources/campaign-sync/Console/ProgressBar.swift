import Core
import Jobs
import Logging
import Synchronization

/// One line on a terminal, rewritten after a commit: records, rate, time left.
final class ProgressBar: Sendable {
  private let began: Duration
  private let clock: any Clock
  private let job: String
  private let log: Logger
  /// Draws on a terminal only; elsewhere a commit is a line of the debug log.
  private let draws: Bool
  private let isDrawn = Atomic<Bool>(false)
  /// Records that the work in hand is about; 0 where nobody knows.
  private let expected = Atomic<Int>(0)

  convenience init(_ run: IngressRun) {
    self.init(job: run.state.settings.name, clock: run.patience.clock, log: run.log)
  }

  /// - Parameter isQuiet: it never draws: somebody else does.
  init(job: String, clock: any Clock, log: Logger, isQuiet: Bool = false) {
    self.job = job
    self.clock = clock
    self.log = log
    draws = !isQuiet && Standard.errorIsTerminal && log.logLevel <= .info
    began = clock.uptime
  }

  func show(events tally: Tally) {
    guard draws else {
      return log.debug("\(job): committed", metadata: ["counts": "\(tally.words)"])
    }
    isDrawn.store(true, ordering: .relaxed)
    let rate = tally.read / max(1, Int((clock.uptime - began).components.seconds))
    Standard.write(
      "\r\u{1B}[2K\(job): \(TimeText.count(tally.read)) events, \(TimeText.count(tally.created)) "
        + "created, \(TimeText.count(rate)) a second", to: 2)
  }

  /// Asks, beside the work, how many records there are; no answer is no harm.
  func expect(_ count: @escaping @Sendable () async -> Int?) {
    guard draws else { return }
    Task { [self] in
      if let count = await count() { expected.store(count, ordering: .relaxed) }
    }
  }

  func show(_ tally: Tally, _ state: IngressState) {
    guard draws else {
      return log.debug(
        "\(job): committed",
        metadata: ["phase": "\(state.phase.rawValue)", "counts": "\(tally.words)"])
    }
    isDrawn.store(true, ordering: .relaxed)
    let loaded = state.recovery == nil ? "changes" : "recovering"
    let phase = state.phase == .loaded ? loaded : state.phase.rawValue
    Standard.write("\r\u{1B}[2K\(job): \(phase): \(words(tally, state))", to: 2)
  }

  /// The next line belongs to somebody else.
  func end() {
    if isDrawn.exchange(false, ordering: .relaxed) { Standard.write("\n", to: 2) }
  }

  private func words(_ tally: Tally, _ state: IngressState) -> String {
    switch state.phase {
    case .sealing: return "finishing the parts"
    case .staging:
      return "\(state.stage.published.count) of \(state.stage.sealed.count) parts published"
    case .loading: return "waiting for the import"
    case .exporting, .loaded:
      let seconds = max(1, Int((clock.uptime - began).components.seconds))
      let rate = tally.read / seconds
      let done = max(tally.read, state.phase == .exporting ? state.export.writtenRows : 0)
      let total = expected.load(ordering: .relaxed)
      guard total >= done, total > 0, rate > 0 else {
        return "\(TimeText.count(done)) records, \(TimeText.count(rate)) a second"
      }
      return "\(TimeText.count(done)) of about \(TimeText.count(total)) records, "
        + "\(TimeText.count(rate)) a second, "
        + "\(TimeText.span(.seconds((total - done) / rate))) left"
    }
  }
}
