import Core
import HTTP
import Sandbox
import Testing

@Suite("Comparison of exported events with activities")
struct EventComparisonTests {
  @Test("Each event once, right in all: equal", arguments: EgressSettings.Event.allCases)
  func equal(event: EgressSettings.Event) async throws {
    let world = try await EventWorld()
    try await world.export { $0.events = 300 }
    let settings = EventWorld.settings(event)
    let before = try await world.compare(settings)
    #expect(before.missing > 0 && before.missing == before.events)
    try await world.write(event)
    let after = try await world.compare(settings)
    #expect(after.isEqual, "\(after.sentence)")
    #expect(after.activities == before.missing)
    #expect(after.sentence.hasPrefix("equal: \(after.events) \(event.rawValue) events"))
  }

  @Test("Rows that come again and states that change are not events anew")
  func again() async throws {
    let world = try await EventWorld()
    for _ in 0..<4 { try await world.export { ($0.events, $0.repeats) = (200, 20) } }
    for event in EgressSettings.Event.allCases {
      try await world.write(event)
      let result = try await world.compare(EventWorld.settings(event))
      #expect(result.isEqual, "\(result.sentence)")
      #expect(result.repeated > 0)
    }
  }

  typealias Spoil = @Sendable (inout [EventWorld.Row]) -> Void

  static let spoiled: [(name: String, spoil: Spoil, sentence: String)] = [
    ("one is missing", { $0.removeFirst() }, "different: 1 missing"),
    ("one is doubled", { $0.append($0[3]) }, "different: 1 doubled"),
    (
      "one has another time", { $0[2]["logDate"] = "2020-01-01 00:00:00.000Z" },
      "different: 1 differ (actualend 1, adobe_dateclicked 1, sortdate 1)"
    ),
    (
      "one is on another's timeline",
      { rows in
        let first = rows[0]["externalId"]
        rows[0]["externalId"] = rows.first { $0["externalId"] != first }?["externalId"]
      }, "different: 1 differ (regardingobjectid 1)"
    ),
    (
      "one has another address", { $0[1]["url"] = "https://example.org/other" },
      "different: 1 differ (adobe_trackingurl 1)"
    ),
    (
      "one names another campaign", { $0[1]["campaignId"] = "Other" },
      "different: 1 differ (adobe_campaignname 1, subject 1)"
    ),
    (
      "one is nobody's event",
      { rows in
        var row = rows[0]
        row["logDate"] = "2020-01-01 00:00:00.000Z"
        rows.append(row)
      }, "different: 1 extra"
    ),
  ]

  @Test("What is wrong is found and named", arguments: spoiled.indices)
  func different(case index: Int) async throws {
    let world = try await EventWorld()
    try await world.export { ($0.events, $0.isPlain, $0.types) = (80, true, [1]) }
    try await world.write(.click, change: Self.spoiled[index].spoil)
    let result = try await world.compare(EventWorld.settings(.click))
    #expect(result.sentence == Self.spoiled[index].sentence, "\(Self.spoiled[index].name)")
    #expect(!result.isEqual && result.keys.count == 1)
  }

  @Test("State and owner belong to what is compared")
  func stateAndOwner() async throws {
    let world = try await EventWorld()
    try await world.export { ($0.events, $0.isPlain) = (40, true) }
    try await world.write(.send)
    var settings = EventWorld.settings(.send)
    settings.state = .open
    let result = try await world.compare(settings)
    #expect(result.fields == ["statecode": result.events])
  }

  @Test("Of a thousand, the three that cannot arrive are not expected")
  func threeOfAThousand() async throws {
    let world = try await EventWorld()
    await world.fixture.service.delete(
      await world.fixture.service.keys(of: "contact", count: 1)[0], of: "contact")
    try await world.export {
      ($0.events, $0.isPlain, $0.types, $0.kinds) = (1000, true, [1], [.tracking])
      ($0.tooLong, $0.brokenDates, $0.deletedContacts) = (1, 1, 1)
    }
    #expect(world.events(.click).count == 1000)
    let before = try await world.compare(EventWorld.settings(.click))
    #expect(before.sentence.hasPrefix("different: 997 missing (2 rejected as they must be; 1 w"))
    try await world.write(.click)
    let after = try await world.compare(EventWorld.settings(.click))
    #expect(after.isEqual && after.activities == 997, "\(after.sentence)")
  }

