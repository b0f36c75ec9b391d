import Core
import Sandbox
import Testing

@Suite("Comparison of consent")
struct OptOutComparisonTests {
  typealias World = ConsentWorld
  static let out: JSONValue = ["donotbulkemail": true]
  static let back: JSONValue = ["donotbulkemail": false]
  static let mapped = [
    World.ingress([
      FieldMapping(from: "firstname", to: "firstName"),
      FieldMapping(from: "donotbulkemail", to: "blackListEmail"),
    ])
  ]

  @Test(
    "Where nobody changed anything both sides are equal",
    arguments: OptOutSettings.Direction.allCases)
  func calm(direction: OptOutSettings.Direction) async throws {
    let world = try await World()
    let result = try await world.compare(direction)
    #expect(result.isEqual, "\(result.sentence)")
    let opts = direction == .bidirectional || direction == .campaignToDynamics ? 2 : 0
    #expect(result.sentence == "equal: 12 contacts = 12 profiles, \(opts) opt-outs each")
  }

  // MARK: convergence

  @Test("Both ways, an opt-out on one side is missed on the other until it is there")
  func bothWays() async throws {
    let world = try await World()
    await world.person(world.keys[0], true)
    await world.person(world.keys[1], in: "followemail", false)
    let before = try await world.compare(.bidirectional)
    #expect(before.sentence == "different: 2 differ")
    #expect(
      before.differences[0].line.contains(" denyListEmail: Dynamics out 2026-01-09 ")
        && before.differences[0].line.hasSuffix("Campaign in: both sides have to say the same"))
    #expect(before.differences[1].attribute == "denyListPushnotification")
    try await world.patch(profile: world.keys[0], ["blackListEmail": true])
    try await world.patch(profile: world.keys[1], ["blackListPushnotification": true])
    #expect(try await world.compare(.bidirectional).isEqual)
  }

  @Test("What Campaign has not exported cannot be known, nor what the export leaves empty")
  func notExported() async throws {
    let world = try await World()
    await world.person(world.keys[0], opts: true)
    for direction in [OptOutSettings.Direction.bidirectional, .campaignToDynamics] {
      let result = try await world.compare(direction)
      #expect(result.isEqual && result.notExported == 1, "\(direction): \(result.sentence)")
    }
    for fault in [OptOutOrder.Fault.late, .half] {
      try await world.export { $0.fault = fault }
      #expect(try await world.compare(.bidirectional).isEqual)
    }
    try await world.export { ($0.all, $0.emptyValues) = (true, 12) }
    #expect(try await world.compare(.bidirectional).notExported == 1)
    try await world.export { $0.folder = "elsewhere" }
    #expect(try await world.compare(.bidirectional).notExported == 1)
    try await world.export { $0.fault = .publish }
    #expect(try await world.compare(.bidirectional).sentence == "different: 1 differ")
    #expect(
      try await world.compare(.campaignToDynamics).differences.first?.why
        == "Dynamics does not have what Campaign exported")
    try await world.patch(contact: world.keys[0], Self.out)
    #expect(try await world.compare(.bidirectional).isEqual)
    #expect(try await world.compare(.campaignToDynamics).isEqual)
  }

  @Test("Campaign to Dynamics: a later edit in Dynamics stays; an earlier one is overwritten")
  func edited() async throws {
    let world = try await World()
    await world.person(world.keys[0], opts: true)
    await world.person(world.keys[0], false)
    try await world.export()
    #expect(try await world.compare(.campaignToDynamics).differing == 1)
    try await world.patch(contact: world.keys[0], Self.out)
    #expect(try await world.compare(.campaignToDynamics).isEqual)
    await world.person(world.keys[0], false)
    let result = try await world.compare(.campaignToDynamics)
    #expect(result.isEqual && result.changedSince == 1)
  }

  @Test("Campaign to Dynamics: who is opted in needs a time, and more than an old first sight")
  func firstSight() async throws {
    let world = try await World()
    for key in world.keys.prefix(2) {
      await world.person(key, opts: true)
      await world.person(key, opts: false)
      await world.person(key, true)
    }
    try await world.export()
    let old = try await world.compare(.campaignToDynamics)
    #expect(old.isEqual && old.unknown == 2, "\(old.sentence)")
    await world.person(world.keys[0], opts: true)
    await world.person(world.keys[0], opts: false)
    try await world.export { $0.unknownTimes = 1 }
    #expect(try await world.compare(.campaignToDynamics).unknown == 2)
    try await world.export { $0.all = true }
    #expect(try await world.compare(.campaignToDynamics).sentence.hasPrefix("different: 1 differ"))
  }

  @Test("Dynamics to Campaign: whoever is out in Dynamics is out in Campaign, and not the reverse")
  func ingress() async throws {
    let world = try await World()
    await world.person(world.keys[0], true)
    await world.person(world.keys[1], opts: true)
    let result = try await world.compare(.dynamicsToCampaign, ingress: Self.mapped)
    #expect(result.sentence == "different: 1 differ" && result.optOuts == 1)
    #expect(result.differences[0].why == "opted out in Dynamics and not in Campaign")
    try await world.patch(profile: world.keys[0], ["blackListEmail": true])
    #expect(try await world.compare(.dynamicsToCampaign, ingress: Self.mapped).isEqual)
    await world.person(world.keys[0], opts: false)
    let after = try await world.compare(.dynamicsToCampaign, ingress: Self.mapped)
    #expect(after.isEqual && after.changedSince == 1)
  }

  @Test("Dynamics to Campaign: rows that the ingress job must not write are not missed")
  func leftOut() async throws {
    let world = try await World()
    await world.person(world.keys[0], true)
    await world.world.dataverse.upsert(
      world.keys[0], of: "contact", ["firstname": .string(String(repeating: "x", count: 40))])
    #expect(try await world.compare(.dynamicsToCampaign, ingress: Self.mapped).isEqual)
    var kept = Self.mapped
    kept[0].fields[1].applyUpdates = false
    await world.person(world.keys[1], true)
    #expect(try await world.compare(.dynamicsToCampaign, ingress: kept).isEqual)
    #expect(!(try await world.compare(.dynamicsToCampaign, ingress: Self.mapped).isEqual))
  }

  @Test("A replacement may turn a column round")
  func replaced() async throws {
    let world = try await World()
    let fields = [
      FieldMapping(
        from: "followemail", to: "denyListPushnotification",
        replace: ["true": "false", "false": "true"])
    ]
    let ingress = [World.ingress(fields)]
    #expect(try await world.compare(.dynamicsToCampaign, ingress: ingress).isEqual)
    await world.person(world.keys[0], in: "followemail", false)
    #expect(try await world.compare(.dynamicsToCampaign, ingress: ingress).differing == 1)
  }

  // MARK: safety

  @Test("Both ways: only a strictly newer change in Campaign, seen in an export, opts in")
  func optsIn() async throws {
    let world = try await World()
    let key = world.keys[0]
    for isRight in [true, false] {
      await world.person(key, opts: true)
      await world.person(key, true)
      try await world.export()
      await world.person(key, opts: false)
      if isRight { try await world.export() }
      try await world.patch(contact: key, Self.back)
      let result = try await world.compare(.bidirectional)
      #expect(result.optedIn == (isRight ? 0 : 1), "\(result.sentence)")
    }
  }

  @Test("Both ways: a change in the same second does not opt in")
  func sameSecond() async throws {
    let world = try await World()
    let key = world.keys[0]
    await world.person(key, opts: true)
    // Whole seconds do not tell the two apart, whatever the milliseconds say.
    let second = Instant(seconds: world.world.clock.now.seconds + 10)
    world.world.clock.set(second + .milliseconds(100))
    await world.world.dataverse.upsert(key, of: "contact", ["donotbulkemail": true])
    world.world.clock.set(second + .milliseconds(300))
    await world.world.campaign.setOptOut(World.email, of: key, to: false)
    try await world.export()
    try await world.patch(contact: key, Self.back)
    let result = try await world.compare(.bidirectional)
    #expect(result.sentence == "different: 1 opted in against the rule")
    #expect(result.differences[0].why.hasPrefix("the tool opted in in Dynamics, and no strictly n"))
    #expect(result.differences[0].dynamics == true && result.differences[0].campaign == false)
  }

  @Test("Both ways: Campaign is never opted in, and a time that cannot be read proves nothing")
  func never() async throws {
    let world = try await World()
    await world.person(world.keys[0], opts: true)
    await world.person(world.keys[0], true)
    await world.person(world.keys[0], false)
    try await world.patch(profile: world.keys[0], ["blackListEmail": false])
    let first = try await world.compare(.bidirectional)
    #expect(first.optedIn == 1 && first.differences[0].why.contains("may do"))
    await world.person(world.keys[1], opts: true)
    await world.person(world.keys[1], true)
    await world.person(world.keys[1], opts: false)
    try await world.export { ($0.all, $0.brokenTimes) = (true, 12) }
    try await world.patch(contact: world.keys[1], Self.back)
    #expect(try await world.compare(.bidirectional).optedIn == 2)
  }

  @Test("Campaign to Dynamics: the newest export decides, whatever came last")
  func newest() async throws {
    let world = try await World()
    let key = world.keys[0]
    await world.person(key, opts: true)
    await world.person(key, true)
    try await world.export { $0.fault = .late }
    await world.person(key, opts: false)
    await world.person(key, in: "donotphone", true)
    try await world.export()
    try await world.export { $0.fault = .publish }
    try await world.patch(contact: key, Self.back)
    #expect(try await world.compare(.campaignToDynamics).isEqual)
    await world.person(key, true)
    try await world.patch(contact: key, Self.back)
    #expect(try await world.compare(.campaignToDynamics).isEqual)
    await world.person(key, opts: true)
    try await world.export { $0.unknownTimes = 1 }
    await world.person(key, true)
    try await world.patch(contact: key, Self.back)
    let result = try await world.compare(.campaignToDynamics)
    #expect(result.optedIn == 1 && result.differing == 1, "\(result.sentence)")
  }

  @Test("Dynamics to Campaign: the API and the import may opt in where Dynamics says so")
  func follows() async throws {
    let world = try await World()
    try await world.world.campaign.apply(knobs: ["optOutOnInsertOnly": false])
    for key in world.keys.prefix(2) {
      await world.person(key, opts: true)
      await world.person(key, true)
    }
    await world.person(world.keys[0], false)
    try await world.patch(profile: world.keys[0], ["blackListEmail": false])
    #expect(try await world.compare(.dynamicsToCampaign, ingress: Self.mapped).isEqual)
    world.storage.write(
      "externalId;blackListEmail\n\(world.keys[1]);false\n", "imports/contacts-000001-0001.csv")
    try await world.load("imports/contacts-000001-*.csv")
    let result = try await world.compare(.dynamicsToCampaign, ingress: Self.mapped)
    #expect(result.optedIn == 1 && result.differing == 1)
    #expect(
      result.differences[0].why == "the import opted in in Campaign, and Dynamics did not say so")
  }

  @Test("An attribute that no job maps is nobody's to opt in")
  func unmapped() async throws {
    let world = try await World()
    await world.person(world.keys[0], opts: true, 2)
    try await world.patch(profile: world.keys[0], ["blackListFax": false])
    for direction in OptOutSettings.Direction.allCases {
      #expect(try await world.compare(direction).optedIn == 1, "\(direction)")
    }
  }

  @Test("A contact that only the tool created is found")
  func stub() async throws {
    let world = try await World()
    await world.world.dataverse.delete(world.keys[0], of: "contact")
    try await world.patch(contact: world.keys[0], Self.out, [:])
    let result = try await world.compare(.bidirectional)
    #expect(result.stubs == 1 && !result.isEqual)
    #expect(
      result.differences.contains { $0.line == "\(world.keys[0]): a contact that the tool created" }
    )
  }

  @Test("A clock's text that may mean two moments is no time")
  func ambiguous() async throws {
    // 2026-10-25, shortly after 02:15 in Paris, for the second time.
    let world = try await World(now: 1_792_891_000)
    await world.person(world.keys[0], opts: true)
    await world.person(world.keys[0], true)
    await world.person(world.keys[0], opts: false)
    let paris = try ZoneRules.named("Europe/Paris")
    try await world.export { $0.dialect.zone = paris }
    try await world.patch(contact: world.keys[0], Self.back)
    let settings = World.settings(.bidirectional, zone: "Europe/Paris")
    let result = try await OptOutComparison(settings).run(world.world)
    #expect(result.optedIn == 1, "\(result.sentence)")
  }

  @Test("Differences are listed up to a limit, and counted beyond it")
  func limit() async throws {
    let world = try await World()
    for key in world.keys { await world.person(key, true) }
    var comparison = OptOutComparison(World.settings(.bidirectional))
    comparison.limit = 3
    let result = try await comparison.run(world.world)
    #expect(result.differing == 12 && result.differences.count == 3)
    #expect(result.json["differences"]?.items?.count == 3)
  }

  @Test("A job that names what is not there cannot be compared")
  func cannot() async throws {
    let world = try await World()
    await world.person(world.keys[0], opts: true)
    try await world.export()
    var column = World.settings(.bidirectional)
    column.fields[0].dynamics = "donotask"
    var text = World.settings(.bidirectional)
    text.fields[0].dynamics = "firstname"
    var attribute = World.settings(.bidirectional)
    attribute.fields[0].campaign = "denyListPigeon"
    var header = World.settings(.bidirectional)
    header.files?.modified = "{campaign}ModifiedDate"
    let zone = World.settings(.bidirectional, zone: "Mars/Olympus")
    for settings in [column, text, attribute, header, zone] {
      await #expect(throws: SyncError.self) {
        try await OptOutComparison(settings).run(world.world)
      }
    }
  }
}
