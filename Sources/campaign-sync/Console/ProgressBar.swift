import Core
import Jobs
import Synchronization

/// One line on a terminal, rewritten after a commit: rows, rate, what is under way.
final class ProgressBar: Sendable {
  private let began: Duration
  private let clock: any Clock
  private let job: String
  private let isDrawn = Atomic<Bool>(false)

  private init(_ job: String, _ clock: any Clock) {
    self.job = job
    self.clock = clock
    began = clock.uptime
  }

  /// Draws on a terminal only; elsewhere a commit is a line of the debug log.
  static func watch(_ run: IngressRun) -> @Sendable (Tally, IngressState) -> Void {
    let log = run.log
    let name = run.state.settings.name
    guard Standard.errorIsTerminal, run.log.logLevel <= .info else {
      return { tally, state in
        log.debug(
          "\(name): committed",
          metadata: ["phase": "\(state.phase.rawValue)", "counts": "\(tally.words)"])
      }
    }
    let bar = ProgressBar(name, run.patience.clock)
    return { tally, state in bar.draw(tally, state) }
  }

  private func draw(_ tally: Tally, _ state: IngressState) {
    let seconds = max(1, Int((clock.uptime - began).components.seconds))
    let done = max(tally.read, state.stage.published.count)
    let rate = TimeText.count(tally.read / seconds)
    let what =
      switch state.phase {
      case .staging:
        "\(state.stage.published.count) of \(state.stage.sealed.count) parts published"
      case .loading: "waiting for the import"
      default: "\(TimeText.count(done)) records, \(rate) a second"
      }
    Standard.write("\r\u{1B}[2K\(job): \(state.phase.rawValue): \(what)", to: 2)
    if state.phase == .loaded, !isDrawn.exchange(true, ordering: .relaxed) {
      Standard.write("\n", to: 2)
    }
  }
}
