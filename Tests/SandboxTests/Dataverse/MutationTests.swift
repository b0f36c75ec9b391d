import Core
import Sandbox
import Testing

@Suite("Mutation")
struct MutationTests {
  static let prefer = ["Prefer": "odata.track-changes"]
  static let tables = [
    ("contact", "contacts"), ("account", "accounts"), ("cs_vehicle", "cs_vehicles"),
    ("cs_service", "cs_services"), ("cs_serviceitem", "cs_serviceitems"),
  ]

  private func changes(_ fixture: DataverseFixture, _ set: String, _ id: String)
    async throws -> (delta: String, read: (String) async throws -> (rows: [String], gone: [String]))
  {
    let scan = try await fixture.follow("\(set)?$select=\(id)", Self.prefer)
    return (
      try #require(scan.delta),
      { link in
        let items = try await fixture.follow(link, Self.prefer).items
        return (
          items.compactMap { $0[id]?.text }.sorted(),
          items.filter { $0["reason"] != nil }.compactMap { $0["id"]?.text }.sorted()
        )
      }
    )
  }

  private func texts(_ keys: [RowKey]) -> [String] { keys.map(\.description).sorted() }

  @Test("A row that was deleted and created again is a change, and no deletion", arguments: tables)
  func recreated(table: String, set: String) async throws {
    let fixture = try await DataverseFixture(rows: 160)
    let (link, read) = try await changes(fixture, set, table + "id")
    var mutation = Mutation()
    mutation.recreates = 3
    let report = try await fixture.service.mutate(table: table, mutation)
    let delta = try await read(link)
    #expect(report.recreated.count == 3)
    #expect(delta.rows == texts(report.recreated) && delta.gone == [])
  }

  @Test("Deleted rows come back with their id, once", arguments: tables)
  func restored(table: String, set: String) async throws {
    let fixture = try await DataverseFixture(rows: 160)
    let count = await fixture.service.count(of: table)
    let deleted = await fixture.service.mutate(
      table: table, creates: 0, updates: 0, deletes: 4, seed: 3
    ).deleted
    #expect(deleted.count == 4)
    let (link, read) = try await changes(fixture, set, table + "id")
    var mutation = Mutation()
    mutation.restores = 9
    let report = try await fixture.service.mutate(table: table, mutation)
    #expect(Set(report.restored) == Set(deleted))
    #expect(try await read(link).rows == texts(deleted))
    #expect(await fixture.service.count(of: table) == count)
    #expect(try await fixture.service.mutate(table: table, mutation).restored == [])
  }

  @Test("A child can come before its parent, and the parent later")
  func orphans() async throws {
    let fixture = try await DataverseFixture()
    var mutation = Mutation()
    mutation.orphans = 3
    let orphans = try await fixture.service.mutate(table: "cs_vehicle", mutation).orphans
    var parents: [RowKey] = []
    for key in orphans {
      let row = try #require(await fixture.service.row(key, of: "cs_vehicle"))
      parents.append(try #require(row["_cs_contactid_value"]?.text.flatMap { RowKey($0) }))
    }
    #expect(Set(parents).count == 3)
    #expect(await fixture.service.row(parents[0], of: "contact") == nil)
    mutation = Mutation()
    mutation.parents = 10
    let report = try await fixture.service.mutate(table: "cs_vehicle", mutation)
    #expect(Set(report.parents) == Set(parents))
    #expect(await fixture.service.row(parents[0], of: "contact") != nil)
    await #expect(throws: SyncError.self) {
      var wrong = Mutation()
      wrong.orphans = 1
      _ = try await fixture.service.mutate(table: "contact", wrong)
    }
  }

  @Test("Columns are set where others have a value, so that rows leave and enter a filter")
  func set() async throws {
    let fixture = try await DataverseFixture()
    var mutation = Mutation()
    mutation.set = [.init(column: "statecode", value: "1"), .init(column: "cs_name", value: "")]
    mutation.having = [.init(column: "statecode", value: "0")]
    mutation.rows = 5
    let left = try await fixture.service.mutate(table: "cs_vehicle", mutation).set
    #expect(left.count == 5)
    let row = try #require(await fixture.service.row(left[0], of: "cs_vehicle"))
    #expect(row["statecode"] == 1 && row["statuscode"] == 2 && row["cs_name"] == .null)
    mutation.set = [.init(column: "statecode", value: "0")]
    mutation.having = [.init(column: "statecode", value: "1"), .init(column: "cs_name", value: "")]
    mutation.rows = nil
    #expect(Set(try await fixture.service.mutate(table: "cs_vehicle", mutation).set) == Set(left))
  }

  @Test(
    "A column or value that is none is refused",
    arguments: [
      ("nonsense", "1"), ("statecode", "yes"), ("cs_price", "much"), ("cs_isleased", "1"),
    ])
  func refused(column: String, value: String) async throws {
    let fixture = try await DataverseFixture()
    var mutation = Mutation()
    mutation.updates = 3
    mutation.set = [.init(column: column, value: value)]
    await #expect(throws: SyncError.self) {
      _ = try await fixture.service.mutate(table: "cs_vehicle", mutation)
    }
  }

  @Test("The same seed on the same world does the same")
  func deterministic() async throws {
    var mutation = Mutation()
    (mutation.creates, mutation.updates, mutation.deletes) = (5, 6, 4)
    (mutation.recreates, mutation.orphans, mutation.seed) = (2, 2, 77)
    var worlds: [[JSONValue]] = []
    for _ in 0..<2 {
      let fixture = try await DataverseFixture()
      _ = try await fixture.service.mutate(table: "cs_service", mutation)
      worlds.append(await fixture.service.rows(of: "cs_service", count: 500))
    }
    #expect(worlds[0] == worlds[1] && worlds[0].count == 60 + 5 - 4 + 2)
  }

  static let endings: [(knob: JSONValue, count: Int, points: Bool)] = [
    ([:], 60, true), (["cascadeDeletes": ["cs_vehicle"]], 0, false),
    (["removeLinks": ["cs_vehicle"]], 60, false),
  ]

  @Test("Children of a deleted row dangle, go too, or lose their link", arguments: endings)
  func parentDeleted(knob: JSONValue, count: Int, points: Bool) async throws {
    let fixture = try await DataverseFixture()
    var all = Mutation()
    let parent = await fixture.service.keys(of: "contact", count: 1)[0]
    all.set = [.init(column: "cs_contactid", value: parent.description)]
    _ = try await fixture.service.mutate(table: "cs_vehicle", all)
    await fixture.service.set(try #require(await fixture.service.knobs.with(knob)))
    let scan = try await fixture.follow("cs_vehicles?$select=cs_name", Self.prefer)
    #expect(await fixture.service.delete(parent, of: "contact"))
    let rows = await fixture.service.rows(of: "cs_vehicle", count: 100)
    #expect(rows.count == count)
    #expect(rows.allSatisfy { ($0["_cs_contactid_value"] != .null) == points })
    let delta = try await fixture.follow(try #require(scan.delta), Self.prefer)
    #expect(delta.items.count == (points ? 0 : 60))
  }
}
