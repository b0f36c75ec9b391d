import Core
import Sandbox
import Testing

@Suite("Narrow read privileges")
struct RowReaderTests {
  static let tracked = ["Prefer": "odata.track-changes"]

  @Test("Without depth, reads return own rows only and change tracking is refused")
  func narrow() async throws {
    let fixture = try await DataverseFixture { $0.readsWholeOrganization = false }
    let me = try await fixture.get("WhoAmI")["UserId"]
    let rows = try await fixture.follow("contacts?$select=_ownerid_value").items
    #expect(!rows.isEmpty && rows.count < 120)
    #expect(rows.allSatisfy { $0["_ownerid_value"] == me })
    let count = try await fixture.send("GET", "contacts/$count")
    #expect(String(decoding: count.body.dropFirst(3), as: UTF8.self) == String(rows.count))
    #expect(
      try await fixture.fault("GET", "contacts?$select=fullname", Self.tracked) == "403 0x80040220")
  }

  @Test("In silence, tracked reads are shorter too, and a hidden row is refused, not missing")
  func silent() async throws {
    let fixture = try await DataverseFixture { $0.hidesOtherOwners = true }
    let scan = try await fixture.follow("cs_vehicles?$select=cs_name", Self.tracked)
    let seen = Set(scan.items.compactMap { $0["cs_vehicleid"]?.text })
    #expect(!seen.isEmpty && seen.count < 60)
    let all = await fixture.service.keys(of: "cs_vehicle", count: 100).map(\.description)
    let hidden = try #require(all.first { !seen.contains($0) })
    #expect(try await fixture.fault("GET", "cs_vehicles(\(hidden))") == "403 0x80040220")
    var mutation = Mutation()
    mutation.set = [.init(column: "cs_name", value: "x")]
    _ = try await fixture.service.mutate(table: "cs_vehicle", mutation)
    let delta = try await fixture.follow(try #require(scan.delta), Self.tracked)
    #expect(Set(delta.items.compactMap { $0["cs_vehicleid"]?.text }) == seen)
  }

  @Test("One table can be narrow alone, or closed alone")
  func oneTable() async throws {
    let fixture = try await DataverseFixture {
      $0.hidesOtherOwners = true
      $0.narrowTables = ["cs_service"]
      $0.missingPrivileges = ["prvReadcs_ServiceItem"]
    }
    #expect(try await fixture.follow("cs_vehicles?$select=cs_name").items.count == 60)
    #expect(try await fixture.follow("cs_services?$select=cs_name").items.count < 60)
    #expect(try await fixture.fault("GET", "cs_serviceitems") == "403 0x80040220")
  }

  @Test("Another environment behind the address has another identity")
  func identity() async throws {
    let fixture = try await DataverseFixture()
    let before = try await fixture.get("WhoAmI")["OrganizationId"]
    await fixture.service.set(try #require(await fixture.service.knobs.with(["organization": 2])))
    #expect(try await fixture.get("WhoAmI")["OrganizationId"] != before)
  }
}
