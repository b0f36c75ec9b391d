import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct ChangeTrackingTests {
  static let track = ["Prefer": "odata.track-changes, odata.maxpagesize=25"]

  /// The rows and deletions that a chain of delta pages reports.
  private func ids(_ items: [JSONValue]) -> (rows: Set<String>, deleted: Set<String>) {
    var rows: Set<String> = []
    var deleted: Set<String> = []
    for item in items {
      if let id = item["contactid"]?.text { rows.insert(id) }
      if item["reason"] == "deleted", let id = item["id"]?.text { deleted.insert(id) }
    }
    return (rows, deleted)
  }

  @Test("Only the last page has a delta link, and the preference is confirmed")
  func lastPageOnly() async throws {
    let fixture = try await DataverseFixture()
    let first = try await fixture.send("GET", "contacts?$select=fullname", Self.track)
    #expect(first["Preference-Applied"] == "odata.track-changes")
    let chain = try await fixture.follow("contacts?$select=fullname", Self.track)
    #expect(chain.items.count == 120)
    #expect(chain.pages == 5)
    let delta = try #require(chain.delta)
    #expect(delta.hasPrefix(DataverseFixture.api + "contacts?$select=fullname&$deltatoken="))
    let empty = try await fixture.follow(delta)
    #expect(empty.items.isEmpty)
    #expect(empty.delta != nil)
  }

  @Test("A delta holds each changed row once, deletions after them, and an old token still works")
  func netEffect() async throws {
    let fixture = try await DataverseFixture()
    let delta = try #require(
      try await fixture.follow("contacts?$select=fullname", Self.track).delta)
    let report = await fixture.service.mutate(
      table: "contact", creates: 30, updates: 20, deletes: 10, seed: 7)
    for key in report.updated.prefix(5) {
      await fixture.service.upsert(key, of: "contact", ["lastname": "Again"])
    }
    await fixture.service.delete(report.created[0], of: "contact")
    let pending = try await fixture.send(
      "GET", "contacts/$count?" + delta.split(separator: "&")[1])
    #expect(pending.body.dropFirst(3) == Array("60".utf8)[...])
    for _ in 0..<2 {
      let chain = try await fixture.follow(delta, ["Prefer": "odata.maxpagesize=8"])
      let found = ids(chain.items)
      let changed = report.updated + report.created.dropFirst()
      #expect(found.rows == Set(changed.map(\.description)))
      #expect(
        found.deleted == Set((report.deleted + [report.created[0]]).map(\.description)))
      #expect(chain.items.count == 60)
      let firstDeleted = try #require(chain.items.firstIndex { $0["reason"] != nil })
      #expect(chain.items[firstDeleted...].allSatisfy { $0["contactid"] == nil })
      #expect(chain.pages == 8)
    }
  }

  @Test("A scan may come by version: nothing twice, and in no order of keys")
  func byVersion() async throws {
    let fixture = try await DataverseFixture { $0.trackedOrder = .version }
    let report = await fixture.service.mutate(
      table: "contact", creates: 20, updates: 30, deletes: 10, seed: 3)
    let chain = try await fixture.follow("contacts?$select=versionnumber", Self.track)
    let versions = chain.items.compactMap { $0["versionnumber"]?.integer }
    #expect(versions == versions.sorted())
    let keys = chain.items.compactMap { RowKey($0["contactid"]?.text ?? "") }
    #expect(Set(keys.suffix(50)) == Set(report.updated + report.created))
    let all = await fixture.service.keys(of: "contact", count: 500)
    #expect(keys != all && keys.count == all.count && Set(keys) == Set(all))
    #expect(try await fixture.follow(try #require(chain.delta)).items.isEmpty)
  }

  @Test(
    "No change during a scan is lost, wherever the token stands, whatever the order",
    arguments: [DataverseKnobs.TokenMark.start, .end],
    [DataverseKnobs.TrackedOrder.key, .version])
  func changesDuringScan(
    mark: DataverseKnobs.TokenMark, order: DataverseKnobs.TrackedOrder
  ) async throws {
    let fixture = try await DataverseFixture {
      $0.tokenMarks = mark
      $0.trackedOrder = order
    }
    var seen: [String: String] = [:]
    var gone: Set<String> = []
    func take(_ items: [JSONValue]) {
      for item in items {
        if let id = item["contactid"]?.text { seen[id] = item["lastname"]?.text ?? "" }
        if item["reason"] != nil, let id = item["id"]?.text { gone.insert(id) }
      }
    }
    var next: String? = "contacts?$select=lastname"
    var delta: String?
    var page = 0
    while let link = next {
      let answer = try await fixture.get(link, Self.track)
      take(try #require(answer["value"]?.items))
      next = answer["@odata.nextLink"]?.text
      delta = answer["@odata.deltaLink"]?.text
      page += 1
      if page <= 4 {
        _ = await fixture.service.mutate(
          table: "contact", creates: 3, updates: 9, deletes: 4, seed: UInt64(page))
      }
    }
    take(try await fixture.follow(try #require(delta), Self.track).items)
    for id in gone { seen[id] = nil }
    let rows = await fixture.service.rows(of: "contact", count: 1000)
    let expected = Dictionary(
      uniqueKeysWithValues: rows.map {
        ($0["contactid"]?.text ?? "", $0["lastname"]?.text ?? "")
      })
    #expect(seen == expected)
  }

  @Test(
    "Options that change tracking forbids",
    arguments: [
      "$filter=statecode%20eq%200", "$orderby=lastname", "$top=5",
      "$expand=parentcustomerid_account",
    ])
  func forbidden(option: String) async throws {
    let fixture = try await DataverseFixture()
    let response = try await fixture.send(
      "GET", "contacts?$select=fullname&\(option)", Self.track)
    #expect(response.status == 400)
    #expect(
      String(decoding: response.body, as: UTF8.self).contains(
        "isn't supported when Change Tracking is enabled"))
  }

  @Test(
    "A token expires after the organization's days, and by a metadata change",
    arguments: [false, true])
  func expiry(byMetadata: Bool) async throws {
    let fixture = try await DataverseFixture { $0.tokenLifetime = 900 * 86_400 }
    let delta = try #require(
      try await fixture.follow("contacts?$select=fullname", Self.track).delta)
    fixture.clock.advance(by: .seconds(7 * 86_400))
    #expect(try await fixture.fault("GET", delta) == "200 ")
    if byMetadata {
      await fixture.service.invalidateTokens()
    } else {
      fixture.clock.advance(by: .seconds(1))
    }
    #expect(try await fixture.fault("GET", delta) == "400 0x80044352")
    let again = try #require(
      try await fixture.follow("contacts?$select=fullname", Self.track).delta)
    #expect(try await fixture.fault("GET", again) == "200 ")
  }

  @Test("A rewritten $select is taken, or refused where the environment insists")
  func rewrittenSelect() async throws {
    for insists in [false, true] {
      let fixture = try await DataverseFixture { $0.rejectsOtherSelect = insists }
      let delta = try #require(
        try await fixture.follow("contacts?$select=contactid", Self.track).delta)
      let wide = delta.replacing("$select=contactid", with: "$select=fullname,birthdate")
      #expect(try await fixture.fault("GET", delta) == "200 ")
      #expect(try await fixture.fault("GET", wide) == (insists ? "400 0x80060888" : "200 "))
      // The token on another path is documented, and has no columns.
      let token = try #require(delta.split(separator: "&").last)
      #expect(try await fixture.fault("GET", "contacts/$count?\(token)") == "200 ")
    }
  }

  @Test("A table without tracking, and a user without the whole organization")
  func notForEveryone() async throws {
    let untracked = try await DataverseFixture { $0.untracked = ["contact"] }
    #expect(try await untracked.fault("GET", "contacts", Self.track) == "400 0x80060888")
    let narrow = try await DataverseFixture { $0.readsWholeOrganization = false }
    #expect(try await narrow.fault("GET", "contacts", Self.track) == "403 0x80040220")
    #expect(try await narrow.fault("GET", "contacts") == "200 ")
  }

  @Test("A row that was deleted and came back is a row")
  func recreated() async throws {
    let fixture = try await DataverseFixture()
    let delta = try #require(
      try await fixture.follow("contacts?$select=lastname", Self.track).delta)
    let key = await fixture.service.keys(of: "contact", offset: 9, count: 1)[0]
    await fixture.service.delete(key, of: "contact")
    await fixture.service.upsert(key, of: "contact", ["lastname": "Back"])
    let items = try await fixture.follow(delta).items
    #expect(items.map { $0["lastname"] } == ["Back"])
    #expect(await fixture.service.keys(of: "contact", count: 500).count { $0 == key } == 1)
    #expect(await fixture.service.count(of: "contact") == 120)
  }

  @Test("A row that went twice is one deletion, and counted as one")
  func goneTwice() async throws {
    let fixture = try await DataverseFixture()
    let delta = try #require(
      try await fixture.follow("contacts?$select=lastname", Self.track).delta)
    let key = await fixture.service.keys(of: "contact", offset: 9, count: 1)[0]
    for round in 1...3 {
      if round > 1 { await fixture.service.upsert(key, of: "contact", ["lastname": "Back"]) }
      let back = try await fixture.send("GET", "contacts/$count?" + delta.split(separator: "&")[1])
      #expect(back.body.last == (round > 1 ? 0x31 : 0x30))
      await fixture.service.delete(key, of: "contact")
      #expect(try await fixture.follow(delta).items.map { $0["id"]?.text } == [key.description])
      let gone = try await fixture.send("GET", "contacts/$count?" + delta.split(separator: "&")[1])
      #expect(gone.body.last == 0x31)
    }
  }
}
