import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct AbsenceTests {
  private func loaded(
    _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws -> IngressBench {
    let bench = try IngressBench {
      $0.initial = .api
      $0.deletes.apply = true
      change(&$0)
    }
    Contacts.fill(bench.table, 20, isFaultless: true)
    #expect(bench.life(.initial).failure == nil)
    return bench
  }

  private let half = Set((0..<20).filter { $0 % 2 == 0 }.map(Contacts.key))

  @Test("A role that no longer reaches all rows deletes nothing, whatever the service says of it")
  func aNarrowRoleDeletesNothing() throws {
    for reach in [nil, true, false] as [Bool?] {
      let bench = try loaded()
      bench.table.hide(half)
      bench.table.remove(Contacts.key(1))
      bench.table.expireTokens()
      bench.wish { $0.readsWholeOrganization = reach }
      for _ in 0..<2 {
        let failure = try #require(bench.life(.next).failure)
        #expect(failure.kind == .permission)
        #expect(failure.reason.contains("nothing was deleted"))
        #expect(failure.next?.contains("prvReadContact") == true)
        #expect(failure.next?.contains("organization level") == true)
      }
      #expect(bench.resource.contents.count == 20)
      #expect(bench.ledger.deletions.isEmpty)
      #expect(bench.state?.recovery?.reason == .narrowRole && bench.state?.absence == nil)
      if reach == false { #expect(!bench.table.requests.contains("look")) }

      bench.table.hide([])
      bench.wish { $0.readsWholeOrganization = true }
      let looked = bench.table.requests.count { $0 == "look" }
      let outcome = bench.life(.next)
      #expect(outcome.failure == nil)
      let again = bench.table.requests.count { $0 == "look" } - looked
      #expect(again == 1, "hidden rows are scanned, not looked for one by one")
      #expect((outcome.tally.removed, outcome.tally.deleted) == (1, 1))
      #expect(bench.resource.contents.count == 19)
    }
  }

  @Test("Also after a replay")
  func aNarrowRoleDeletesNothingAfterAReplay() throws {
    let bench = try loaded()
    bench.table.hide(half)
    bench.replay()
    #expect(bench.life(.initial).failure?.kind == .permission)
    #expect(bench.resource.contents.count == 20)
    bench.table.hide([])
    #expect(bench.life(.initial).failure == nil, "the job is loaded, and what is absent is left")
    #expect(bench.resource.contents.count == 20)
    #expect(bench.state?.absence == nil)
  }

  @Test func aRowThatTheScanMissedIsWritten() throws {
    let bench = try loaded()
    bench.table.hide([Contacts.key(4)])
    bench.table.change(Contacts.key(4), ["firstname": "New"])
    bench.table.expireTokens()
    bench.world.die(at: "look for one row")
    bench.life(.delta)
    bench.restart(losingPower: true)
    bench.table.hide([])
    let outcome = bench.life(.only(Contacts.key(3)))
    #expect(outcome.failure == nil && bench.state?.absence != nil)
    let last = bench.life(.initial)
    #expect(last.failure == nil && last.tally.deleted == 0)
    let record = bench.resource.contents[Contacts.key(4).description]?.first
    #expect(record?["firstName"] == "New")
  }

  @Test func aJobThatAppliesNoDeletionsCountsThem() throws {
    let bench = try loaded { $0.deletes.apply = false }
    for number in 0..<3 { bench.table.remove(Contacts.key(number)) }
    bench.table.expireTokens()
    bench.wish { $0.readsWholeOrganization = false }
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.absent, outcome.tally.removed, outcome.tally.deleted) == (3, 0, 0))
    #expect(bench.resource.contents.count == 20)
    #expect(!bench.table.requests.contains("look"))
  }

  @Test("A row that an earlier chain has seen is still found to be absent")
  func whatAChainHasSeenDoesNotProtect() throws {
    let bench = try loaded()
    let key = Contacts.key(4)
    bench.table.change(key, ["firstname": "New"])
    #expect(bench.life(.delta).failure == nil)
    bench.table.remove(key)
    bench.table.expireTokens()
    #expect(bench.life(.delta).tally.deleted == 1)
    #expect(bench.resource.contents[key.description] == nil)
  }

  @Test func aRowThatIsBackBeforeTheDeletionStays() throws {
    let bench = try loaded()
    let key = Contacts.key(4)
    bench.table.remove(key)
    bench.table.expireTokens()
    bench.world.die(at: "before delete")
    bench.life(.delta)
    bench.restart(losingPower: true)
    bench.table.put(key, Contacts.row(4))
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.resource.contents.count == 20)
  }
}
