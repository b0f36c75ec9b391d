import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct OptOutJobTests {
  private let person = ConsentBench.contact(1)
  private let mail = 0

  private func bench(
    _ direction: OptOutSettings.Direction = .bidirectional, dynamics: Bool? = nil,
    campaign: Bool? = nil
  ) -> ConsentBench {
    let bench = ConsentBench(.still(), direction)
    if let dynamics {
      for index in 0..<3 { bench.sayInDynamics(person, index, index == mail && dynamics) }
    }
    bench.world.pass(.seconds(5))
    if let campaign { bench.sayInCampaign(person, mail, campaign) }
    bench.world.pass(.seconds(5))
    return bench
  }

  private func export(_ bench: ConsentBench, as name: String = "1") {
    bench.publish(bench.export([person]), as: name)
    bench.world.pass(.seconds(60))
  }

  private func decisions(_ bench: ConsentBench) async throws -> [ConsentDecision] {
    try await bench.ledger.decisions(of: person, limit: 100).reversed()
  }

  @Test func aNewerWordOfCampaignIsWrittenToDynamicsAlone() async throws {
    let bench = bench(dynamics: true, campaign: false)
    export(bench)
    let outcome = bench.life()
    #expect(outcome.failure == nil)
    #expect(bench.inDynamics(person, mail) == false)
    #expect(bench.profiles.updates == 0)
    #expect(outcome.tally.optedIn == 1 && outcome.tally.optedOut == 0)
    let last = try #require(
      try await decisions(bench).first { $0.attribute.name == "denyListEmail" })
    #expect(last.trigger == .firstSight && last.order == .campaignNewer)
    #expect(last.becomes == .init(dynamics: false) && last.outcome == .written)
  }

  @Test func withoutAnExportDynamicsIsDecidedWithWhatCampaignSaysNow() {
    let bench = bench(dynamics: true, campaign: false)
    bench.life()
    #expect(bench.inCampaign(person, mail) == true, "nobody knows since when Campaign says no")
    #expect(bench.inDynamics(person, mail) == true)
  }

  @Test func aContactThatIsGoneGetsNoStub() async throws {
    let bench = bench(.campaignToDynamics, dynamics: false, campaign: true)
    export(bench)
    bench.contacts.remove(person)
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.tally.unmatched == 1)
    #expect(bench.contacts.contacts.isEmpty && bench.contacts.meter.sent == 0)
    #expect(bench.ledger.waiting == ["\(person) consent noContact"])
    #expect(try await decisions(bench).map(\.outcome).contains(.waiting))
    // It is tried again later, and goes out once the contact is there.
    bench.sayInDynamics(person, mail, false)
    bench.world.pass(.seconds(600))
    bench.life()
    #expect(bench.inDynamics(person, mail) == false, "not yet")
    bench.world.pass(.seconds(600))
    bench.life()
    #expect(bench.inDynamics(person, mail) == true)
    #expect(bench.ledger.waiting.isEmpty)
  }

  @Test func aContactRemovedInDynamicsLeavesNothingBehindButDecisions() async throws {
    let bench = bench(dynamics: true, campaign: false)
    bench.life()
    bench.contacts.remove(person)
    bench.life()
    #expect(try await bench.ledger.consents(of: [person]).isEmpty)
    #expect(try await bench.ledger.pendingCount() == 0)
    #expect(try await !decisions(bench).isEmpty)
  }

  @Test func aMissingProfileWaits() async throws {
    let bench = bench(dynamics: true)
    let outcome = bench.life()
    #expect(outcome.tally.unmatched == 1)
    #expect(bench.ledger.waiting == ["\(person) consent noProfile"])
    bench.sayInCampaign(person, mail, false)
    let retried = bench.life(.retry)
    #expect(retried.tally.retried == 1)
    #expect(bench.inCampaign(person, mail) == true)
    #expect(bench.ledger.waiting.isEmpty)
  }

  @Test(arguments: [true, false])
  func whatASideRefusesIsPendingWithItsCode(inDynamics: Bool) async throws {
    let bench = bench(dynamics: !inDynamics, campaign: inDynamics)
    bench.contacts.refuse(person, code: "0x80040265")
    bench.profiles.refuse(person, code: "PGS-1")
    if inDynamics { export(bench) }
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.tally.rejected == 1)
    let pending = try await bench.ledger.pending(after: nil, limit: 9)
    #expect(pending.map(\.rejection.rule) == ["refused"])
    #expect(
      try #require(pending.first).rejection.reason.contains(inDynamics ? "0x80040265" : "PGS-1"))
    bench.contacts.refuse(person, code: nil)
    bench.profiles.refuse(person, code: nil)
    bench.life(.retry)
    #expect(bench.inDynamics(person, mail) == true && bench.inCampaign(person, mail) == true)
    #expect(bench.ledger.waiting.isEmpty)
  }

  @Test func aboveTheRejectLimitNothingIsRecordedAndEverybodyStaysDue() async throws {
    let bench = ConsentBench(.still(), .bidirectional)
    let people = (0..<200).map(ConsentBench.contact)
    for one in people {
      bench.sayInDynamics(one, mail, true)
      bench.profiles.put(one)
      bench.profiles.refuse(one, code: "PGS-1")
    }
    bench.rejectShare.withLock { $0 = 0.01 }
    #expect(bench.life().failure?.kind == .rejectedData)
    #expect(try await bench.ledger.pendingCount() < 100)
    for one in people { bench.profiles.refuse(one, code: nil) }
    #expect(bench.life().failure == nil)
    bench.life(.retry)
    #expect(people.allSatisfy { bench.inCampaign($0, mail) == true })
  }

  @Test func aBulkReadingOptsOutAndNeverIn() {
    let bench = ConsentBench(.still(), .bidirectional)
    let (out, into) = (ConsentBench.contact(1), ConsentBench.contact(2))
    for one in [out, into] { bench.profiles.put(one) }
    bench.sayInDynamics(out, mail, true)
    bench.sayInDynamics(into, mail, false)
    bench.sayInCampaign(into, mail, true)
    bench.life()
    #expect(bench.inCampaign(out, mail) == true)
    // Campaign's opt-out is not undone, and travels when an export or a change tells of it.
    #expect(bench.inCampaign(into, mail) == true)
    bench.contacts.touch(into)
    bench.life()
    #expect(bench.inDynamics(into, mail) == true)
  }

  @Test func anExpiredTokenIsABulkReading() {
    let bench = bench(dynamics: true, campaign: true)
    bench.life()
    bench.sayInDynamics(person, mail, false)
    bench.contacts.table.expireTokens()
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.state.changes.scans == 2)
    #expect(bench.inCampaign(person, mail) == true && bench.inDynamics(person, mail) == true)
  }

  @Test func aChangeBetweenReadAndWriteIsDecidedAgain() async throws {
    let bench = bench(dynamics: true, campaign: false)
    export(bench)
    // Somebody touches the contact while it is decided, so that Campaign is no longer newer.
    bench.contacts.overtake(person)
    let outcome = bench.life()
    #expect(outcome.failure == nil)
    #expect(bench.inDynamics(person, mail) == true && bench.inCampaign(person, mail) == true)
    let kinds = try await decisions(bench).filter { $0.attribute.name == "denyListEmail" }
      .map(\.outcome)
    #expect(kinds.last == .written)
  }

  @Test func aFileWithoutItsColumnsStopsThatFileAlone() async throws {
    let bench = bench(dynamics: false, campaign: true)
    bench.publish(Array("externalId;denyListEmial\n".utf8), as: "0")
    export(bench)
    let outcome = bench.life()
    let failure = try #require(outcome.failure)
    #expect(failure.kind == .configuration)
    #expect(failure.reason.contains("denyListEmail (did you mean denyListEmial?)"))
    #expect(bench.inDynamics(person, mail) == true, "the other file was read")
  }

  @Test func rowsOfOtherProfilesAndBrokenRowsCostThemselves() async throws {
    let bench = bench(dynamics: false, campaign: true)
    var bytes = bench.export([person])
    bytes += Array(";true;;false;;false;\nACC-7;true;;false;;false;\n\(person);x\n".utf8)
    bench.publish(bytes, as: "1")
    bench.world.pass(.seconds(60))
    let outcome = bench.life()
    #expect(outcome.tally.filteredOut == 2 && outcome.tally.rejected == 1)
    #expect(bench.inDynamics(person, mail) == true)
    #expect(bench.ledger.waiting == ["exports/optout_1.csv@\(bytes.count - 39) consent rowBroken"])
  }

  @Test func whereSidesAgreeCampaignIsNotAskedAndNothingIsTold() async throws {
    let bench = bench(.campaignToDynamics, dynamics: true, campaign: true)
    export(bench)
    bench.life()
    #expect(bench.profiles.finds == 0)
    #expect(try await bench.ledger.dueCount() == 0)
    #expect(try await decisions(bench).isEmpty)
  }

  @Test func nothingNewCostsNoLookUp() {
    let bench = bench(dynamics: true, campaign: true)
    export(bench)
    bench.life()
    let finds = bench.profiles.finds
    bench.world.pass(.seconds(5))
    bench.contacts.touch(person)
    export(bench, as: "2")
    bench.life()
    #expect(bench.profiles.finds == finds)
  }
}