  @Test("A contact that comes back is written to where the job keeps its events")
  func returned() async throws {
    let world = try await EventWorld()
    let contact = await world.fixture.service.keys(of: "contact", count: 1)[0]
    await world.fixture.service.delete(contact, of: "contact")
    try await world.export {
      ($0.events, $0.isPlain, $0.types, $0.kinds) = (20, true, [1], [.tracking])
      $0.deletedContacts = 1
    }
    try await world.write(.click)
    var settings = EventWorld.settings(.click)
    #expect(try await world.compare(settings).isEqual)
    await world.fixture.service.upsert(contact, of: "contact", ["lastname": "Back"])
    let counted = try await world.compare(settings)
    #expect(counted.isEqual && counted.optional == 1)
    settings.unmatched = .keep
    #expect(try await world.compare(settings).sentence == "different: 1 missing")
    let late = world.events(.click).filter { $0["externalId"] == contact.description }
    try await world.post(late[0], settings, settings.table + "s")
    #expect(try await world.compare(settings).isEqual)
  }

  @Test("Activities that went with their contact are not missed")
  func buried() async throws {
    let world = try await EventWorld()
    try await world.export { ($0.events, $0.isPlain) = (40, true) }
    try await world.write(.send)
    let contact = try #require(RowKey(world.events(.send)[0]["externalId"] ?? ""))
    await world.fixture.service.delete(contact, of: "contact")
    #expect(try await world.compare(EventWorld.settings(.send)).isEqual)
    await world.fixture.service.upsert(contact, of: "contact", ["lastname": "Back"])
    var settings = EventWorld.settings(.send)
    settings.unmatched = .keep
    let result = try await world.compare(settings)
    #expect(result.isEqual && result.buried > 0, "\(result.sentence)")
  }

  @Test("`when` takes the place of the event's own rule")
  func when() async throws {
    let world = try await EventWorld()
    try await world.export { ($0.events, $0.isPlain, $0.types) = (60, true, [1, 10]) }
    try await world.write(.click) { rows in rows.removeAll { $0["urlType"] != "10" } }
    var settings = EventWorld.settings(.click)
    #expect(try await world.compare(settings).missing == 15)
    settings.when = ["urlType": ["10", "12"], "testProfile": ["0"]]
    #expect(try await world.compare(settings).isEqual)
  }

  @Test("The repeated hour of autumn may mean two moments; another zone is another time")
  func autumn() async throws {
    let world = try await EventWorld()
    // 2026-10-25 02:30 in Paris, for the second time.
    world.clock.set(Instant(seconds: 1_792_891_800))
    let paris = try ZoneRules.named("Europe/Paris")
    try await world.export {
      ($0.events, $0.isPlain, $0.kinds, $0.types) = (20, true, [.tracking], [1])
      $0.dialect.zone = paris
    }
    var settings = EventWorld.settings(.click)
    settings.files.timeZone = "Europe/Paris"
    for hours in [2, 1] as [Int64] {
      try await world.write(.click) { rows in
        for index in rows.indices where index % 2 == Int(hours % 2) {
          let local = CalendarText.parse(moment: rows[index]["logDate"] ?? "") ?? 0
          rows[index]["logDate"] = CalendarText.moment(local - hours * 3600)
        }
        rows = rows.enumerated().filter { $0.offset % 2 == Int(hours % 2) }.map(\.element)
      }
    }
    let result = try await world.compare(settings)
    #expect(result.activities == 20)
    #expect(result.missing == 0 && result.extra == 0)
    settings.files.timeZone = "UTC"
    #expect(try await world.compare(settings).differing == 20)
  }

  @Test("A file counts once it is whole; a replaced one with all that it has")
  func files() async throws {
    let world = try await EventWorld()
    let settings = EventWorld.settings(.send)
    try await world.export { ($0.events, $0.fault, $0.isPlain) = (40, .half, true) }
    #expect(try await world.compare(settings).events == 0)
    try await world.export { $0.fault = .finish }
    #expect(try await world.compare(settings).missing == 20)
    try await world.export { ($0.events, $0.fault, $0.isPlain) = (10, .replace, true) }
    #expect(try await world.compare(settings).missing == 25)
    try await world.write(.send)
    #expect(try await world.compare(settings).isEqual)
  }

  @Test("A pattern takes packed files too, and no others")
  func patterns() async throws {
    let world = try await EventWorld()
    try await world.export { ($0.events, $0.isPlain, $0.dialect.isPacked) = (40, true, true) }
    var settings = EventWorld.settings(.send)
    #expect(try await world.compare(settings).missing == 20)
    settings.files.pattern = "other/sending_*.csv"
    #expect(try await world.compare(settings).sentence == "equal: 0 send events = 0 activities")
  }

  @Test("A job that names what is not there cannot be compared")
  func cannot() async throws {
    let world = try await EventWorld()
    try await world.export()
    var table = EventWorld.settings(.send)
    table.table = "contact"
    var column = EventWorld.settings(.send)
    column.columns["at"] = "adobe_datesend"
    var header = EventWorld.settings(.send)
    header.files.columns["status"] = "state"
    var zone = EventWorld.settings(.send)
    zone.files.timeZone = "Mars/Olympus"
    for settings in [table, column, header, zone] {
      await #expect(throws: SyncError.self) { try await world.compare(settings) }
    }
  }
}
