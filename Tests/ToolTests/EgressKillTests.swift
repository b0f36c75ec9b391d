import Core
import Glibc
import TestSupport
import Testing

/// Four egress jobs side by side, killed at any moment while Dynamics throttles them.
@Suite(.serialized, .timeLimit(.minutes(15))) struct EgressKillTests {
  /// Of each job.
  static let kills = 50

  @Test("Killed at random moments under throttling, all four bring every event once")
  func fourJobsKilled() async throws {
    let sandbox = try await SandboxProcess(contacts: 60, jobs: EgressFlowTests.jobs())
    let seed = getenv("KILL_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    var dice = SeededGenerator(seed: seed)
    var moments: [String] = []
    var kills = [0, 0, 0, 0]
    var (round, refused, limit) = (0, 0, 600)
    while kills.min() ?? 0 < Self.kills {
      if round % 8 == 0 {
        let number = seed &* 100 &+ UInt64(round)
        // Where nobody came as far as to be refused, the machine is busy: they live longer.
        let before = refused
        refused = try await sandbox.meter("dataverse.answers.POST 429")
        if round > 0, refused == before { limit *= 2 }
        try await sandbox.order(
          "export-events --events 200 --files 2 --repeats 15 --seed \(number)")
        try await sandbox.order(
          "faults add dataverse throttled --method POST --path /api/ --after 1 --times 2"
            + " --retry-after 1")
      }
      round += 1
      var programs: [Program] = []
      for event in EgressFlowTests.events {
        programs.append(try sandbox.startSync(["run", "egress-\(event)"]))
      }
      let begin = ContinuousClock.now
      let strikes = programs.indices.map { ($0, dice.below(limit)) }.sorted { $0.1 < $1.1 }
      for (index, moment) in strikes {
        let rest = .milliseconds(moment) - (ContinuousClock.now - begin)
        if try await !programs[index].ends(within: max(rest, .zero)) {
          programs[index].kill(SIGKILL)
          kills[index] += 1
          moments.append("\(moment)")
        }
        _ = await programs[index].end()
      }
    }
    try await sandbox.order("export-events --events 100 --repeats 30 --gzip --seed \(seed + 1)")
    try await sandbox.order("faults clear")
    try await sandbox.type("egress send open click bounce").expect(0)
    for event in EgressFlowTests.events {
      let comparison = try await sandbox.sandbox("compare", "egress-\(event)")
      #expect(
        comparison.status == 0,
        "seed \(seed), \(moments): \(event): \(comparison.output)\(comparison.errors)")
    }
    // Who was killed before it could tell has told nobody: that waits are kept is shown without kills.
    #expect(refused > 0)
    let again = try await sandbox.type("egress send open click bounce --json")
    for result in again.json.items ?? [] { #expect(result["created"]?.integer == 0) }
  }
}
