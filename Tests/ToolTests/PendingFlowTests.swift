import Core
import TestSupport
import Testing

/// Rows that cannot be brought wait, say why, and go as soon as Dynamics has them right.
@Suite(.timeLimit(.minutes(15))) struct PendingFlowTests {
  private static let job = """
    kind: ingress
    from: { table: contact }
    to:   { resource: profile, key: externalId }
    fields:
      - { from: firstname, to: firstName, maxLength: 30 }
      - { from: gendercode, to: gender, replace: { 1: male } }
      - { from: nickname, to: cusCustomerSince }
    initial: { via: api }
    """

  @Test("A bad date, a missing choice, a long text, a key that is none: pending, then gone")
  func pendingUntilMended() async throws {
    let world = try await SandboxProcess.ofSmallPieces(
      contacts: 60, page: 60, jobs: ["contacts": Self.job])
    try await world.sandbox(
      "mutate", "--set", "nickname=", "--set", "gendercode=1", "--set", "firstname=Ada")
    #expect(try await world.sync("initial", "contacts").status == 0)
    #expect(try await world.comparison() == "equal")

    let user = try await DynamicsUser(world)
    let keys = try await user.keys(5)
    #expect(keys.count == 5)
    try await user.change(keys[0], ["nickname": "2024-02-30T10:00:00Z"])
    try await user.change(keys[1], ["gendercode": .number("2")])
    try await user.change(keys[2], ["firstname": .string(String(repeating: "x", count: 31))])
    try await user.change(keys[3], ["firstname": "Bea"])
    let delta = try await world.sync("delta", "contacts")
    #expect(delta.status == 0 && delta.output.contains("1 updated"), "\(delta)")
    #expect(delta.output.contains("3 rejected"), "\(delta)")
    let waiting = try await pending(world)
    #expect(waiting[keys[0]] == "nickname -> cusCustomerSince: \(Self.reasons[0])", "\(waiting)")
    #expect(waiting[keys[1]] == "gendercode -> gender: \(Self.reasons[1])", "\(waiting)")
    #expect(waiting[keys[2]] == "firstname -> firstName: \(Self.reasons[2])", "\(waiting)")

    try await aKeyThatIsNone(world, user, keys[4])
    try await user.change(keys[0], ["nickname": "2024-02-29T10:00:00Z"])
    try await user.change(keys[1], ["gendercode": .number("1")])
    try await user.change(keys[2], ["firstname": "Cleo"])
    let mended = try await world.sync("run", "contacts")
    #expect(mended.status == 0 && mended.output.contains("3 retried"), "\(mended)")
    #expect(try await pending(world).isEmpty)
    #expect(try await world.comparison() == "equal")
  }

  private static let reasons = [
    "no date or time of the calendar", "not a name of the enumeration", "longer than the field",
  ]

  /// On its way a key becomes something else; the row comes as it is with its next change.
  private func aKeyThatIsNone(
    _ world: SandboxProcess, _ user: DynamicsUser, _ key: String
  ) async throws {
    try await user.change(key, ["firstname": "Dora"])
    try await world.sandbox("faults", "add", "dataverse", "badKey", "--path", "deltatoken")
    let delta = try await world.sync("delta", "contacts")
    #expect(delta.status == 0 && delta.output.contains("1 rejected"), "\(delta)")
    let reason = try await pending(world)["x" + key.dropFirst()]
    #expect(reason == "contactid: the primary id is not a guid")
    try await user.change(key, ["firstname": "Edda"])
  }

  /// Key -> reason.
  private func pending(_ world: SandboxProcess) async throws -> [String: String] {
    let items = try await world.sync("pending", "contacts", "--json").json.items ?? []
    return Dictionary(items.map { ($0["key"]?.text ?? "", $0["reason"]?.text ?? "") }) { $1 }
  }
}
