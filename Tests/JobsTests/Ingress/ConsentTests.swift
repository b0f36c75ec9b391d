import Core
import TestSupport
import Testing

@testable import Jobs

/// Who is opted out stays so, whatever ingress does in bulk.
///
/// Four contacts: Dynamics has nobody opted out but the third; the first is a profile already.
@Suite struct ConsentTests {
  enum Mapped: String, CaseIterable, Sendable {
    /// In the ingress job's own fields.
    case own
    /// In an opt-out job.
    case derived
  }

  enum Way: String, CaseIterable, Sendable {
    case initial, replay, recovery, single, retry
  }

  private let key = Contacts.key(0)
  private let other = Contacts.key(2)

  private func bench(
    _ mapped: Mapped, byFile: Bool, _ world: World = .calm()
  ) throws -> IngressBench {
    let bench = try IngressBench(world) { settings in
      settings.initial = byFile ? .file : .api
      let place = SourcePosition(file: "jobs/opt-out.yaml", line: 6)
      switch mapped {
      case .own:
        settings.fields += [
          FieldMapping(from: "donotbulkemail", to: "denyListEmail"),
          FieldMapping(
            from: "followemail", to: "blackListMobile",
            replace: ["true": "false", "false": "true"]),
        ]
      case .derived:
        settings.optOuts = [
          .init(
            dynamics: "donotbulkemail", campaign: "denyListEmail", invert: false, position: place),
          .init(
            dynamics: "followemail", campaign: "denyListMobile", invert: true, position: place),
        ]
      }
    }
    for number in 0..<4 {
      let preferences: [String: JSONValue] = [
        "donotbulkemail": .bool(number == 2), "followemail": .bool(number != 2),
      ]
      bench.table.put(
        Contacts.key(number), Contacts.row(number).merging(preferences) { $1 })
    }
    bench.resource.put(["externalId": key.description, "firstName": "Old"])
    return bench
  }

  private func optOut(_ bench: IngressBench) {
    bench.resource.change(key.description, ["blackListEmail": "true", "blackListMobile": "true"])
  }

  private func flags(_ bench: IngressBench, _ key: RowKey) -> [String?] {
    let records = bench.resource.contents[key.description] ?? []
    return ["blackListEmail", "blackListMobile"].map { records.first?[$0] }
  }

  private static let races = Mapped.allCases.flatMap { mapped in
    Way.allCases.flatMap { way in [true, false].map { (mapped, way, $0) } }
  }

  @Test("Somebody who opts out in Campaign meanwhile is opted out afterwards", arguments: races)
  func race(mapped: Mapped, way: Way, byFile: Bool) throws {
    let bench = try bench(mapped, byFile: byFile)
    if way != .initial { #expect(bench.life(.initial).failure == nil) }
    // Somebody who is opted in at Dynamics, in every row that is read from here on.
    bench.wish { [key] in
      $0.whenPaged = {
        bench.resource.change(
          key.description, ["blackListEmail": "true", "blackListMobile": "true"])
      }
    }
    switch way {
    case .initial: #expect(bench.life(.initial).failure == nil)
    case .replay:
      bench.replay()
      #expect(bench.life(.initial).failure == nil)
    case .recovery:
      bench.table.change(key, ["firstname": "New"])
      bench.table.expireTokens()
      #expect(bench.life(.next).failure == nil)
    case .single:
      optOut(bench)
      bench.table.change(key, ["firstname": "New"])
      #expect(bench.life(.only(key)).failure == nil)
    case .retry:
      optOut(bench)
      bench.table.change(key, ["firstname": Contacts.tooLong])
      bench.life(.delta)
      bench.table.change(key, ["firstname": "New"])
      #expect(bench.life(.retry).failure == nil)
      #expect(bench.ledger.waiting.isEmpty)
    }
    #expect(flags(bench, key) == ["true", "true"])
    #expect(
      bench.resource.contents[key.description]?.first?["firstName"] != "Old", "it was written")
    #expect(bench.workflow.problems.isEmpty)
  }

  @Test(
    "Killed anywhere, with answers lost, a load, a replay and a recovery opt nobody in",
    arguments: Mapped.allCases, UInt64(1)...40)
  func storm(mapped: Mapped, seed: UInt64) throws {
    let world = World(seed: seed, kills: 1 + Int(seed % 4), span: 150, isLossy: seed % 2 == 0)
    let bench = try bench(mapped, byFile: seed % 3 != 0, world)
    bench.wish { [key] in
      $0.whenPaged = {
        bench.resource.change(
          key.description, ["blackListEmail": "true", "blackListMobile": "true"])
      }
    }
    var problems: [String?] = [bench.persist(.initial)]
    bench.replay()
    problems.append(bench.persist(.initial))
    for changed in [key, Contacts.key(1)] { bench.table.change(changed, ["firstname": "New"]) }
    bench.table.expireTokens()
    problems.append(bench.persist(.delta))
    if mapped == .derived {
      bench.table.change(key, ["firstname": "Newer", "donotbulkemail": .null])
      problems.append(bench.persist(.delta))
    }
    world.clearUp()
    problems.append(bench.persist(.delta))
    let deaths = world.story.joined(separator: ", ")
    #expect(problems.compactMap(\.self).isEmpty, "seed \(seed); died \(deaths)")
    #expect(flags(bench, key) == ["true", "true"], "seed \(seed); died \(deaths)")
    #expect(flags(bench, other) == ["true", "true"], "seed \(seed); died \(deaths)")
    #expect(flags(bench, Contacts.key(1)) == [nil, nil], "seed \(seed); died \(deaths)")
    #expect(world.violations.isEmpty && bench.workflow.problems.isEmpty)
  }

