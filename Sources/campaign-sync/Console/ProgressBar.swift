import Core
import Disk
import HTTP
import Jobs
import Logging
import Synchronization

/// Says how far a run is after each commit: a line on a terminal that is rewritten, lines of the log
/// with each lane for `-v`, and once a second a small file that `status` reads.
final class ProgressBar: Sendable {
  /// What there is to count, and how much of it is done.
  struct Standing {
    var doing: String
    /// What follows that in words, and may change with each commit.
    var detail = ""
    /// Of this run and those before; nil: nothing is counted now.
    var done: Int?
    var expected: Int?
  }

  private let began: Duration
  private let start: Instant
  private let clock: any Clock
  private let job: String
  private let log: Logger
  private let file: ProgressFile<RunProgress>
  private let meter: TrafficMeter
  /// Draws on a terminal only; elsewhere a commit is a line of the debug log.
  private let draws: Bool
  private let isDrawn = Atomic<Bool>(false)
  /// Records that the work in hand is about; 0 where nobody knows.
  private let expected = Atomic<Int>(0)
  private let throttled = Atomic<Int>(0)
  /// How many records there are; nil once it was asked.
  private let question = Mutex<(@Sendable () async -> Int?)?>(nil)
  private let written = Mutex<(at: Duration, phase: String)?>(nil)

  /// - Parameter isQuiet: it never draws: somebody else does.
  init(
    _ place: JobPlace, _ connections: Connections, log: Logger, isQuiet: Bool = false
  ) {
    job = place.name
    file = place.progress
    meter = connections.meter
    clock = connections.patience.clock
    self.log = log
    draws = !isQuiet && Standard.errorIsTerminal && log.logLevel == .info
    began = clock.uptime
    start = clock.now
  }

  /// Asks, beside the work, how many records there are; no answer is no harm.
  ///
  /// Where nobody watches, not before the run has taken a while: most runs are over by then, and need
  /// no request more than their work.
  func expect(_ count: @escaping @Sendable () async -> Int?) {
    question.withLock { $0 = count }
    if draws { ask() }
  }

  private func ask() {
    guard let count = question.withLock({ $0.take() }) else { return }
    Task { [self] in
      if let count = await count() { expected.store(count, ordering: .relaxed) }
    }
  }

  func show(_ commit: Commit<IngressState>) {
    show(commit.tally, commit.lanes, Standing(commit.state, commit.tally))
  }

  func show(_ tally: Tally, _ lanes: [String: Int], _ standing: Standing) {
    let progress = progress(tally, lanes, standing)
    keep(progress, of: standing.doing)
    guard draws else {
      return log.debug(
        "\(job): \(progress.words)",
        metadata: ["lanes": "\(progress.laneWords)", "counts": "\(tally.words)"])
    }
    isDrawn.store(true, ordering: .relaxed)
    Standard.write("\r\u{1B}[2K\(job): \(progress.words)", to: 2)
  }

  /// The next line belongs to somebody else.
  func end() {
    if isDrawn.exchange(false, ordering: .relaxed) { Standard.write("\n", to: 2) }
  }

  private func progress(
    _ tally: Tally, _ lanes: [String: Int], _ standing: Standing
  ) -> RunProgress {
    let seconds = max(1, Int((clock.uptime - began).components.seconds))
    let told = expected.load(ordering: .relaxed)
    var progress = RunProgress(
      began: start, at: clock.now, doing: standing.doing + standing.detail,
      records: standing.done,
      throttledSeconds: throttled.load(ordering: .relaxed),
      lanes: lanes.sorted { $0.key < $1.key }.map {
        RunProgress.Lane(name: $0.key, records: $0.value, perSecond: $0.value / seconds)
      })
    guard let done = standing.done else { return progress }
    let rate = tally.read / seconds
    progress.perSecond = rate
    // What was expected is old, or was a guess: a number that is passed says nothing.
    if let expected = standing.expected ?? (told > 0 ? told : nil), expected >= done {
      progress.expected = expected
      if rate > 0 { progress.secondsLeft = (expected - done) / rate }
    }
    return progress
  }

  /// A file that cannot be written is no reason to stop: the work goes on, and says so itself.
  private func keep(_ progress: RunProgress, of phase: String) {
    let isDue = written.withLock { written in
      let uptime = clock.uptime
      // What comes next may take long, and say nothing meanwhile.
      if let last = written, last.phase == phase, uptime - last.at < .seconds(1) {
        return false
      }
      written = (uptime, phase)
      return true
    }
    guard isDue else { return }
    if clock.uptime - began >= .seconds(5) { ask() }
    Task { [self] in
      let waited = await meter.traffic(at: clock.uptime).waited
      throttled.store(Int(waited.components.seconds), ordering: .relaxed)
    }
    try? file.write(progress)
  }
}

extension ProgressBar.Standing {
  init(_ state: IngressState, _ tally: Tally) {
    switch state.phase {
    case .exporting:
      let partition = state.export.partition
      if let partition, partition.step != .reading {
        self.init(doing: "listing keys", done: partition.keys)
      } else {
        self.init(
          doing: "exporting", done: max(tally.read, state.export.writtenRows),
          expected: partition?.keys)
      }
    case .sealing: self.init(doing: "finishing the parts")
    case .staging:
      self.init(
        doing: "staging",
        detail: ": \(state.stage.published.count) of \(state.stage.sealed.count) parts "
          + "published")
    case .loading: self.init(doing: "waiting for the import")
    case .loaded:
      self.init(doing: state.recovery == nil ? "changes" : "recovering", done: tally.read)
    }
  }
}
