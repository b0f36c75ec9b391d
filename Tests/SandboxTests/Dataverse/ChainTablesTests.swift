import Core
import Sandbox
import Testing

@Suite("Chain of custom tables")
struct ChainTablesTests {
  static let links = [
    ("cs_vehicle", "_cs_contactid_value", "contact"),
    ("cs_service", "_cs_vehicleid_value", "cs_vehicle"),
    ("cs_serviceitem", "_cs_serviceid_value", "cs_service"),
    ("account", "_primarycontactid_value", "contact"),
  ]

  @Test("A generated row has a parent that exists, or none", arguments: links)
  func parents(table: String, lookup: String, target: String) async throws {
    let fixture = try await DataverseFixture(rows: 400)
    let rows = await fixture.service.rows(of: table, count: 1000)
    let keys = Set(await fixture.service.keys(of: target, count: 1000).map(\.description))
    let parents = rows.map { $0[lookup]?.text }
    #expect(parents.contains(nil))
    #expect(parents.contains { $0 != nil })
    #expect(parents.allSatisfy { $0.map(keys.contains) ?? true })
  }

  @Test("Contacts are the same, whatever stands below them")
  func sameContacts() async throws {
    var world = DataverseWorld()
    world.rows = ["contact": 60]
    let clock = SandboxClock(base: Instant(seconds: 1_768_000_000), isRunning: false)
    let one = await DataverseService(world: world, clock: clock).rows(of: "contact", count: 60)
    world.rows["cs_vehicle"] = 0
    world.rows["cs_service"] = 999
    let other = DataverseService(world: world, clock: clock)
    #expect(await other.rows(of: "contact", count: 60) == one)
    #expect(await other.count(of: "cs_vehicle") == 0)
    #expect(await other.rows(of: "cs_vehicle", count: 5) == [])
  }

  @Test("The tables are custom, tracked, and have every type of column")
  func metadata() async throws {
    let fixture = try await DataverseFixture()
    let entity = try await fixture.get("EntityDefinitions(LogicalName='cs_serviceitem')")
    #expect(entity["IsCustomEntity"] == true && entity["ChangeTrackingEnabled"] == true)
    #expect(entity["SchemaName"] == "cs_ServiceItem")
    #expect(entity["EntitySetName"] == "cs_serviceitems")
    let list = try await fixture.get("EntityDefinitions(LogicalName='cs_vehicle')/Attributes")
    let types = Set(
      (list["value"]?.items ?? []).compactMap { $0["AttributeTypeName"]?["Value"]?.text })
    #expect(
      types.isSuperset(of: [
        "UniqueidentifierType", "StringType", "MemoType", "BooleanType", "IntegerType",
        "BigIntType",
        "DecimalType", "DoubleType", "MoneyType", "DateTimeType", "PicklistType",
        "MultiSelectPicklistType", "StateType", "StatusType", "LookupType", "OwnerType",
      ]))
    let times = try await fixture.get(
      "EntityDefinitions(LogicalName='cs_vehicle')/Attributes/"
        + "Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior")
    let behaviors = (times["value"]?.items ?? []).compactMap {
      $0["DateTimeBehavior"]?["Value"]?.text
    }
    #expect(Set(behaviors) == ["DateOnly", "UserLocal", "TimeZoneIndependent"])
  }

  @Test("Pages, deltas and single rows work as for contacts")
  func reading() async throws {
    let fixture = try await DataverseFixture(rows: 100)
    let prefer = ["Prefer": "odata.track-changes,odata.maxpagesize=20"]
    let path = "cs_services?$select=cs_name,cs_cost,_cs_vehicleid_value"
    let scan = try await fixture.follow(path, prefer)
    #expect(scan.items.count == 50 && scan.pages == 3)
    let report = await fixture.service.mutate(
      table: "cs_service", creates: 3, updates: 4, deletes: 2, seed: 5)
    let delta = try await fixture.follow(try #require(scan.delta), prefer)
    #expect(delta.items.count == 9)
    let gone = delta.items.filter { $0["reason"] == "deleted" }.compactMap { $0["id"]?.text }
    #expect(Set(gone) == Set(report.deleted.map(\.description)))
    let row = try await fixture.get("cs_services(\(report.created[0]))?$select=cs_name")
    #expect(row["cs_serviceid"]?.text == report.created[0].description)
  }
}