  @Test(
    "A profile that ingress creates has the opt-outs of Dynamics",
    arguments: Mapped.allCases, [true, false])
  func created(mapped: Mapped, byFile: Bool) throws {
    let bench = try bench(mapped, byFile: byFile)
    #expect(bench.life(.initial).failure == nil)
    #expect(flags(bench, other) == ["true", "true"])
    #expect(flags(bench, Contacts.key(1)) == [nil, nil])
    let later: [String: JSONValue] = ["donotbulkemail": true, "followemail": true]
    bench.table.put(Contacts.key(9), Contacts.row(9).merging(later) { $1 })
    #expect(bench.life(.delta).tally.created == 1)
    #expect(flags(bench, Contacts.key(9)) == ["true", nil])
  }

  @Test("Whoever is opted out in Dynamics is opted out in bulk", arguments: [true, false])
  func bulkOptsOut(isReplay: Bool) throws {
    let bench = try bench(.own, byFile: false)
    bench.life(.initial)
    bench.table.change(key, ["donotbulkemail": true])
    if isReplay { bench.replay() } else { bench.table.expireTokens() }
    #expect(bench.life(.next).failure == nil)
    #expect(flags(bench, key) == ["true", nil])
  }

  @Test func theDeltaFollowsDynamicsBothWays() throws {
    let bench = try bench(.own, byFile: false)
    bench.life(.initial)
    for value in [true, false, true] {
      bench.table.change(key, ["donotbulkemail": .bool(value)])
      #expect(bench.life(.delta).tally.updated == 1)
      #expect(flags(bench, key) == [value ? "true" : nil, nil])
    }
    bench.table.change(key, ["donotbulkemail": .null])
    #expect(bench.life(.delta).tally.updated == 0)
    #expect(flags(bench, key) == ["true", nil], "null says nothing")
  }

  @Test("What a load left out is proven; a change that is seen later is written all the same")
  func provenWithoutOptingIn() throws {
    let bench = try bench(.own, byFile: false)
    optOut(bench)
    bench.life(.initial)
    #expect(flags(bench, key) == ["true", "true"])

    bench.table.change(key, ["cs_tier": "other"])
    let same = bench.life(.delta)
    #expect(same.tally.engineCalls == 0 && same.tally.engineCallsSaved == 1)
    #expect(flags(bench, key) == ["true", "true"], "nothing was seen to change")

    bench.table.change(key, ["donotbulkemail": true])
    #expect(bench.life(.delta).failure == nil)
    bench.table.change(key, ["donotbulkemail": false])
    #expect(bench.life(.delta).tally.updated == 1)
    #expect(flags(bench, key)[0] == nil, "the authority was seen to let the person in")
  }

  @Test func anOptOutOfTheOptOutJobCostsNoCallAndChangesNoProfile() throws {
    let bench = try bench(.derived, byFile: false)
    bench.life(.initial)
    for value in [true, false] {
      for changed in [key, other] { bench.table.change(changed, ["donotbulkemail": .bool(value)]) }
      let outcome = bench.life(.delta)
      #expect(outcome.tally.engineCalls == 0 && outcome.tally.engineCallsSaved == 2)
    }
    bench.table.change(other, ["firstname": "New", "followemail": true])
    #expect(bench.life(.delta).tally.updated == 1)
    #expect(flags(bench, other) == ["true", "true"])
    #expect(flags(bench, key) == [nil, nil])
  }

  @Test(
    "A create whose answer is lost does not become an update with opt-outs",
    arguments: [MemoryResource.Fault.doneUnknown, .refused("PGS-220000")])
  func lostCreate(fault: MemoryResource.Fault) throws {
    let bench = try bench(.derived, byFile: false)
    bench.resource.removeAll(key: key.description)
    bench.table.change(key, ["donotbulkemail": true])
    // Somebody else creates the profile, opted in, while the create is on its way.
    if case .refused = fault { bench.resource.put(["externalId": key.description]) }
    bench.resource.fail(key.description, fault)
    #expect(bench.life(.initial).failure == nil)
    let isOurs = if case .doneUnknown = fault { true } else { false }
    #expect(flags(bench, key) == [isOurs ? "true" : nil, nil])
    #expect(bench.resource.contents[key.description]?.count == 1)
  }

  @Test func theManifestAndThePartsHaveTheColumns() throws {
    let bench = try bench(.derived, byFile: true)
    bench.life(.export)
    let manifest = try #require(bench.spool().files["contacts-000001.manifest.json"])
    let columns = try FixtureJSON.parse(manifest)["columns"]
    #expect(
      columns?.items?.suffix(3).map(\.text) == ["cusTier", "denyListEmail", "denyListMobile"])
  }
}
