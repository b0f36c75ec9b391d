import Core
import Disk
import HTTP
import Jobs
import Logging
import Synchronization

/// Says how far a run is: a line on a terminal that is rewritten, lines of the log with each lane for
/// `-v`, and a small file that `status` reads.
///
/// - Shape: at each commit, and each second between them: a service that asks to be left alone is waited
///   for without any.
final class ProgressBar: Sendable {
  private struct Picture {
    var sight: RunSight
    var written: (at: Duration, doing: String)?
    var isDrawn = false
    /// What comes late is not said: the file is gone, and the next line belongs to somebody else.
    var isOver = false
  }

  /// How many records there are, as far as somebody was asked.
  private struct Answer {
    var count: Int
    var isOfTable: Bool
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
  private let throttled = Atomic<Int>(0)
  private let answer = Mutex<Answer?>(nil)
  /// How many records there are; nil once it was asked.
  private let question = Mutex<(@Sendable () async -> Void)?>(nil)
  private let picture: Mutex<Picture>
  private let ticker = Mutex<Task<Void, Never>?>(nil)

  /// - Parameters:
  ///   - standing: where the job stands before.
  ///   - isQuiet: it never draws: somebody else does.
  init(
    _ place: JobPlace, _ connections: Connections, from standing: Standing, log: Logger,
    isQuiet: Bool = false
  ) {
    job = place.name
    file = place.progress
    meter = connections.meter
    clock = connections.patience.clock
    self.log = log
    draws = !isQuiet && Standard.errorIsTerminal && log.logLevel == .info
    began = clock.uptime
    start = clock.now
    picture = Mutex(Picture(sight: RunSight(standing, at: began)))
    let task = Task { [weak self, clock] in
      while !Task.isCancelled {
        await clock.sleep(.seconds(1))
        await self?.tick()
      }
    }
    ticker.withLock { $0 = task }
  }

  /// Asks, beside the work, how many records there are; no answer is no harm.
  ///
  /// Where nobody watches, not before the run has taken a while: most runs are over by then, and need
  /// no request more than their work.
  ///
  /// - Parameter isOfTable: of all rows, not only of those that changed.
  func expect(isOfTable: Bool, _ count: @escaping @Sendable () async -> Int?) {
    question.withLock {
      $0 = { [weak self] in
        guard let count = await count() else { return }
        self?.answer.withLock { $0 = Answer(count: count, isOfTable: isOfTable) }
      }
    }
    if draws { ask() }
  }

  private func ask() {
    guard let question = question.withLock({ $0.take() }) else { return }
    Task { await question() }
  }

  func show(_ commit: Commit<IngressState>) {
    show(commit.tally, commit.lanes, Standing(commit.state, commit.tally))
  }

  func show(_ tally: Tally, _ lanes: [String: Int], _ standing: Standing) {
    let progress = picture.withLock { picture in
      picture.sight.see(standing, lanes: lanes, at: clock.uptime)
      return say(&picture)
    }
    guard !draws else { return }
    log.debug(
      "\(job): \(progress.words)",
      metadata: ["lanes": "\(progress.laneWords)", "counts": "\(tally.words)"])
  }

  private func tick() async {
    if clock.uptime - began >= .seconds(5) { ask() }
    let waited = await meter.traffic(at: clock.uptime).waited
    throttled.store(Int(waited.components.seconds), ordering: .relaxed)
    picture.withLock { picture in
      picture.sight.pass(at: clock.uptime)
      _ = say(&picture)
    }
  }

  /// The run is over; the next line belongs to somebody else.
  func end() {
    ticker.withLock { $0.take() }?.cancel()
    picture.withLock { picture in
      picture.isOver = true
      if picture.isDrawn { Standard.write("\n", to: 2) }
      picture.isDrawn = false
    }
  }

  private func say(_ picture: inout Picture) -> RunProgress {
    let standing = picture.sight.standing
    var progress = RunProgress(
      began: start, at: clock.now, doing: standing.doing,
      throttledSeconds: throttled.load(ordering: .relaxed))
    let answer = answer.withLock { $0 }
    let isOfThis = answer?.isOfTable == standing.isOfTable
    picture.sight.fill(&progress, told: isOfThis ? answer?.count : nil)
    if picture.isOver { return progress }
    keep(progress, of: standing.doing, &picture)
    if draws {
      picture.isDrawn = true
      Standard.write("\r\u{1B}[2K\(job): \(progress.words)", to: 2)
    }
    return progress
  }

  /// About once a second, and at once where another phase begins.
  ///
  /// A file that cannot be written is no reason to stop: the work goes on, and says so itself.
  private func keep(_ progress: RunProgress, of doing: String, _ picture: inout Picture) {
    let uptime = clock.uptime
    if let last = picture.written, last.doing == doing, uptime - last.at < .milliseconds(900) {
      return
    }
    picture.written = (uptime, doing)
    try? file.write(progress)
  }
}
