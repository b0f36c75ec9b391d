import Core
import Jobs

/// What a run is doing, and how far it is.
struct Standing {
  /// Another one is another phase.
  var doing: String
  /// What follows that in words, and may change with each commit.
  var detail = ""
  /// Records that are done, those of earlier runs among them; nil: nothing is counted now.
  var done: Int?
  /// Where `done` does not tell of all that is read: the records that this run has read.
  var read: Int?
  var expected: Int?
  /// About all rows of the table: how many there are can be asked.
  var isOfTable = false
}

/// A run that goes on: where it stands, and how fast the phase in hand goes.
///
/// - Shape: each phase has a pace of its own, and each lane in it: rows of one phase and time of
///   another say nothing about either.
struct RunSight {
  private(set) var standing: Standing
  private var lanes: [String: Int] = [:]
  /// As the phase began.
  private var start: Standing
  private var lanesAtStart: [String: Int] = [:]
  private var pace: Pace
  private var lanePaces: [String: Pace] = [:]
  private var phaseBegan: Duration

  init(_ standing: Standing, at uptime: Duration) {
    (self.standing, start, phaseBegan) = (standing, standing, uptime)
    pace = Pace(from: standing.done ?? 0, at: uptime)
  }

  /// - Parameter lanes: what each lane has read in this run.
  mutating func see(_ next: Standing, lanes: [String: Int], at uptime: Duration) {
    // Reading that begins again has less than it had.
    if next.doing != standing.doing || next.done ?? 0 < standing.done ?? 0 {
      self = RunSight(next, at: uptime)
      lanesAtStart = lanes
    }
    (standing, self.lanes) = (next, lanes)
    pass(at: uptime)
  }

  /// Time passes, and nothing is committed.
  mutating func pass(at uptime: Duration) {
    if let done { pace.note(done, at: uptime) }
    for (name, records) in lanes {
      lanePaces[name, default: Pace(at: phaseBegan)].note(
        records - lanesAtStart[name, default: 0], at: uptime)
    }
  }

  private var done: Int? {
    guard let done = standing.done else { return nil }
    guard let read = standing.read else { return done }
    return (start.done ?? 0) + read - (start.read ?? 0)
  }

  /// - Parameter told: how many records there are, as somebody was asked.
  func fill(_ progress: inout RunProgress, told: Int?) {
    progress.doing = standing.doing + standing.detail
    guard let done else { return }
    progress.records = done
    progress.perSecond = Int(pace.perSecond.rounded())
    // What was expected is old, or was a guess: a number that is passed says nothing.
    if let expected = standing.expected ?? told, expected >= done {
      progress.expected = expected
      progress.secondsLeft = pace.left(until: expected).map { Int($0.components.seconds) }
    }
    progress.lanes = lanes.sorted { $0.key < $1.key }.compactMap { name, records in
      let records = records - lanesAtStart[name, default: 0]
      guard records > 0, let pace = lanePaces[name] else { return nil }
      return RunProgress.Lane(
        name: name, records: records, perSecond: Int(pace.perSecond.rounded()))
    }
  }
}

extension Standing {
  init(_ state: IngressState, _ tally: Tally = Tally()) {
    switch state.phase {
    case .exporting: self = .exporting(state, tally)
    case .sealing: self.init(doing: "finishing the parts")
    case .staging:
      self.init(
        doing: "staging",
        detail: ": \(state.stage.published.count) of \(state.stage.sealed.count) parts "
          + "published")
    case .loading: self.init(doing: "waiting for the import")
    case .loaded:
      let isRecovering = state.recovery != nil
      self.init(
        doing: isRecovering ? "recovering" : "changes", done: 0, read: tally.read,
        isOfTable: isRecovering)
    }
  }

  private static func exporting(_ state: IngressState, _ tally: Tally) -> Standing {
    if state.export.began == nil, state.delta.began == nil { return Standing(doing: "beginning") }
    let partition = state.export.partition
    switch partition?.step {
    case .listing: return Standing(doing: "listing keys", done: partition?.keys, isOfTable: true)
    case .probing: return Standing(doing: "trying ranges")
    case .reading where partition?.ranges.allSatisfy(\.isDone) == true:
      return Standing(doing: "proving that no row was left out")
    case .reading, nil:
      return Standing(
        doing: "exporting", done: state.export.writtenRows, read: tally.read,
        expected: partition?.keys, isOfTable: true)
    }
  }
}
