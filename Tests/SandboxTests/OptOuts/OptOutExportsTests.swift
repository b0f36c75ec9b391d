import Core
import Sandbox
import Testing

@Suite("Opt-out exports")
struct OptOutExportsTests {
  @Test("A file has a header, and a row for each profile that changed, with the attribute's time")
  func plain() async throws {
    let world = try await ConsentWorld()
    await world.person(world.keys[3], opts: true)
    let file = try await world.export()
    let lines = world.lines(file)
    #expect(file.name.hasPrefix("exports/optout_2026"))
    #expect(
      lines[0]
        == "externalId;"
        + OptOutSettings.attributes.map { "\($0);\($0)_modified" }
        .joined(separator: ";") + ";lastModified")
    #expect(lines.count == 2)
    let fields = lines[1].split(separator: ";", omittingEmptySubsequences: false)
    #expect(fields[0] == world.keys[3].description)
    #expect(fields[1] == "false" && fields[2] == "")
    #expect(fields[3] == "true" && fields[4] == fields[17])
    #expect(fields[4].hasPrefix("2026-01-09 23:") && fields[4].hasSuffix("Z"))
  }

  @Test("The next export has what changed at the moment of the last one, or later")
  func incremental() async throws {
    let world = try await ConsentWorld()
    await world.person(world.keys[0], opts: true)
    #expect(world.lines(try await world.export()).count == 2)
    #expect(world.lines(try await world.export()).count == 1)
    await world.person(world.keys[1], opts: true)
    await world.person(world.keys[2], opts: true)
    #expect(world.lines(try await world.export()).count == 3)
    #expect(world.lines(try await world.export { $0.all = true }).count == 13)
  }

  @Test("The boundary belongs to both exports")
  func boundary() async throws {
    let storage = TemporaryStorage()
    let visitor = await CampaignVisitor()
    let exports = OptOutExports(home: storage.home, history: ConsentHistory())
    await visitor.create("6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d", [("blackListEmail", true)])
    var names: [String] = []
    var rows: [Int?] = []
    for pause in [0, 0, 1, 0] as [Int64] {
      visitor.clock.advance(pause)
      let files = try await exports.export(OptOutOrder(), of: visitor.service)
      names += files.map(\.name)
      rows += files.map { $0.json["rows"]?.integer }
    }
    #expect(rows == [1, 1, 1, 0])
    #expect(Set(names).count == 4 && names == names.sorted())
  }

  @Test("A profile without an externalId has an empty key")
  func nobody() async throws {
    let world = try await ConsentWorld()
    try await world.call("POST", "", ["blackListFax": true])
    let lines = world.lines(try await world.export())
    #expect(lines.count == 2 && lines[1].hasPrefix(";false;"))
  }

  @Test("Numbers, names, headers and dialects are as asked for")
  func dialects() async throws {
    let world = try await ConsentWorld()
    await world.person(world.keys[0], opts: true)
    let file = try await world.export {
      ($0.numbers, $0.names, $0.modified) = (true, .black, "at {campaign}")
      ($0.dialect.separator, $0.dialect.isQuoted, $0.dialect.hasFraction) = (0x2C, true, false)
    }
    let lines = world.lines(file)
    #expect(lines[0].hasPrefix("\"externalId\",\"blackList\",\"at blackList\",\"blackListEmail\""))
    let fields = lines[1].split(separator: ",", omittingEmptySubsequences: false)
    #expect(fields[1] == "0" && fields[2] == "\"\"" && fields[3] == "1")
    #expect(fields[4].count == "\"2026-01-09 23:07:50Z\"".count)
    try await world.world.campaign.apply(knobs: ["denyListNames": true])
    let api = try await world.export { ($0.names, $0.all) = (.api, true) }
    #expect(world.lines(api)[0].hasPrefix("externalId;denyList;"))
  }

  @Test("Flaws are on different rows, as many as asked for, the same by the same seed")
  func flaws() async throws {
    let world = try await ConsentWorld()
    for key in world.keys { await world.person(key, opts: true) }
    func rows(_ seed: UInt64) async throws -> [[Substring]] {
      let file = try await world.export {
        ($0.all, $0.seed) = (true, seed)
        ($0.unknownTimes, $0.brokenTimes, $0.emptyValues) = (3, 2, 1)
      }
      return world.lines(file).dropFirst().map {
        $0.split(separator: ";", omittingEmptySubsequences: false)
      }
    }
    let first = try await rows(1)
    #expect(first.count { $0[4].isEmpty } == 3)
    #expect(first.count { !$0[4].isEmpty && !$0[4].hasPrefix("2026-01") } == 2)
    #expect(first.count { $0[3].isEmpty && !$0[4].isEmpty } == 1)
    #expect(try await rows(1) == first)
    #expect(try await rows(2) != first)
  }

  @Test("A late file has the values of its time, and comes after a younger one")
  func late() async throws {
    let world = try await ConsentWorld()
    await world.person(world.keys[0], opts: true)
    let late = try await world.export { $0.fault = .late }
    #expect(!late.isPublished && world.storage.names("exports") == [])
    await world.person(world.keys[0], opts: false)
    let young = try await world.export()
    #expect(world.storage.names("exports").map { "exports/" + $0 } == [young.name])
    let published = try await world.export { $0.fault = .publish }
    #expect(published.name == late.name && late.name < young.name)
    #expect(world.lines(published)[1].contains(";true;2026"))
    #expect(world.lines(young)[1].contains(";false;2026"))
    await #expect(throws: SyncError.self) { try await world.export { $0.fault = .publish } }
  }

  @Test("Half a file is there until it is finished; an empty one has no byte and no rows are lost")
  func halves() async throws {
    let world = try await ConsentWorld()
    await world.person(world.keys[0], opts: true)
    let empty = try await world.export { $0.fault = .empty }
    #expect(world.storage.read(empty.name) == "")
    let half = try await world.export { $0.fault = .half }
    #expect(!half.isPublished && world.storage.read(half.name)?.contains("lastModified") == false)
    let whole = try await world.export { $0.fault = .finish }
    #expect(whole.isPublished && world.lines(whole).count == 2)
    await #expect(throws: SyncError.self) { try await world.export { $0.fault = .finish } }
  }
}
