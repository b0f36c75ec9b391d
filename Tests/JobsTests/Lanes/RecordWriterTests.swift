import TestSupport
import Testing

@testable import Core
@testable import Jobs

@Suite struct RecordWriterTests {
  private let key = Contacts.key(4)

  private func bench() throws -> IngressBench {
    let bench = try IngressBench { $0.initial = .api }
    Contacts.fill(bench.table, 12)
    return bench
  }

  @Test(
    "A create with an unknown outcome is looked up before it is repeated",
    arguments: [
      [MemoryResource.Fault.doneUnknown], [.unknown], [.unknown, .unknown, .doneUnknown],
    ])
  func oneRecordStandsAtTheEnd(faults: [MemoryResource.Fault]) throws {
    let bench = try bench()
    for fault in faults { bench.resource.fail(key.description, fault) }
    #expect(bench.life(.initial).failure == nil)
    #expect(bench.resource.contents[key.description]?.count == 1)
    #expect(bench.resource.contents.count == 12)
  }

  @Test func fourUnknownOutcomesAreEnoughForOneRun() throws {
    let bench = try bench()
    bench.resource.fail(key.description, .unknown, .unknown, .unknown, .unknown)
    let outcome = bench.life(.initial)
    #expect(outcome.failure?.kind == .unavailable)
    #expect(outcome.state.phase == .exporting)
    #expect(bench.life(.initial).failure == nil)
    #expect(bench.resource.contents.count == 12)
  }

  @Test func anUpdateWithAnUnknownOutcomeIsLookedUp() throws {
    let bench = try bench()
    bench.life(.initial)
    bench.table.change(key, ["firstname": "New"])
    bench.resource.fail(key.description, .doneUnknown)
    let meter = bench.resource.meter
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.resource.meter.updates - meter.updates == 1)
    #expect(bench.resource.meter.finds - meter.finds == 2)
  }

  @Test func aRecordThatVanishedBeforeItsUpdateIsCreated() throws {
    let bench = try bench()
    bench.life(.initial)
    bench.table.change(key, ["firstname": "New"])
    bench.resource.fail(key.description, .absent)
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.resource.contents[key.description]?.first?["firstName"] == "New")
  }

  @Test func severalRecordsWithTheKeyAreNotTouched() throws {
    let bench = try bench()
    for name in ["A", "B"] {
      bench.resource.put(["externalId": key.description, "firstName": name])
    }
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(bench.ledger.waiting == ["\(key) row severalRecords"])
    #expect(bench.ledger.rows[key] == nil)
    #expect(bench.resource.contents[key.description]?.map { $0["firstName"] } == ["A", "B"])

    bench.resource.removeAll(key: key.description)
    #expect(bench.life(.delta).tally.created == 1)
    #expect(bench.ledger.waiting.isEmpty)
  }

  @Test func aRefusedRecordWaitsWithItsCodeAndLeavesWhenItIsMended() async throws {
    let bench = try bench()
    bench.resource.refuse(key.description, code: "RST-360011")
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(outcome.tally.rejected == 1)
    let record = try #require(try await bench.ledger.pending(after: nil, limit: 5).first)
    #expect(record.rejection.rule == "refused")
    #expect(record.rejection.reason.contains("RST-360011"))
    #expect(record.attempts == 2, "the scan, and the catch-up behind it")

    let again = bench.life(.delta)
    #expect(again.tally.retried == 1)
    #expect(again.tally.rejected == 0, "a retry does not count against the limit")
    bench.resource.refuse(key.description, code: nil)
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.ledger.waiting.isEmpty)
    #expect(bench.resource.contents.count == 12)
  }

  @Test func aRefusedCreateOfARecordThatIsThereIsAnUpdate() throws {
    let bench = try bench()
    bench.resource.fail(key.description, .refused("PGS-220000"))
    bench.life(.initial)
    #expect(bench.ledger.waiting.isEmpty, "refused once; the catch-up behind the scan wrote it")
    #expect(bench.resource.contents[key.description]?.count == 1)
  }

  @Test func whatIsPendingIsRetriedAloneOnRequest() throws {
    let bench = try bench()
    bench.life(.initial)
    bench.table.change(key, ["firstname": Contacts.tooLong])
    bench.life(.delta)
    #expect(bench.ledger.waiting == ["\(key) row tooLong"])
    let token = bench.state?.delta.token
    bench.table.change(key, ["firstname": "Short"])
    bench.table.change(Contacts.key(5), ["firstname": "Later"])
    let outcome = bench.life(.retry)
    #expect(outcome.failure == nil)
    #expect(bench.ledger.waiting.isEmpty)
    #expect(bench.state?.delta.token == token)
    #expect(bench.resource.contents[key.description]?.first?["firstName"] == "Short")
    #expect(bench.resource.contents[Contacts.key(5).description]?.first?["firstName"] == "Zoë 5")
  }

  @Test(
    "A create that is refused may be of a record that Campaign hides: the reason says so",
    arguments: [
      // links, names a parent, was written before, is shown
      (true, false, false, false, true), (true, true, true, false, true),
      (true, true, false, false, false), (false, false, true, false, false),
      (true, true, true, true, false),
    ])
  func hiddenRecords(
    links: Bool, names: Bool, isWritten: Bool, isShown: Bool, isTold: Bool
  ) async throws {
    let store = MemoryResource(key: "externalId")
    if isShown { store.put(["externalId": key.description, "name": "Old"]) }
    store.refuse(key.description, code: "PGS-220000")
    let value = MappedRow.Value(
      field: FieldValue("name", .text, "New"), presence: .value, isCreateOnly: false, target: .text)
    var row = MappedRow(
      key: key, keyField: FieldValue("externalId", .text, key.description), values: [value],
      cuts: 0)
    if names { row.parents = [ParentKey(job: "services", key: Contacts.key(1))] }
    let writer = RecordWriter(
      store: store, fields: ["name"], hasParents: links, written: isWritten ? [key] : [],
      includingCreateOnly: false, mayOptIn: true, digest: { _ in RowDigest(high: 0, low: 0) })
    let done = await writer.write([row], known: [:], atOnce: 1)
    guard case .pending(let rejection)? = done.entries.first else {
      Issue.record("nothing is pending: \(done)")
      return
    }
    #expect(rejection.reason.contains("hide it") == isTold, "\(rejection)")
  }
}
