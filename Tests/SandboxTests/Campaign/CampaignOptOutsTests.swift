import Core
import Sandbox
import Testing

@Suite("Campaign stand-in: opt-outs and their times")
struct CampaignOptOutsTests {
  static let key = "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d"
  static let email = ConsentWorld.email

  private func row(_ visitor: CampaignVisitor) async throws -> OptOutRow {
    let key = try #require(RowKey(Self.key))
    return try #require(await visitor.service.optOuts(of: [key])[0])
  }

  @Test("The closed list is the settings' list, in its order")
  func list() async throws {
    for (place, name) in OptOutSettings.attributes.enumerated() {
      let visitor = await CampaignVisitor()
      try await visitor.service.apply(knobs: ["denyListNames": true])
      await visitor.create(Self.key, [(name, true)])
      let row = try await row(visitor)
      #expect(row.values == 1 << UInt8(place), "\(name)")
      #expect(row.times[place] == visitor.clock.now && row.times.latest == visitor.clock.now)
    }
  }

  @Test("A time moves when its value does, and only then")
  func times() async throws {
    let visitor = await CampaignVisitor()
    await visitor.create(Self.key, [("blackListFax", true)])
    let begin = visitor.clock.now
    func patch(_ body: JSONValue) async throws -> OptOutRow {
      visitor.clock.advance(60)
      #expect(await visitor.call("PATCH", CampaignVisitor.ext + "/" + Self.key, body).status == 200)
      return try await row(visitor)
    }
    #expect(try await row(visitor).times[Self.email] == nil)
    let first = try await patch(["blackListEmail": true, "blackListFax": true])
    #expect(first.times[Self.email] == visitor.clock.now && first.times[2] == begin)
    let same = try await patch(["blackListEmail": true, "firstName": "Ada"])
    #expect(same.times == first.times && same.modified > first.modified)
    let back = try await patch(["blackListEmail": false])
    #expect(back.times[Self.email] == visitor.clock.now && !back.value(Self.email))
  }

  @Test("The API shows no attribute's time")
  func hidden() async throws {
    let visitor = await CampaignVisitor()
    let created = await visitor.create(Self.key, [("blackListEmail", true)])
    let shown = await visitor.get(CampaignVisitor.ext + "/" + created.handle)
    let names = (shown.json.members ?? []).map(\.name).filter { $0.contains("odified") }
    #expect(names == ["lastModified", "modifiedBy"])
    #expect(!shown.text.contains("blackListEmail_") && !shown.text.contains("ListEmailModified"))
  }

  @Test("History has who changed what, and not who was created")
  func history() async throws {
    let world = try await ConsentWorld()
    let history = world.world.history
    let begin = history.mark
    try await world.patch(profile: world.keys[0], ["blackListEmail": true])
    await world.person(world.keys[1], opts: true)
    try await world.patch(profile: world.keys[1], ["blackListEmail": true, "firstName": "Ada"])
    let id = try await world.call("GET", "/\(world.keys[1])")["PKey"]?.text ?? ""
    try await world.call("DELETE", "/\(id)")
    try await world.post(world.keys[1], [.init("blackListFax", true)])
    let changes = history.changes.dropFirst(begin)
    #expect(changes.map(\.author) == [.tool, .user] + Array(repeating: .tool, count: 8))
    #expect(
      changes.prefix(2).allSatisfy { $0.old == false && $0.new == true && $0.side == .campaign })
    #expect(changes.dropFirst(2).allSatisfy { $0.new == nil && $0.key == world.keys[1] })
    let email = try #require(changes.last { Int($0.place) == Self.email })
    #expect(email.old == true && email.before != nil)
  }

  @Test("The import is an author of its own, and sets times")
  func imported() async throws {
    let world = try await ConsentWorld()
    try await world.world.campaign.apply(knobs: ["optOutOnInsertOnly": false])
    let begin = world.world.history.mark
    world.storage.write(
      "externalId;blackListEmail\n\(world.keys[0]);true\n", "imports/contacts-000001-0001.csv")
    try await world.load("imports/contacts-000001-*.csv")
    let changes = world.world.history.changes.dropFirst(begin)
    #expect(changes.map(\.author) == [.importWorkflow])
    let row = await world.world.campaign.optOuts(of: [world.keys[0]])[0]
    #expect(row?.times[Self.email] != nil && row?.value(Self.email) == true)
  }

  @Test("Too many requests are refused with a wait, and the profile is as it was")
  func throttled() async throws {
    let visitor = await CampaignVisitor()
    await visitor.create(Self.key)
    try await visitor.service.apply(knobs: ["requestsPerMinute": 1])
    let path = CampaignVisitor.ext + "/" + Self.key
    #expect(await visitor.call("PATCH", path, ["blackListEmail": true]).status == 200)
    #expect(await visitor.call("PATCH", path, ["blackListEmail": false]).status == 429)
    #expect(try await row(visitor).value(Self.email))
    visitor.clock.advance(60)
    #expect(await visitor.call("PATCH", path, ["blackListEmail": false]).status == 200)
  }
}
