import Core
import TestSupport
import Testing

/// Labels that somebody changed in Dynamics after the load.
@Suite(.timeLimit(.minutes(15))) struct LabelDriftTests {
  private static let job = """
    kind: ingress
    from: { table: contact }
    to:   { resource: profile, key: externalId }
    fields:
      - { from: firstname, to: firstName, maxLength: 30, tooLong: cut }
      - { from: gendercode, to: cusNote }
    choices: labels
    labelLanguage: 1033
    initial: { via: api }
    """

  @Test("It is said by check, plan and run, and stops nothing")
  func driftIsTold() async throws {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 20, page: 20, jobs: ["contacts": Self.job])
    #expect(try await world.sync("initial", "contacts").status == 0)
    let calm = try await world.sync("check", "contacts")
    #expect(calm.status == 0, "\(calm)")
    #expect(calm.output.contains("ok    contacts: labels are those of the load"), "\(calm)")

    // As if the checkpoint remembered other ones.
    let file = ".sandbox/state/test/contacts/checkpoint.json"
    let checkpoint = world.text(of: file)
    #expect(checkpoint.contains("\"Female\""))
    try world.write(checkpoint.replacing("\"Female\"", with: "\"Lady\""), to: file)
    let words = "gendercode: another label of 2"
    let check = try await world.sync("check", "contacts")
    #expect(check.status == 0 && check.output.contains("warn  contacts: labels"), "\(check)")
    #expect(check.output.contains(words), "\(check)")
    let plan = try await world.sync("plan", "contacts")
    #expect(plan.status == 0 && plan.output.contains("label drift   \(words)"), "\(plan)")
    try await world.sandbox("mutate", "--updates", "3")
    let run = try await world.sync("run", "contacts")
    #expect(run.status == 0 && run.errors.contains(words), "\(run)")
    #expect(run.errors.contains("campaign-sync replay contacts"), "\(run)")
    #expect(try await world.comparison() == "equal")
  }
}
