import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct DeltaTests {
  private let key = Contacts.key(4)

  /// Twelve rows, loaded by API.
  private func loaded(pageSize: Int = 7) throws -> IngressBench {
    let bench = try IngressBench { $0.initial = .api }
    bench.wish { $0.pageSize = pageSize }
    Contacts.fill(bench.table, 12)
    #expect(bench.life(.initial).failure == nil)
    return bench
  }

  private func text(_ bench: IngressBench, _ field: String = "firstName") -> String? {
    bench.resource.contents[key.description]?.first?[field]
  }

  @Test func onlyWhatDiffersIsWritten() throws {
    let bench = try loaded()
    bench.table.change(key, ["firstname": "New"])
    bench.table.put(Contacts.key(50), Contacts.row(50))
    let before = bench.resource.meter
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect(outcome.tally.read == 2)
    #expect((outcome.tally.created, outcome.tally.updated) == (1, 1))
    #expect(outcome.tally.engineCalls == 3)
    #expect(bench.resource.meter.engineCalls - before.engineCalls == 3)
    #expect(text(bench) == "New")
    #expect(bench.resource.contents.count == 13)
  }

  @Test func aSecondDeltaWritesNothingAndCallsNothing() throws {
    let bench = try loaded()
    bench.table.change(key, ["firstname": "New"])
    bench.life(.delta)
    let meter = bench.resource.meter
    let asked = bench.targets.withLock { $0 }
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect(outcome.tally == Tally())
    #expect(bench.targets.withLock { $0 } == asked, "not even for a schema")
    #expect(outcome.state.delta.rounds == 3)
    #expect(bench.resource.meter == meter)
  }

  @Test func aProvenRowSavesTheCall() throws {
    let bench = try loaded()
    for number in 0..<5 { bench.table.change(Contacts.key(number), ["cs_tier": "bronze"]) }
    let meter = bench.resource.meter
    let outcome = bench.life(.delta)
    #expect(outcome.tally.unchanged == 5)
    #expect(outcome.tally.engineCallsSaved == 5)
    #expect(outcome.tally.engineCalls == 0)
    #expect(bench.resource.meter == meter)
  }

  @Test func aRowSentByFileIsNotProven() throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 12)
    bench.life(.initial)
    #expect(bench.ledger.rows[key] == .sent)
    bench.table.change(key, [:])
    let outcome = bench.life(.delta)
    #expect(outcome.tally.unchanged == 1)
    #expect(outcome.tally.engineCallsSaved == 0)
    #expect(bench.resource.meter.finds == 1)
    #expect(bench.resource.meter.writes == 0)
    #expect(bench.ledger.rows[key] != .sent)
  }

  @Test func fieldsWithoutUpdatesAreWrittenOnCreateOnly() throws {
    let bench = try loaded()
    #expect(text(bench, "cusTier") == "gold")
    bench.table.change(key, ["cs_tier": "bronze", "firstname": "New"])
    bench.life(.delta)
    #expect(text(bench) == "New")
    #expect(text(bench, "cusTier") == "gold")
  }

  @Test func anInitialLoadByAPIWritesAllFieldsOfRecordsThatAreThere() throws {
    let bench = try IngressBench { $0.initial = .api }
    Contacts.fill(bench.table, 12)
    bench.resource.put([
      "externalId": key.description, "cusTier": "lead", "firstName": "Zoë 4",
    ])
    bench.life(.initial)
    #expect(text(bench, "cusTier") == "gold")
    #expect(bench.resource.contents[key.description]?.count == 1)
  }

  @Test("An update whose answer is lost, and a row that is changed back, do not look alike")
  func aRowThatIsChangedBackIsWrittenAgain() throws {
    let bench = try loaded()
    let old = text(bench)
    bench.table.change(key, ["firstname": "New"])
    bench.world.die(at: "after update")
    bench.life(.delta)
    #expect(text(bench) == "New")
    bench.restart(losingPower: true)
    bench.table.change(key, Contacts.row(4))
    #expect(bench.life(.delta).failure == nil)
    #expect(text(bench) == old)
  }

  @Test func aKeptLinkThatIsRefusedBeginsTheChainAgain() throws {
    let bench = try loaded(pageSize: 3)
    for number in 0..<12 { bench.table.change(Contacts.key(number), ["firstname": "New"]) }
    stopAtSecondPage(bench)
    #expect(bench.state?.delta.link != nil)
    bench.table.refuseKeptLinks()
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect(outcome.state.delta.link == nil)
    #expect(bench.resource.contents.values.allSatisfy { $0.first?["firstName"] == "New" })
  }

  private func stopAtSecondPage(_ bench: IngressBench) {
    let (table, seen) = (bench.table, bench.table.requests.count)
    bench.wish { $0.isStopped = { table.requests.count > seen + 1 } }
    #expect(bench.life(.delta).failure?.isStop == true)
    bench.wish { $0.isStopped = { false } }
  }

  @Test func aDeletedRowLeavesPending() throws {
    let bench = try loaded()
    bench.table.change(key, ["firstname": Contacts.tooLong])
    bench.life(.delta)
    #expect(bench.ledger.waiting.count == 1)
    bench.table.remove(key)
    bench.life(.delta)
    #expect(bench.ledger.waiting.isEmpty)
  }

  @Test func oneRecordIsBroughtThoughItIsProven() throws {
    let bench = try loaded()
    let before = try #require(bench.state)
    bench.resource.removeAll(key: key.description)
    let outcome = bench.life(.only(key))
    #expect(outcome.failure == nil)
    #expect(outcome.tally.created == 1)
    #expect(text(bench) == "Zoë 4")
    #expect(outcome.state.delta.token == before.delta.token)
    #expect(outcome.state.delta.singles == 1)
    #expect(bench.life(.only(Contacts.key(99))).failure?.kind == .rejectedData)
  }

  @Test func aStopEndsAtASafePointAndNothingIsDoneTwice() throws {
    let bench = try loaded(pageSize: 3)
    for number in 0..<12 { bench.table.change(Contacts.key(number), ["firstname": "New"]) }
    let writes = bench.resource.meter.writes
    stopAtSecondPage(bench)
    #expect(bench.resource.meter.writes - writes == 3)
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.resource.meter.writes - writes == 12)
  }
}
