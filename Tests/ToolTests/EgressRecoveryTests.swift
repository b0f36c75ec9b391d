import Core
import Glibc
import TestSupport
import Testing

/// Addresses that change, ledgers that are lost, rows that are broken: of egress jobs, as a user
/// types it.
@Suite("Recovery of egress by the built tool", .timeLimit(.minutes(15)))
struct EgressRecoveryTests {
  private func world(
    _ event: String, unmatched: String = "count", contacts: Int = 60
  ) async throws -> SandboxProcess {
    let jobs = EgressFlowTests.jobs(unmatched: unmatched).filter { $0.key == "egress-\(event)" }
    return try await SandboxProcess(contacts: contacts, jobs: jobs)
  }

  private func result(_ world: SandboxProcess, _ line: String) async throws -> JSONValue {
    let end = try await world.type(line + " --json")
    end.expect(0)
    return try #require(end.json.items?.first)
  }

  private func expectEqual(_ world: SandboxProcess, _ job: String) async throws {
    let comparison = try await world.sandbox("compare", job)
    #expect(comparison.status == 0, "\(comparison.output)\(comparison.errors)")
  }

  private func removeLedger(_ world: SandboxProcess, of job: String) {
    for name in ["ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"] {
      unlink("\(world.state)/\(job)/\(name)")
    }
  }

  @Test("Another address of Dynamics is adopted: nothing twice, and what is pending goes on")
  func anotherAddress() async throws {
    let world = try await world("click", unmatched: "keep")
    try await world.order("mutate --deletes 2")
    try await world.order(
      "export-events --plain --only tracking --types 1 --events 80 --deleted-contacts 2")
    let first = try await result(world, "run egress-click")
    #expect(first["created"]?.integer == 78, "\(first)")

    let before = world.text(of: "jobs/environments/test.yaml")
    let after = before.replacing("url: http://127.0.0.1:", with: "url: http://localhost:")
    #expect(before != after)
    let campaign = try #require(before.split(separator: "\n").first { $0.contains("/acme-") })
    // Only the address of Dynamics.
    let kept = after.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.contains("/acme-") ? campaign : $0
    }
    try world.write(kept.joined(separator: "\n"), to: "jobs/environments/test.yaml")
    try await world.type("run egress-click").expect(78, "Dynamics address", "checkpoint adopt")
    try await world.type("checkpoint adopt egress-click").expect(64, "--yes")
    let adopted = try await world.type("checkpoint adopt egress-click --yes")
    adopted.expect(0)
    #expect(adopted.output.contains("reads every export file again"), "\(adopted)")

    try await world.order("mutate --restores 2")
    let again = try await result(world, "run egress-click")
    #expect(again["created"]?.integer == 2 && again["files"]?.integer == 1, "\(again)")
    try await expectEqual(world, "egress-click")
    let idle = try await result(world, "run egress-click")
    #expect(idle["created"]?.integer == 0 && idle["files"]?.integer == 0, "\(idle)")
  }

  @Test("Another Campaign organisation is refused: its events would have other ids")
  func anotherOrganisation() async throws {
    let world = try await world("open")
    try await world.order("export-events --events 60")
    try await world.type("run egress-open").expect(0)
    let before = world.text(of: "jobs/environments/test.yaml")
    let after = before.replacing("/acme-mkt-stage", with: "/acme-mkt-other")
    #expect(before != after)
    try world.write(after, to: "jobs/environments/test.yaml")
    try await world.type("run egress-open").expect(78, "Campaign organisation", "checkpoint adopt")
    try await world.type("checkpoint adopt egress-open --yes")
      .expect(78, "arrive twice", "checkpoint clear egress-open")
    try world.write(before, to: "jobs/environments/test.yaml")
    let idle = try await result(world, "run egress-open")
    #expect(idle["created"]?.integer == 0, "nothing was changed: \(idle)")
    try await expectEqual(world, "egress-open")
  }

  @Test("A ledger that was lost is made again: every file is read, and nothing is there twice")
  func aLostLedger() async throws {
    let world = try await world("send")
    try await world.order("export-events --events 200 --files 2 --repeats 15")
    let first = try await result(world, "run egress-send")
    #expect((first["created"]?.integer ?? 0) > 0)
    removeLedger(world, of: "egress-send")
    try await world.type("run egress-send").expect(74, "checkpoint adopt egress-send")
    let adopted = try await world.type("checkpoint adopt egress-send --yes")
    #expect(adopted.status == 0 && adopted.output.contains("a new ledger"), "\(adopted)")
    let again = try await result(world, "run egress-send")
    #expect(again["created"]?.integer == 0 && again["files"]?.integer == 2, "\(again)")
    try await expectEqual(world, "egress-send")
  }

  @Test("A broken row is listed, dropped by its key, and gone by itself once it comes whole")
  func brokenRows() async throws {
    let world = try await world("click")
    try await world.order("export-events --plain --only tracking --types 1 --events 20")
    let folder = world.sftpHome + "/d365_loads/exports"
    let name = try #require(DiskTree.names(in: folder).first { $0.hasPrefix("tracking_") })
    let whole = Program.text("\(folder)/\(name)")
    let lines = whole.split(separator: "\n").map(String.init)
    let ids = lines.map { String($0.prefix { $0 != ";" }) }
    let broken = lines.enumerated().map { [3, 5].contains($0) ? $1 + ";more" : $1 }
    try put(broken, as: "\(folder)/\(name)")

    let first = try await world.type("run egress-click --reject-limit 50% --json")
    first.expect(0)
    #expect(first.json.items?.first?["created"]?.integer == 18, "\(first)")
    let listed = try await world.type("pending egress-click").output
    #expect(listed.contains("\(ids[3])  event  rowBroken: the row has "), "\(listed)")
    #expect(listed.contains("\(ids[5])  event  rowBroken: the row has "), "\(listed)")
    let young = try await world.type("pending egress-click --older-than 1h").output
    #expect(young.contains("nothing is pending"), "\(young)")

    try put([lines[0], lines[5]], as: "\(folder)/tracking_99999999_000000.csv")
    let second = try await result(world, "run egress-click")
    #expect(second["created"]?.integer == 1, "\(second)")
    // That took the second in which the file was looked at twice.
    let old = try await world.type("pending egress-click --older-than 1s").output
    #expect(old.contains("\(ids[3])  event") && !old.contains(ids[5]), "\(old)")

    let unknown = try await world.type("pending egress-click --drop \(ids[4])")
    #expect(unknown.output.contains("no pending record has this key"), "\(unknown)")
    try await world.type("pending egress-click --drop \(ids[3])").expect(0)
    let rest = try await world.type("pending egress-click").output
    #expect(rest.contains("nothing is pending"), "\(rest)")
  }

  private func put(_ lines: [String], as path: String) throws {
    let file = try #require(fopen(path, "w"))
    fputs(lines.joined(separator: "\n") + "\n", file)
    fclose(file)
  }

  @Test("check says who cannot see every contact, and which role is to be changed")
  func aNarrowRole() async throws {
    let world = try await world("bounce")
    let right = try await world.type("check egress-bounce")
    right.expect(0)
    #expect(right.output.contains("egress-bounce: read privilege on all contacts"), "\(right)")
    try await world.turn("dataverse.readsWholeOrganization=false")
    let check = try await world.type("check egress-bounce")
    #expect(check.status == 77, "\(check)")
    #expect(check.output.contains("prvReadContact"), "\(check)")
    #expect(check.output.contains("cure: give its security role Read on contact"), "\(check)")
  }
}
