import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct RetryEventsTests {
  private let name = "tracking_1.csv"

  /// Of contact 23.
  private let late = 3

  private func bench(_ unmatched: EgressSettings.Unmatched) -> EgressBench {
    EgressBench { $0.unmatched = unmatched }
  }

  @Test func anEventWithoutContactIsCountedOnly() {
    let bench = bench(.count)
    bench.put(Clicks.file([late]), as: name)
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.tally.unmatched == 1)
    #expect(bench.ledger.waiting.isEmpty)
  }

  @Test func aKeptEventGoesOnceItsContactIsThereAlsoWithoutItsFile() {
    let bench = bench(.keep)
    #expect(Clicks.who(late) == 23 && Clicks.fate(late) == .activity)
    bench.put(Clicks.file([late, 0]), as: name)
    let outcome = bench.life()
    #expect(outcome.tally.unmatched == 1 && outcome.tally.created == 1)
    #expect(bench.ledger.waiting == ["\(55_000 + late) event noContact"])
    #expect(outcome.tally.rejected == 0)

    bench.box.files = [:]
    #expect(bench.life().failure == nil)
    #expect(bench.activities.stored.count == 1)
    #expect(bench.ledger.waiting.count == 1, "it goes on waiting")

    bench.activities.addContacts([Clicks.contact(23)])
    let again = bench.life()
    #expect(again.failure == nil)
    #expect(again.tally.created == 1 && again.tally.retried == 1)
    #expect(bench.arrived == [Clicks.url(0), Clicks.url(late)].sorted())
    #expect(bench.ledger.waiting.isEmpty)
  }

  @Test func oneBadEventCostsItself() throws {
    let bench = bench(.count)
    // 42: the URL is too long; 126: no date; 63: refused by Dynamics alone.
    bench.put(Clicks.file((0..<200).filter { Clicks.type($0) == 1 }), as: name)
    #expect(bench.life().failure == nil)
    let stored = bench.activities.stored
    let bad = try #require(stored.first)
    let other = self.bench(.count)
    other.activities.refuse(bad.key, code: "0x80040265")
    other.put(Clicks.file((0..<200).filter { Clicks.type($0) == 1 }), as: name)
    let outcome = other.life()
    #expect(outcome.failure == nil)
    #expect(other.activities.stored.count == stored.count - 1)
    #expect(other.ledger.waiting.count { $0.hasSuffix("refused") } == 1)
    #expect(other.ledger.waiting.count == bench.ledger.waiting.count + 1)

    other.box.files = [:]
    other.activities.refuse(bad.key, code: nil)
    let again = other.life()
    #expect(again.failure == nil && again.tally.created == 1 && again.tally.rejected == 0)
    #expect(other.activities.stored[bad.key] == bad.value)
    #expect(other.ledger.waiting == bench.ledger.waiting)
  }

  @Test func aRejectedEventThatComesAgainMendedIsDone() {
    let bench = bench(.count)
    let header = Clicks.header + "\n"
    func row(_ time: String) -> String { "7;\(Clicks.contact(1));0;1;u;\(time);DM1;C\n" }
    bench.put(header + row("soon"), as: "tracking_1.csv")
    #expect(bench.life().failure == nil)
    #expect(bench.ledger.waiting == ["7 event notATime"])
    bench.put(header + row("2026-02-03 10:00:00Z"), as: "tracking_2.csv")
    #expect(bench.life().failure == nil)
    bench.put(header + row("soon"), as: "tracking_3.csv")
    #expect(bench.life().tally.rejected == 0, "it arrived: a later row of it is no new event")
    #expect(bench.ledger.waiting.isEmpty)
    #expect(bench.activities.stored.count == 1)
  }

  /// A row of another width, with its log id.
  private func broken(_ id: Int) -> String { "\(id);a;b\n" }
  private func whole(_ id: Int, message: Int = 0, at time: String = "2026-02-03 10:00:00Z")
    -> String
  {
    "\(id);\(Clicks.contact(id));\(message);1;u\(id);\(time);DM1;C\n"
  }
  private func export(_ rows: String...) -> String { Clicks.header + "\n" + rows.joined() }

  @Test func aBrokenRowStaysUntilItComesWhole() {
    let bench = bench(.count)
    bench.put(export(broken(7), whole(8), broken(9), broken(10)), as: "tracking_1.csv")
    let first = bench.life()
    #expect(first.failure == nil && first.tally.created == 1 && first.tally.rejected == 3)
    bench.box.files = [:]
    #expect(bench.life().tally.retried == 0)
    #expect(bench.ledger.waiting == [10, 7, 9].map { "\($0) event rowBroken" })

    // 9 is no e-mail; 10 is an event whose time cannot be read: it waits for that now.
    let mended = export(whole(7), whole(9, message: 1), whole(10, at: "soon"))
    bench.put(mended, as: "tracking_2.csv")
    let second = bench.life()
    #expect(second.failure == nil && second.tally.created == 1 && second.tally.rejected == 1)
    #expect(bench.arrived == ["u7", "u8"])
    #expect(bench.ledger.waiting == ["10 event notATime"])
  }

  @Test func aRowThatIsBrokenAndWholeInTwoFilesOfOneRunIsDone() {
    let bench = bench(.count)
    bench.put(export(broken(7)), as: "tracking_1.csv")
    bench.put(export(whole(7)), as: "tracking_2.csv")
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.tally.created == 1)
    #expect(bench.ledger.waiting.isEmpty && bench.arrived == ["u7"])
  }

  @Test func retryAloneReadsNoFile() {
    let bench = bench(.keep)
    bench.put(Clicks.file([late]), as: "tracking_1.csv")
    #expect(bench.life().failure == nil)
    bench.put(Clicks.file([0, 2]), as: "tracking_2.csv")
    bench.activities.addContacts([Clicks.contact(23)])
    let calls = bench.box.calls.count
    let outcome = bench.life(.retry)
    #expect(outcome.failure == nil && outcome.tally.created == 1)
    #expect(outcome.state.retries == 1 && outcome.state.rounds == 1)
    #expect(bench.box.calls.count == calls)
  }

  @Test func rowsWithoutAnIdAreToldApart() {
    let bench = bench(.count)
    let rows = (0..<3).map { ";\(Clicks.contact($0));0;1;u;2026-02-03 10:00:00Z;DM1;C\n" }
    bench.put(Clicks.header + "\n" + rows.joined(), as: name)
    #expect(bench.life().failure == nil)
    #expect(bench.ledger.waiting.count == 3)
    #expect(bench.ledger.waiting.allSatisfy { $0.hasSuffix("event noId") })
  }

  @Test func theMemoryOfEventsIsBounded() {
    let bench = bench(.count)
    bench.put(Clicks.file(0..<6), as: name)
    #expect(bench.life().failure == nil)
    #expect(bench.ledger.arrivals.count == 2)
    bench.box.files = [:]
    bench.world.pass(.seconds((EgressJob.memoryDays + 1) * 86_400))
    #expect(bench.life().failure == nil)
    #expect(bench.ledger.arrivals.isEmpty)
    #expect(bench.ledger.files.isEmpty)
    // A repeat is harmless all the same.
    bench.put(Clicks.file(0..<6), as: name)
    let outcome = bench.life()
    #expect(outcome.failure == nil && outcome.tally.unchanged == 2)
    #expect(bench.activities.stored.count == 2)
  }
}
