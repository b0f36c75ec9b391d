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
  private let written = Mutex<Duration?>(nil)

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
  func expect(_ count: @escaping @Sendable () async -> Int?) {
    Task { [self] in
      if let count = await count() { expected.store(count, ordering: .relaxed) }
    }
  }

  func show(_ commit: Commit<IngressState>) {
    show(commit.tally, commit.lanes, Standing(commit.state, commit.tally))
  }

  func show(_ tally: Tally, _ lanes: [String: Int], _ standing: Standing) {
    let progress = progress(tally, lanes, standing)
    keep(progress)
    let words = standing.done == nil ? "" : ": " + progress.words
    guard draws else {
      return log.debug(
        "\(job): \(progress.doing)\(words)",
        metadata: ["lanes": "\(progress.laneWords)", "counts": "\(tally.words)"])
    }
    isDrawn.store(true, ordering: .relaxed)
    Standard.write("\r\u{1B}[2K\(job): \(progress.doing)\(words)", to: 2)
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
    let rate = tally.read / seconds
    let done = standing.done ?? 0
    var progress = RunProgress(
      began: start, at: clock.now, doing: standing.doing, records: done,
      expected: standing.expected ?? (told > 0 ? told : nil), perSecond: rate,
      throttledSeconds: throttled.load(ordering: .relaxed),
      lanes: lanes.sorted { $0.key < $1.key }.map {
        RunProgress.Lane(name: $0.key, records: $0.value, perSecond: $0.value / seconds)
      })
    if standing.done == nil { progress.expected = nil }
    // What was expected is old, or was a guess: a number that is passed says nothing.
    if let expected = progress.expected, expected < done { progress.expected = nil }
    if let expected = progress.expected, rate > 0 {
      progress.secondsLeft = (expected - done) / rate
    }
    return progress
  }

  /// A file that cannot be written is no reason to stop: the work goes on, and says so itself.
  private func keep(_ progress: RunProgress) {
    let isDue = written.withLock { written in
      if let written, clock.uptime - written < .seconds(1) { return false }
      written = clock.uptime
      return true
    }
    guard isDue else { return }
    Task { [self] in
      throttled.store(Int(await meter.traffic(at: clock.uptime).waited.components.seconds), ordering: .relaxed)
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
        doing: "staging: \(state.stage.published.count) of \(state.stage.sealed.count) parts "
          + "published")
    case .loading: self.init(doing: "waiting for the import")
    case .loaded:
      self.init(doing: state.recovery == nil ? "changes" : "recovering", done: tally.read)
    }
  }
}
