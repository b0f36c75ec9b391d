import Core
import HTTP
import JSONPages
import Testing

@testable import Dataverse

struct DataverseCatalogTests {
  private func client(_ transport: ScriptedTransport) -> DataverseClient {
    DataverseClient(url: environment, transport: transport)
  }

  private func contacts() throws -> ScriptedTransport {
    let casts = try JSONDocument.parse(Array(try fixture("casts.contact").utf8))
    var scripts = try #require(casts.members).map { cast in
      (
        "/Attributes/Microsoft.Dynamics.CRM.\(cast.name)",
        [HTTPResponse.json(String(decoding: cast.value.encoded, as: UTF8.self))]
      )
    }
    scripts += [
      ("/Attributes?", [.json(try fixture("attributes.contact"))]),
      ("EntityDefinitions(", [.json(try fixture("entity.contact"))]),
    ]
    return ScriptedTransport(scripts)
  }

  @Test("A table is its set, its id, and every column with its details")
  func table() async throws {
    let transport = try contacts()
    let table = try await client(transport).table("contact")
    #expect(table.logicalName == "contact" && table.entitySet == "contacts")
    #expect(table.primaryId == "contactid" && table.isChangeTracked)
    func column(_ name: String) throws -> ColumnSchema { try #require(table.column(name)) }

    #expect(try column("firstname").maxLength == 50)
    #expect(
      try column("description") == ColumnSchema(name: "description", kind: .memo, maxLength: 2000))
    #expect(try column("birthdate").kind == .dateTime(.dateOnly))
    #expect(try column("modifiedon").kind == .dateTime(.userLocal))
    #expect(try column("cs_appointment").kind == .dateTime(.timeZoneIndependent))
    #expect(
      try column("_parentcustomerid_value")
        == ColumnSchema(
          name: "parentcustomerid", wireName: "_parentcustomerid_value",
          kind: .lookup(targets: ["account", "contact"])))
    #expect(try column("ownerid").wireName == "_ownerid_value")
    #expect(try column("gendercode").options.map(\.value) == ["1", "2"])
    #expect(try column("gendercode").options[0].labels == [1033: "Male", 1031: "Männlich"])
    #expect(try column("cs_interests").kind == .multiSelect)
    #expect(try column("cs_interests").options.map(\.labels) == [[1033: "Sailing"]])
    #expect(try column("statecode").options.count == 2 && column("statuscode").kind == .status)
    #expect(try column("donotbulkemail").options.map(\.value) == ["0", "1"])
    #expect(try column("donotbulkemail").options[1].labels == [1033: "Do Not Allow"])
    let plain: [(String, ColumnSchema.Kind)] = [
      ("contactid", .uniqueIdentifier), ("creditlimit", .money), ("numberofchildren", .integer),
      ("versionnumber", .bigInteger), ("address1_latitude", .double), ("exchangerate", .decimal),
    ]
    for (name, kind) in plain { #expect(try column(name).kind == kind && column(name).isReadable) }
    for name in ["gendercodename", "parentcustomeridname", "entityimage"] {
      #expect(try column(name).kind == .other && !column(name).isReadable)
    }
    #expect(try !column("cs_hidden").isReadable)
    #expect(
      await transport.urls[0].contains("EntityDefinitions(LogicalName=%27contact%27)?$select="))
  }

  @Test("Only the casts that a table has columns for are asked")
  func fewCasts() async throws {
    let transport = ScriptedTransport([
      ("StringAttributeMetadata", [.json(#"{"value":[{"LogicalName":"a","MaxLength":7}]}"#)]),
      ("/Attributes?", [.json(#"{"value":[{"LogicalName":"a","AttributeType":"String"}]}"#)]),
      ("EntityDefinitions(", [.json(try fixture("entity.contact"))]),
    ])
    let table = try await client(transport).table("contact")
    #expect(table.columns == [ColumnSchema(name: "a", kind: .string, maxLength: 7)])
    #expect(await transport.requests.count == 3)
  }

  @Test("An unknown table names the nearest right one")
  func unknownTable() async throws {
    let transport = ScriptedTransport([
      ("EntityDefinitions(", [.fault(404, "0x80040217")]),
      (
        "EntityDefinitions?",
        [.json(#"{"value":[{"LogicalName":"account"},{"LogicalName":"contact"}]}"#)]
      ),
    ])
    await #expect {
      _ = try await client(transport).table("contacts")
    } throws: { error in
      guard let error = error as? SyncError else { return false }
      return error.kind == .configuration && error.reason.contains("no table")
        && error.next?.contains("did you mean contact?") == true && error.code == "0x80040217"
    }
  }

  @Test("One failing cast fails the whole table, in words")
  func failingCast() async throws {
    let transport = ScriptedTransport([
      ("LookupAttributeMetadata", [.html(503)]),
      ("AttributeMetadata", [.json(#"{"value":[]}"#)]),
      ("/Attributes?", [.json(try fixture("attributes.contact"))]),
      ("EntityDefinitions(", [.json(try fixture("entity.contact"))]),
    ])
    await #expect {
      _ = try await client(transport).table("contact")
    } throws: { ($0 as? SyncError)?.kind == .unavailable }
  }

  @Test(
    "A table without what addresses are made of is a broken protocol",
    arguments: [
      "{}",
      #"{"LogicalName":"contact","EntitySetName":"con/tacts?","PrimaryIdAttribute":"contactid"}"#,
    ])
  func brokenEntity(body: String) async throws {
    let transport = ScriptedTransport([
      ("/Attributes", [.json(#"{"value":[]}"#)]), ("EntityDefinitions(", [.json(body)]),
    ])
    await #expect {
      _ = try await client(transport).table("contact")
    } throws: { ($0 as? SyncError)?.kind == .protocolBroken }
  }

  @Test("The organization is its id, and its name and token life where they may be read")
  func organization() async throws {
    let who = HTTPResponse.json(try fixture("whoami"))
    let id = "883278f5-07af-45eb-a0bc-3fea67caa544"
    let full = ScriptedTransport([
      ("WhoAmI", [who]),
      ("organizations", [.json(#"{"value":[{"name":"contoso","expirechangetrackingindays":7}]}"#)]),
    ])
    #expect(
      try await client(full).organization()
        == Organization(id: id, name: "contoso", tokenDays: 7))
    let poor = ScriptedTransport([
      ("WhoAmI", [who]), ("organizations", [.fault(403, "0x80040220")]),
      ("RetrieveCurrentOrganization", [.json(#"{"Detail":{"FriendlyName":"Contoso"}}"#)]),
    ])
    #expect(try await client(poor).organization() == Organization(id: id, name: "Contoso"))
    let bare = ScriptedTransport([("WhoAmI", [who]), ("", [.fault(403, "0x80040220")])])
    #expect(try await client(bare).organization() == Organization(id: id))
    let outsider = ScriptedTransport(.fault(403, "0x80072560"))
    await #expect {
      _ = try await client(outsider).organization()
    } throws: { ($0 as? SyncError)?.reason.contains("no application user") == true }
  }

  @Test("One row proves that a table can be read")
  func readable() async throws {
    let table = TableSchema(
      logicalName: "contact", entitySet: "contacts", primaryId: "contactid", isChangeTracked: true,
      columns: [])
    let transport = ScriptedTransport([
      ("", [.json(#"{"value":[]}"#), .fault(403, "0x80040220"), .json("{}")])
    ])
    let client = client(transport)
    try await client.proveReadable(table)
    #expect(
      await transport.urls == [environment + "/api/data/v9.2/contacts?$select=contactid&$top=1"])
    await #expect(throws: SyncError.self) { try await client.proveReadable(table) }
    await #expect(throws: SyncError.self) { try await client.proveReadable(table) }
  }

  @Test("Rows are counted as far as the service says")
  func count() async throws {
    let table = TableSchema(
      logicalName: "contact", entitySet: "contacts", primaryId: "contactid", isChangeTracked: true,
      columns: [])
    let body =
      #"{"EntityRecordCountCollection":{"Keys":["account","contact"],"Values":[1,1234567]}}"#
    let transport = ScriptedTransport([("", [.json(body), .fault(404, ""), .html(503)])])
    let client = client(transport)
    #expect(try await client.approximateCount(table) == 1_234_567)
    #expect(
      await transport.urls[0].hasSuffix("RetrieveTotalRecordCount(EntityNames=%5B%27contact%27%5D)")
    )
    #expect(try await client.approximateCount(table) == nil)
    await #expect(throws: SyncError.self) { _ = try await client.approximateCount(table) }
  }
}
