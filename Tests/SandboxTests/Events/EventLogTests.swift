import Core
import Sandbox
import Testing

@Suite("Exports of Campaign's logs")
struct EventLogTests {
  @Test("Two files with the time in their names, the columns of both logs, known and unknown rows")
  func first() async throws {
    let world = try await EventWorld()
    let files = try await world.export { $0.events = 600 }
    #expect(
      files.map(\.name) == [
        "exports/sending_20260109_230640.csv", "exports/tracking_20260109_230640.csv",
      ])
    let sending = world.rows(files[0].name)
    let tracking = world.rows(files[1].name)
    #expect(sending.count == 300 && tracking.count == 300)
    #expect(Set(sending.compactMap { $0["messageType"] }) == ["0", "1", "40"])
    #expect(Set(sending.compactMap { $0["status"] }) == ["0", "1", "2", "6"])
    #expect(Set(sending.compactMap { $0["failureType"] }) == ["0", "1", "2", "3"])
    #expect(Set(tracking.compactMap { $0["urlType"] }) == ["1", "2", "3", "5", "6", "10", "11"])
    #expect(sending.contains { $0["testProfile"] == "1" && $0["externalId"] == "" })
    #expect(sending.contains { $0["externalId"]?.hasPrefix("CRM-") ?? false })
    #expect(tracking.contains { $0["url"]?.hasPrefix("https://") ?? false })
    let contacts = Set(
      await world.fixture.service.keys(of: "contact", count: 500).map(\.description))
    let known = sending.filter { contacts.contains($0["externalId"] ?? "") }
    #expect(known.count > 240 && known.count < 300)
  }

  @Test("The same calls on the same world write the same bytes; another seed others")
  func deterministic() async throws {
    var texts: [[String]] = []
    for seed in [7, 7, 8] as [UInt64] {
      let world = try await EventWorld()
      for _ in 0..<3 { try await world.export { $0.seed = seed } }
      texts.append(
        (world.names(of: "sending") + world.names(of: "tracking")).map {
          world.storage.read($0) ?? ""
        })
    }
    #expect(texts[0] == texts[1])
    #expect(texts[0] != texts[2])
    #expect(texts[0].count == 6)
  }

  @Test("What stands at the moment of an export comes again; states go on, and only forward")
  func consecutive() async throws {
    let world = try await EventWorld()
    var states: [String: [String]] = [:]
    for _ in 0..<5 {
      world.clock.advance(by: .seconds(3600))
      let files = try await world.export { ($0.events, $0.repeats) = (200, 30) }
      for row in world.rows(files[0].name) {
        let state = "\(row["status"] ?? "")/\(row["failureType"] ?? "")"
        states[row["logId"] ?? "", default: []].append(state)
      }
    }
    let ways = Set(
      states.values.map { way in
        way.reduce(into: [String]()) { all, state in
          if all.last != state { all.append(state) }
        }.joined(separator: " ")
      })
    #expect(ways.isSuperset(of: ["6/0 1/0", "1/0 2/2", "2/1 1/0", "1/1 2/2", "6/0 2/1 2/2"]))
    #expect(states.values.contains { $0.count > 1 && Set($0).count == 1 })
    for way in states.values { #expect(way.last != "6/0" || Set(way) == ["6/0"]) }
  }

  @Test("Several exports in one call are several moments")
  func severalFiles() async throws {
    let world = try await EventWorld()
    let files = try await world.export { ($0.events, $0.files, $0.repeats) = (1000, 5, 15) }
    #expect(Set(files.map(\.name)).count == 10)
    let total = files.reduce(0) { $0 + world.rows($1.name).count }
    let again = files.reduce(0) { $0 + $1.repeated }
    #expect(total > 1100 && again > 100 && again < 170)
  }

  static let dialects: [(String, @Sendable (inout ExportDialect) -> Void, String)] = [
    ("quoted", { $0.isQuoted = true }, "\"logId\";\"externalId\""),
    (
      "marked, CR LF, commas",
      { ($0.hasMark, $0.endsWithCRLF, $0.separator) = (true, true, 0x2C) },
      "\u{FEFF}logId,externalId"
    ),
  ]

  @Test("Files are written as Extract file is set up", arguments: dialects.indices)
  func dialect(case index: Int) async throws {
    let world = try await EventWorld()
    let files = try await world.export { order in
      order.events = 60
      Self.dialects[index].1(&order.dialect)
    }
    let text = try #require(world.storage.read(files[0].name))
    #expect(text.unicodeScalars.starts(with: Self.dialects[index].2.unicodeScalars))
    #expect(text.utf8.contains(0x0D) == (index == 1))
    #expect(text.utf8.last == 0x0A)
    if index == 0 { #expect(text.contains("\"Frühjahr \"\"20 %\"\"; neu, DM190\"")) }
  }

  @Test("Times are of the zone, and say so in UTC only")
  func times() async throws {
    let world = try await EventWorld()
    let paris = try ZoneRules.named("Europe/Paris")
    var found: [String] = []
    for (dates, zone) in [
      (ExportDialect.Dates.space, ZoneRules.utc), (.iso, .utc), (.slashes, .utc), (.space, paris),
    ] {
      let files = try await world.export {
        ($0.events, $0.repeats, $0.dialect.dates, $0.dialect.zone) = (4, 100, dates, zone)
      }
      found.append(world.rows(files[1].name).last?["logDate"] ?? "")
    }
    #expect(
      found == [
        "2026-01-09 23:06:40.000Z", "2026-01-09T23:06:41.000Z", "2026/01/09 23:06:42",
        "2026-01-10 00:06:43.000",
      ])
  }

  @Test("A half-uploaded file ends in a line, or behind one, until it is finished")
  func half() async throws {
    let world = try await EventWorld()
    let files = try await world.export { ($0.events, $0.fault) = (100, .half) }
    let halves = files.map { world.storage.read($0.name) ?? "" }
    #expect(halves.map { $0.hasSuffix("\n") } == [false, true])
    #expect(files.allSatisfy { !$0.isWhole })
    let finished = try await world.export { $0.fault = .finish }
    #expect(finished.map(\.name) == files.map(\.name) && finished.allSatisfy(\.isWhole))
    for (file, half) in zip(finished, halves) {
      let text = try #require(world.storage.read(file.name))
      #expect(text.hasPrefix(half) && text.hasSuffix("\n"))
      #expect(world.rows(file.name).count == 50)
    }
    await #expect(throws: SyncError.self) { try await world.export { $0.fault = .finish } }
  }

  @Test("A replaced file has other rows first, and those it had")
  func replace() async throws {
    let world = try await EventWorld()
    await #expect(throws: SyncError.self) { try await world.export { $0.fault = .replace } }
    let files = try await world.export { $0.events = 40 }
    let before = files.map { world.rows($0.name) }
    let after = try await world.export { ($0.events, $0.fault) = (10, .replace) }
    #expect(after.map(\.name) == files.map(\.name))
    for (file, old) in zip(after, before) {
      let rows = world.rows(file.name)
      #expect(rows.count == old.count + 5 && Array(rows.suffix(old.count)) == old)
    }
  }

  @Test("An export that found nothing is a file without a byte; one without news has its header")
  func empty() async throws {
    let world = try await EventWorld()
    let files = try await world.export { $0.fault = .empty }
    #expect(files.map { world.storage.read($0.name) } == ["", ""])
    let quiet = try await world.export { ($0.events, $0.deliveries) = (0, 0) }
    #expect(world.storage.read(quiet[1].name)?.hasPrefix("trackId;logId") == true)
    #expect(world.rows(quiet[1].name).isEmpty)
  }

  @Test("Deleted contacts are written to as far as there are any")
  func deletedContacts() async throws {
    let world = try await EventWorld()
    let keys = await world.fixture.service.keys(of: "contact", count: 2)
    for key in keys { await world.fixture.service.delete(key, of: "contact") }
    await #expect(throws: SyncError.self) { try await world.export { $0.deletedContacts = 3 } }
    let files = try await world.export {
      ($0.events, $0.isPlain, $0.deletedContacts) = (40, true, 2)
    }
    for file in files {
      let gone = world.rows(file.name).filter { row in
        keys.contains { $0.description == row["externalId"] }
      }
      #expect(gone.count == 2)
    }
  }
}
