import Core
import Glibc
import TestSupport
import Testing

/// Four egress jobs side by side, killed at any moment while Dynamics throttles them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct EgressKillTests {
  static let kills = 12

  @Test("Killed at random moments under throttling, all four bring every event once")
  func fourJobsKilled() async throws {
    let sandbox = try await SandboxProcess(contacts: 60, jobs: EgressFlowTests.jobs())
    let seed = getenv("KILL_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1
    var dice = SeededGenerator(seed: seed)
    try await sandbox.order("export-events --events 600 --files 3 --repeats 15 --seed \(seed)")
    try await sandbox.order(
      "faults add dataverse throttled --method POST --after 3 --times 4 --retry-after 1")
    var moments: [String] = []
    for _ in 0..<Self.kills {
      var programs: [Program] = []
      for event in EgressFlowTests.events {
        programs.append(try sandbox.startSync(["run", "egress-\(event)"]))
      }
      for program in programs {
        let moment = dice.below(900)
        _ = try await program.ends(within: .milliseconds(moment))
        program.kill(SIGKILL)
        _ = await program.end()
        moments.append("\(moment)")
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
    #expect(try await sandbox.meter("dataverse.retryAfterViolations") == 0)
    let again = try await sandbox.type("egress send open click bounce --json")
    for result in again.json.items ?? [] { #expect(result["created"]?.integer == 0) }
  }
}
