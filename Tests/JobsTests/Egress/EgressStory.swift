import Core
import TestSupport

@testable import Jobs

/// Some days of exports, told again and again under other weather.
enum EgressStory: String, CaseIterable, Sendable {
  case counting, keeping

  func play(_ world: World) throws -> EgressEnd {
    let bench = EgressBench(world) { settings in
      settings.unmatched = self == .keeping ? .keep : .count
    }
    try exportFirst(bench)
    if let problem = bench.persist() { return EgressEnd(bench, problem: problem) }
    try exportSecond(bench)
    if let problem = bench.persist() { return EgressEnd(bench, problem: problem) }
    // The files are gone, and five contacts come.
    for name in bench.box.files.keys { bench.box.files[name] = nil }
    bench.activities.addContacts((20..<25).map { Clicks.contact($0) })
    if let problem = bench.persist() { return EgressEnd(bench, problem: problem) }
    world.clearUp()
    return EgressEnd(bench, problem: bench.persist())
  }

  private func exportFirst(_ bench: EgressBench) throws {
    bench.put(Clicks.file(0..<60), as: "tracking_20260203_0900.csv")
    bench.put(try Clicks.packed(Clicks.file(50..<120)), as: "tracking_20260203_1000.csv.gz")
    bench.put("", as: "tracking_20260203_1030.csv")
    bench.put(Clicks.file(110..<150, lineEnd: "\r\n"), as: "tracking_20260203_1100.csv")
  }

  /// Repeats, a replaced file, and one that grows while the job looks.
  private func exportSecond(_ bench: EgressBench) throws {
    bench.put(Clicks.file(140..<170), as: "tracking_20260203_1100.csv")
    bench.put(Clicks.file(0..<30), as: "tracking_20260204_0900.csv")
    bench.put(try Clicks.packed(Clicks.file(165..<200)), as: "tracking_20260204_1000.csv.gz")
  }
}

extension EgressBench {
  /// Runs the job as a crontab would until it has ended well once.
  ///
  /// - Returns: why that led nowhere.
  func persist() -> String? {
    for _ in 0..<60 {
      let rounds = state?.rounds ?? 0
      let outcome = life()
      if world.isDead {
        world.reboot()
      } else if let failure = outcome.failure {
        guard failure.kind == .unavailable else { return "\(failure)" }
        world.pass(.seconds(60))
      } else if outcome.state.rounds == rounds + 1, outcome.state.waiting.isEmpty {
        return nil
      }
    }
    return "sixty lives were not enough"
  }
}

/// How a story ended: what must be the same under any weather.
struct EgressEnd: Equatable {
  var problem: String?
  var stored: [RowKey: MemoryActivities.Stored]
  var waiting: [String]
  var files: [String: Bool]
  var violations: [String]
  var repeats: Int
  var sent: Int

  init(_ bench: EgressBench, problem: String?) {
    self.problem = problem
    stored = bench.activities.stored
    waiting = bench.ledger.waiting
    files = bench.ledger.files.mapValues(\.isDone)
    violations = bench.world.violations
    repeats = bench.activities.meter.repeats
    sent = bench.activities.meter.sent
  }

  /// What differs, by name; empty where nothing does.
  func differences(from calm: EgressEnd) -> [String] {
    var names: [String] = []
    if let problem { names.append(problem) }
    if stored != calm.stored { names.append("activities") }
    if waiting != calm.waiting { names.append("pending events") }
    if files != calm.files { names.append("files") }
    return names
  }
}
