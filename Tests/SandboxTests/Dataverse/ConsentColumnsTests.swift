import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite("Dataverse stand-in: who changes the booleans of contacts")
struct ConsentColumnsTests {
  @Test("Every change has its author, its values and the row's time before")
  func authors() async throws {
    let world = try await ConsentWorld()
    let history = world.world.history
    let begin = history.mark
    let key = world.keys[0]
    try await world.patch(contact: key, ["donotbulkemail": true, "firstname": "Ada"])
    try await world.patch(contact: key, ["donotbulkemail": true])
    try await world.patch(
      contact: key, ["donotbulkemail": false],
      ["If-Match": "*", "MSCRMCallerID": "00000000-0000-0000-0000-000000000001"])
    await world.person(key, in: "followemail", false)
    let changes = Array(history.changes.dropFirst(begin))
    #expect(changes.map(\.author) == [.tool, .user, .user])
    #expect(changes.map(\.new) == [true, false, false])
    #expect(changes.map(\.old) == [false, true, true])
    #expect(changes.allSatisfy { $0.side == .dynamics && $0.key == key })
    #expect(changes.allSatisfy { ($0.before?.milliseconds ?? .max) <= $0.at.milliseconds })
  }

  @Test("A row that goes takes its values with it; one that comes is no change")
  func deleted() async throws {
    let world = try await ConsentWorld()
    let begin = world.world.history.mark
    await world.world.dataverse.delete(world.keys[0], of: "contact")
    let gone = world.world.history.changes.dropFirst(begin)
    #expect(gone.count >= 8 && gone.allSatisfy { $0.new == nil })
    await world.world.dataverse.upsert(world.keys[0], of: "contact", ["donotbulkemail": true])
    #expect(world.world.history.mark == begin + gone.count)
  }

  @Test("What a transaction takes back never happened")
  func rolledBack() async throws {
    let fixture = try await DataverseFixture()
    let history = await fixture.service.history
    let keys = await fixture.service.keys(of: "contact", count: 2)
    for key in keys { await fixture.service.upsert(key, of: "contact", ["donotfax": false]) }
    let begin = history.mark
    func update(_ last: String) async throws -> Int {
      try await fixture.send(
        "POST", "contacts/Microsoft.Dynamics.CRM.UpdateMultiple",
        body: """
          {"Targets":[{"@odata.type":"Microsoft.Dynamics.CRM.contact","contactid":"\(keys[0])",
          "donotfax":true},{"@odata.type":"Microsoft.Dynamics.CRM.contact","contactid":"\(last)",
          "donotfax":true}]}
          """
      ).status
    }
    #expect(try await update(WriteRowsTests.missing) == 404)
    #expect(history.mark == begin)
    #expect(try await update(keys[1].description) == 204)
    #expect(history.mark == begin + 2)
  }

  @Test("A contact that only the tool created is a stub; one that a person made is none")
  func stubs() async throws {
    let world = try await ConsentWorld()
    await world.world.dataverse.delete(world.keys[0], of: "contact")
    await world.world.dataverse.delete(world.keys[1], of: "contact")
    for key in world.keys.prefix(2) {
      try await world.patch(contact: key, ["donotbulkemail": true], [:])
    }
    #expect(await world.world.dataverse.stubs == world.keys.prefix(2).sorted { $0.high < $1.high })
    await world.world.dataverse.delete(world.keys[0], of: "contact")
    await world.world.dataverse.upsert(world.keys[0], of: "contact", ["lastname": "Back"])
    await world.world.dataverse.delete(world.keys[1], of: "contact")
    #expect(await world.world.dataverse.stubs == [])
  }
}
