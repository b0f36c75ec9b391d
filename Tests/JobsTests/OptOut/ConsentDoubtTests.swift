import Core
import TestSupport
import Testing

@testable import Jobs

/// Where it is not known what came first, or a side is not there: nobody is opted in, and no opt-out
/// is lost.
@Suite struct ConsentDoubtTests {
  private let person = ConsentBench.contact(1)
  private let mail = 0

  /// Both sides have the person; what is said in Campaign is said later.
  private func bench(
    _ direction: OptOutSettings.Direction, dynamics: Bool, campaign: Bool
  ) -> ConsentBench {
    let bench = ConsentBench(.still(), direction)
    for index in 0..<3 { bench.sayInDynamics(person, index, index == mail && dynamics) }
    bench.world.pass(.seconds(5))
    for index in 0..<3 { bench.sayInCampaign(person, index, index == mail && campaign) }
    bench.world.pass(.seconds(5))
    return bench
  }

  private func export(_ bench: ConsentBench, as name: String) {
    bench.publish(bench.export([person]), as: name)
    bench.world.pass(.seconds(60))
  }

  private func outcomes(_ bench: ConsentBench) -> [ConsentDecision.Outcome] {
    bench.ledger.allDecisions.filter { $0.attribute.name == "denyListEmail" }
      .sorted { $0.at < $1.at }.map(\.outcome)
  }

  @Test("Old changes in the files of a first run opt nobody in over a newer word of Dynamics")
  func firstRun() {
    let bench = bench(.campaignToDynamics, dynamics: false, campaign: true)
    export(bench, as: "1")
    bench.sayInCampaign(person, mail, false)
    export(bench, as: "2")
    bench.sayInDynamics(person, mail, true)
    bench.world.pass(.seconds(60))
    #expect(bench.life().failure == nil)
    #expect(bench.inDynamics(person, mail) == true)
  }

  @Test("An opt-in whose answer was lost is not written again over an opt-out that came after it")
  func lostAnswer() {
    let bench = bench(.campaignToDynamics, dynamics: true, campaign: true)
    export(bench, as: "1")
    bench.life()
    bench.sayInCampaign(person, mail, false)
    export(bench, as: "2")
    bench.contacts.loseAnswer(person) { bench in
      bench.put(person, [ConsentBench.columns[mail]: true])
    }
    #expect(bench.life().failure == nil)
    #expect(bench.inDynamics(person, mail) == true)
    #expect(outcomes(bench).last == .nothing)
    // The next change in Campaign counts as any other.
    bench.sayInCampaign(person, mail, true)
    export(bench, as: "3")
    bench.life()
    bench.sayInCampaign(person, mail, false)
    export(bench, as: "4")
    bench.life()
    #expect(bench.inDynamics(person, mail) == false)
  }

  @Test("A write whose answer was lost, and that is there, is told as written")
  func foundWritten() {
    let bench = bench(.campaignToDynamics, dynamics: false, campaign: true)
    export(bench, as: "1")
    bench.contacts.loseAnswer(person)
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.tally.optedOut == 1)
    #expect(bench.inDynamics(person, mail) == true)
    #expect(outcomes(bench) == [.written])
  }

  @Test(
    "An exported opt-out reaches Dynamics although the profile is gone since",
    arguments: [OptOutSettings.Direction.campaignToDynamics, .bidirectional])
  func profileIsGone(direction: OptOutSettings.Direction) {
    let bench = bench(direction, dynamics: false, campaign: true)
    export(bench, as: "1")
    bench.profiles.remove(person)
    #expect(bench.life().failure == nil)
    #expect(bench.inDynamics(person, mail) == true)
  }

  @Test("Of several profiles one that is opted out is enough; one that is not opts nobody in")
  func severalProfiles() {
    for (dynamics, campaign) in [(false, true), (true, false)] {
      let bench = bench(.campaignToDynamics, dynamics: dynamics, campaign: campaign)
      export(bench, as: "1")
      bench.profiles.double(person, ["denyListEmail": !campaign])
      #expect(bench.life().failure == nil)
      #expect(bench.inDynamics(person, mail) == true)
    }
  }

  @Test("What another direction left open is closed when both directions begin")
  func otherDirection() {
    let before = bench(.campaignToDynamics, dynamics: true, campaign: false)
    before.sayInDynamics(person, mail, true)
    before.world.pass(.seconds(5))
    export(before, as: "1")
    before.life()
    #expect(before.inDynamics(person, mail) == true && before.inCampaign(person, mail) == false)
    let both = ConsentBench(goingOnWith: before, .bidirectional)
    #expect(both.life().failure == nil)
    #expect(both.inCampaign(person, mail) == true)
  }

  @Test("A file above the reject limit keeps nobody else's opt-out")
  func badFile() throws {
    let bench = bench(.bidirectional, dynamics: true, campaign: false)
    bench.rejectShare.withLock { $0 = 0.01 }
    let rows = (0..<150).map { "\(ConsentBench.contact($0 + 10));Yes;;No;;No;\n" }
    bench.publish(Array((Self.header + rows.joined()).utf8), as: "1")
    bench.world.pass(.seconds(60))
    let failure = try #require(bench.life().failure)
    #expect(failure.kind == .rejectedData && failure.action.contains("exports/optout_1.csv"))
    #expect(bench.inCampaign(person, mail) == true, "Dynamics was followed")
  }

  private static let header =
    "externalId;denyListEmail;denyListEmail_modified;denyListFax;denyListFax_modified;"
    + "denyListPushnotification;denyListPushnotification_modified\n"

  @Test("Values that nobody can read are pending with their row, until a row says everything")
  func unreadableValues() async throws {
    let bench = bench(.campaignToDynamics, dynamics: false, campaign: true)
    bench.publish(Array((Self.header + "\(person);Yes;;No;;false;\n").utf8), as: "1")
    bench.world.pass(.seconds(60))
    #expect(bench.life().tally.rejected == 1)
    let pending = try await bench.ledger.pending(after: nil, limit: 9).map(\.rejection)
    #expect(pending.map(\.rule) == ["unreadable"])
    #expect(try #require(pending.first).line?.contains("Yes") == true)
    export(bench, as: "2")
    bench.life()
    #expect(bench.inDynamics(person, mail) == true && bench.ledger.waiting.isEmpty)
  }
}
