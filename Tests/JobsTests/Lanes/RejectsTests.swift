import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct RejectsTests {
  @Test(arguments: ["imports/rejects/{job}-*.txt", "imports/rejects/{run}*.txt"])
  func aRowThatTheImportRefusedWaitsAndIsSentByAPI(pattern: String) throws {
    let bench = try IngressBench { $0.load?.rejects = pattern }
    Contacts.fill(bench.table, 10)
    let key = Contacts.key(3)
    bench.workflow.dislike(key)
    bench.life(.next)
    bench.world.pass(.seconds(100))
    bench.perform(bench.loading(.wait))
    #expect(bench.ledger.waiting == ["\(key) row import"])
    #expect(bench.ledger.rows[key] == nil)
    #expect(bench.resource.contents[key.description] == nil)

    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect(outcome.tally.retried == 1)
    #expect(outcome.tally.created == 1)
    #expect(bench.ledger.waiting.isEmpty)
    #expect(bench.resource.contents[key.description]?.count == 1)
  }

  @Test func aFileIsReadOnceAndOnlyKnownKeysCount() async throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 10)
    let (known, strange) = (Contacts.key(3), Contacts.key(99))
    let name = "imports/rejects/contacts-1.txt"
    bench.dropbox.place(
      Array("key;text\r\n\"\(known)\";no\nx;\(strange);no\nshort\n\(known)".utf8), as: name)
    bench.life(.export)
    bench.perform(bench.staging)
    bench.perform(bench.loading(.confirm))
    #expect(bench.ledger.waiting == ["\(known) row import"])
    #expect(try await bench.ledger.file(name)?.isDone == true)

    let entries = try await bench.loading(.confirm).readRejects(run: 1, isLoad: true)
    #expect(entries.isEmpty)
    bench.dropbox.place(Array("\(known);again and longer".utf8), as: name)
    try bench.ledger.record([.sent(known)], at: bench.world.clock.now)
    #expect(try await bench.loading(.confirm).readRejects(run: 1, isLoad: true).count == 3)
  }

  @Test(arguments: [
    ("11111111-2222-3333-4444-555555555555", true),
    ("7;\"11111111-2222-3333-4444-55555555555A\";x", true),
    ("11111111-2222-3333-4444-55555555555", false),
    ("11111111.2222.3333.4444.555555555555", false),
    ("", false),
  ])
  func theFirstGuidOfALineIsItsKey(line: String, isFound: Bool) {
    #expect((LoadJob.firstKey(in: Array(line.utf8)[...]) != nil) == isFound)
  }
}
