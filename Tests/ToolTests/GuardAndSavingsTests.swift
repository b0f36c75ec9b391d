import Core
import Glibc
import TestSupport
import Testing

/// What an operator counts on: the guard stops deletions alone, and calls are saved and counted.
@Suite(.timeLimit(.minutes(15))) struct GuardAndSavingsTests {
  private static let job = """
    kind: ingress
    from: { table: contact }
    to:   { resource: profile, key: externalId }
    fields:
      - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
      - { from: lastname, to: lastName, maxLength: 30, tooLong: cut }
    deletes: { apply: true, limit: 5%, floor: 5 }
    initial: { via: api }
    """

  private func loaded(_ contacts: Int) async throws -> SandboxProcess {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: contacts, page: 100, jobs: ["contacts": Self.job])
    let initial = try await world.sync("initial", "contacts")
    #expect(initial.status == 0, "\(initial)")
    return world
  }

  @Test("A tenth is deleted: nothing of it goes, the rest arrives, and the command approves it")
  func aTenthIsHeldBack() async throws {
    let world = try await loaded(300)
    let before = try await world.campaignMeters()
    try await world.sandbox("mutate", "--deletes", "30", "--creates", "10")
    try await world.sandbox("mutate", "--set", "lastname=Newname", "--rows", "40")
    let held = try await world.sync("run", "contacts")
    #expect(held.status == 65 && held.errors.contains("nothing was deleted"), "\(held)")
    let after = try await world.campaignMeters()
    let inserts = after.inserts - before.inserts
    let updates = after.updates - before.updates
    #expect(inserts == 10, "the new rows of the same run")
    #expect(updates >= 30, "the changed ones; some of the forty are new")
    #expect(after.writes - before.writes == inserts + updates, "and no DELETE")

    let command = try #require(
      held.errors.split(separator: "\n").last?.split(separator: " ").suffix(5).map(String.init))
    #expect(
      command == ["campaign-sync", "run", "contacts", "--approve-deletes", "30"], "\(held)")
    let approved = try await world.sync(Array(command.dropFirst()))
    #expect(approved.status == 0 && approved.output.contains("30 deleted"), "\(approved)")
    #expect(try await world.comparison() == "equal")
  }

  @Test(
    "Rows that changed in columns that nobody maps cost nothing, and the run says what it saved")
  func callsAreSaved() async throws {
    let world = try await loaded(500)
    let before = try await world.campaignMeters()
    let month = Self.month
    try await world.sandbox("mutate", "--set", "description=touched")
    try await world.sandbox("mutate", "--set", "lastname=Newname", "--rows", "20")
    let delta = try await world.sync("delta", "contacts", "--json")
    let result = try #require(delta.json.items?.first)
    #expect((result["read"]?.integer, result["updated"]?.integer) == (500, 20), "\(delta)")
    #expect(result["engineCalls"]?.integer == 40)
    #expect(result["engineCallsSaved"]?.integer == 480)
    #expect(try await world.campaignMeters().engineCalls - before.engineCalls == 40)
    let history = try await world.sync("history", "contacts")
    #expect(history.output.contains("40 engine calls, 480 calls saved"), "\(history)")
    let status = try await world.sync("status", "contacts", "--offline", "--json")
    let saved = status.json.items?.first?["engineCallsSavedThisMonth"]?.integer
    // In the first minute of a month the run may have been in the last one.
    #expect(saved == 480 || saved == 0 && Self.month != month, "\(status)")
    #expect(try await world.comparison() == "equal")
  }

  /// Of UTC, as `status` counts.
  private static var month: Int32 {
    var (now, parts) = (time(nil), tm())
    gmtime_r(&now, &parts)
    return parts.tm_mon
  }
}
