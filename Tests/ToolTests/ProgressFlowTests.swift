import Core
import Glibc
import TestSupport
import Testing

/// What `status` says of a run while it goes on.
@Suite(.timeLimit(.minutes(10))) struct ProgressFlowTests {
  /// 1,200 contacts, ten a page, by ranges.
  private func world() async throws -> SandboxProcess {
    let world = try await SandboxProcess.ofSmallPieces(contacts: 1200, page: 10, part: "4 KiB")
    let file = "jobs/environments/test.yaml"
    let text = world.text(of: file).replacing(
      "dynamics:\n", with: "dynamics:\n  partitionFrom: 100\n")
    try world.write(text, to: file)
    return world
  }

  private func progress(_ world: SandboxProcess) async throws -> JSONValue? {
    try await world.sync("status", "contacts", "--json", "--offline").json.items?.first?["progress"]
  }

  @Test(
    "While a service asks to be left alone, status says so and counts the seconds",
    arguments: [(1, "beginning"), (40, "listing keys")])
  func throttled(requests: Int, doing: String) async throws {
    let world = try await world()
    try await world.turn(
      "dataverse.limitsEnabled=true", "dataverse.windowSeconds=600",
      "dataverse.requestLimit=\(requests)",
      "dataverse.retryAfterSeconds=600")
    let program = try world.startSync(["export", "contacts"])
    var seen: JSONValue?
    while seen?["throttledSeconds"]?.integer ?? 0 < 3, program.isRunning {
      seen = try await progress(world)
    }
    let lines = try await world.sync("status", "contacts", "--offline").output
    program.kill(SIGTERM)
    let end = await program.end()
    #expect(end.status == 75, "\(end)")
    #expect(seen?["doing"]?.text == doing, "\(lines)")
    #expect(lines.contains("throttled for "), "\(lines)")
    #expect(try await progress(world) == .null)
  }

  @Test("Each phase has its own rate, and completeness is proven under its own name")
  func phases() async throws {
    let world = try await world()
    try await world.turn("dataverse.pace=4")
    let program = try world.startSync(["export", "contacts"])
    var rates: [String: Int] = [:]
    var isMutated = false
    while program.isRunning {
      guard let seen = try await progress(world), let doing = seen["doing"]?.text else { continue }
      rates[doing] = max(rates[doing] ?? -1, seen["perSecond"]?.integer ?? -1)
      if doing == "exporting", !isMutated {
        // The proof has changes to read, and a reason to.
        isMutated = true
        try await world.sandbox("mutate", "--updates", "600", "--deletes", "50")
      }
    }
    #expect(await program.end().status == 0)
    #expect(rates["listing keys"] ?? 0 > 0, "\(rates)")
    #expect(rates["exporting"] ?? 0 > 0, "\(rates)")
    #expect(rates["proving that no row was left out"] == -1, "\(rates)")
  }
}
