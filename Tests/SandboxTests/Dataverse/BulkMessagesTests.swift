import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct BulkMessagesTests {
  private func targets(_ rows: [String]) -> String {
    let type = "\"@odata.type\":\"Microsoft.Dynamics.CRM.contact\""
    return
      "{\"Targets\":[\(rows.map { "{\(type)\($0.isEmpty ? "" : ",")\($0)}" }.joined(separator: ","))]}"
  }
  private let action = "contacts/Microsoft.Dynamics.CRM."

  @Test("CreateMultiple answers the keys in the order of the targets")
  func createMultiple() async throws {
    let fixture = try await DataverseFixture()
    let response = try await fixture.send(
      "POST", action + "CreateMultiple",
      body: targets(["\"lastname\":\"A\"", "\"lastname\":\"B\""]))
    let ids = try #require(try JSONDocument.parse(response.body)["Ids"]?.items)
    for (id, name) in zip(ids, ["A", "B"]) {
      let row = try await fixture.get("contacts(\(id.text ?? ""))")
      #expect(row["lastname"]?.text == name)
    }
  }

  @Test("One bad target takes the whole call back")
  func allOrNothing() async throws {
    let fixture = try await DataverseFixture()
    let before = await fixture.service.rows(of: "contact", count: 500)
    let key = await fixture.service.keys(of: "contact", count: 1)[0]
    let none = WriteRowsTests.missing
    for (message, rows, expected) in [
      ("CreateMultiple", ["\"lastname\":\"A\"", "\"gendercode\":9"], "400 0x8004431a"),
      (
        "UpdateMultiple",
        ["\"contactid\":\"\(key)\",\"lastname\":\"A\"", "\"contactid\":\"\(none)\""],
        "404 0x80040217"
      ),
      ("UpdateMultiple", ["\"lastname\":\"A\""], "400 0x80040203"),
      (
        "UpsertMultiple",
        ["\"contactid\":\"\(none)\",\"lastname\":\"A\"", "\"contactid\":\"\(none)\""],
        "400 0x80040237"
      ),
      (
        "UpsertMultiple", ["\"@odata.id\":\"contacts(\(key))\",\"lastname\":\"A\""],
        "400 0x80060890"
      ),
      (
        "UpsertMultiple",
        ["\"@odata.id\":\"contacts(cs_customernumber='Q')\",\"cs_customernumber\":\"Q\""],
        "400 0x80040216"
      ),
      ("DeleteMultiple", [""], "400 0x80040216"),
    ] {
      #expect(
        try await fixture.fault("POST", action + message, body: targets(rows)) == expected,
        "\(message)")
    }
    #expect(await fixture.service.rows(of: "contact", count: 500) == before)
    let chain = try await fixture.follow("contacts?$select=lastname")
    #expect(chain.items.count == 120)
  }

  @Test("UpsertMultiple changes and creates, by primary and by alternate key")
  func upsertMultiple() async throws {
    let fixture = try await DataverseFixture()
    let key = await fixture.service.keys(of: "contact", count: 1)[0]
    let body = targets([
      "\"contactid\":\"\(key)\",\"lastname\":\"U1\"",
      "\"contactid\":\"\(WriteRowsTests.missing)\",\"lastname\":\"U2\"",
      "\"@odata.id\":\"contacts(cs_customernumber='NEW')\",\"lastname\":\"U3\"",
    ])
    #expect(try await fixture.fault("POST", action + "UpsertMultiple", body: body) == "204 ")
    #expect(try await fixture.get("contacts(\(key))")["lastname"] == "U1")
    #expect(try await fixture.get("contacts(\(WriteRowsTests.missing))")["lastname"] == "U2")
    #expect(
      try await fixture.get("contacts(cs_customernumber=%27NEW%27)")["lastname"] == "U3")
  }

  @Test("The probe and the action agree on support")
  func probe() async throws {
    let query =
      "sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name%20eq%20"
      + "'UpsertMultiple'%20and%20primaryobjecttypecode%20eq%20'contact'"
    for has in [true, false] {
      let fixture = try await DataverseFixture { $0.hasUpsertMultiple = has }
      #expect(try await fixture.get(query)["value"]?.items?.count == (has ? 1 : 0))
      let key = await fixture.service.keys(of: "contact", count: 1)[0]
      let fault = try await fixture.fault(
        "POST", action + "UpsertMultiple", body: targets(["\"contactid\":\"\(key)\""]))
      #expect(fault == (has ? "204 " : "400 0x80040800"))
    }
  }

  @Test("BulkDelete deletes by key and answers with a job")
  func bulkDelete() async throws {
    let fixture = try await DataverseFixture()
    let keys = await fixture.service.keys(of: "contact", count: 3)
    let values = keys.map { "{\"Value\":\"\($0)\",\"Type\":\"System.Guid\"}" }
    let response = try await fixture.send(
      "POST", "BulkDelete",
      body: """
        {"JobName":"x","QuerySet":[{"EntityName":"contact","Criteria":{"Conditions":[
        {"AttributeName":"contactid","Operator":"In","Values":[\(values.joined(separator: ","))]}]}}]}
        """)
    #expect(try JSONDocument.parse(response.body)["JobId"]?.text != nil)
    #expect(await fixture.service.count(of: "contact") == 117)
  }
}
