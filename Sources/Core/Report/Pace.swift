/// How fast something is counted: over the last minute, so that a pause is seen in it, and what was
/// done before is not.
package struct Pace: Sendable {
  private static let window = Duration.seconds(60)

  private struct Mark: Sendable {
    var at: Duration
    var count: Int
  }

  /// A second apart or more; the first of them is where the window begins.
  private var marks: [Mark]
  private var latest: Mark

  /// - Parameter count: what is done as it begins.
  package init(from count: Int = 0, at uptime: Duration) {
    latest = Mark(at: uptime, count: count)
    marks = [latest]
  }

  /// - Parameter count: all that is done by now.
  package mutating func note(_ count: Int, at uptime: Duration) {
    latest = Mark(at: uptime, count: count)
    if uptime - marks[marks.count - 1].at >= .seconds(1) { marks.append(latest) }
    while marks.count > 1, uptime - marks[1].at >= Pace.window { marks.removeFirst() }
  }

  package var perSecond: Double {
    let time = max(latest.at - marks[0].at, .seconds(1))
    return Double(latest.count - marks[0].count) / (time / .seconds(1))
  }

  /// Nil where nothing is done at present.
  package func left(until expected: Int) -> Duration? {
    let rate = perSecond
    return rate > 0 ? .seconds(Double(max(expected - latest.count, 0)) / rate) : nil
  }
}
