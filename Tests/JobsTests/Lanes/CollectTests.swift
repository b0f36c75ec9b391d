import Core
import Synchronization
import TestSupport
import Testing

@testable import Jobs

@Suite struct CollectTests {
  private let key = Contacts.key(4)

  /// Rows loaded by API, whose changes go by file.
  private func loaded(
    _ count: Int = 12, _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws -> IngressBench {
    let bench = try IngressBench {
      $0.initial = .api
      $0.delta = .file
      $0.deletes.apply = true
      change(&$0)
    }
    bench.wish { $0.pageSize = 3 }
    Contacts.fill(bench.table, count, isFaultless: true)
    #expect(bench.life(.initial).failure == nil)
    return bench
  }

  private func text(_ bench: IngressBench, _ number: Int = 4) -> String? {
    bench.resource.contents[Contacts.key(number).description]?.first?["firstName"]
  }

  private func rename(_ bench: IngressBench, _ numbers: Range<Int>, _ name: String = "New") {
    for number in numbers { bench.table.change(Contacts.key(number), ["firstname": .string(name)]) }
  }

  @Test func whatChangedGoesByFileAndNotByAPI() throws {
    let bench = try loaded()
    rename(bench, 0..<8)
    bench.table.put(Contacts.key(50), Contacts.row(50))
    let before = bench.resource.meter
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.read, outcome.tally.mapped, outcome.tally.engineCalls) == (9, 9, 0))
    #expect(bench.resource.meter.writes == before.writes)
    #expect(bench.workflow.signals.map(\.source) == ["contacts-000002"])
    #expect(text(bench) == "New" && bench.resource.contents.count == 13)
    #expect(bench.ledger.rows[key] == .sent)
    let state = outcome.state
    #expect((state.phase, state.run, state.collect) == (.loaded, 2, nil))
    #expect(bench.workflow.loaded.count == state.stage.sealed.count)
    #expect(state.stage.sealed.map(\.rows).reduce(0, +) == 9)
  }

  @Test func aRunStagesAndLeavesAndTheNextOneProves() throws {
    let bench = try loaded()
    rename(bench, 4..<5)
    let first = bench.life(.next)
    #expect(first.failure?.isLoading == true && first.state.phase == .loading)
    #expect(first.failure?.next?.contains("campaign-sync delta contacts") == true)
    #expect(text(bench) != "New")
    bench.world.pass(.seconds(120))
    rename(bench, 5..<6)
    let second = bench.life(.next)
    #expect(second.failure?.isLoading == true && second.state.run == 3)
    #expect(text(bench) == "New" && text(bench, 5) != "New")
    bench.world.pass(.seconds(600))
    #expect(bench.life(.next).failure?.isLoading == true, "the signal had to wait")
    bench.world.pass(.seconds(120))
    #expect(bench.life(.next).failure == nil)
    #expect(text(bench, 5) == "New")
    #expect(bench.workflow.signals.map(\.source) == ["contacts-000002", "contacts-000003"])
  }

  @Test func aChainWithoutRowsStagesNothing() throws {
    let bench = try loaded()
    bench.table.remove(key)
    let outcome = bench.life(.next)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.removed, outcome.tally.deleted) == (1, 1))
    let asked = bench.targets.withLock { $0 }
    let idle = bench.life(.next)
    #expect(idle.failure == nil && idle.tally == Tally())
    #expect(bench.targets.withLock { $0 } == asked, "not even for a schema")
    #expect((idle.state.run, idle.state.delta.rounds) == (1, 3))
    #expect(bench.box.files.isEmpty && bench.workflow.signals.isEmpty)
  }

  @Test func deletionsWaitForTheProof() throws {
    let bench = try loaded()
    bench.table.remove(key)
    rename(bench, 5..<6)
    #expect(bench.life(.next).failure?.isLoading == true)
    #expect(bench.ledger.deletions == [key] && bench.resource.contents.count == 12)
    bench.world.pass(.seconds(120))
    rename(bench, 6..<7)
    let next = bench.life(.next)
    #expect(next.failure?.isLoading == true, "the next chain is on its way")
    #expect(next.tally.deleted == 1 && bench.resource.contents.count == 11)
  }

  @Test func aRowWinsOverADeletionOfItsChainAndOfTheOneBefore() throws {
    let bench = try loaded()
    bench.table.remove(key)
    bench.table.put(key, Contacts.row(4), leavingTombstone: true)
    rename(bench, 6..<10)
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil && outcome.tally.deleted == 0)
    #expect(bench.resource.contents.count == 12 && bench.ledger.deletions.isEmpty)
  }

  @Test("Held back deletions say so, and do not stop the chains")
  func theGuardHoldsDeletionsAlone() throws {
    let bench = try loaded { ($0.deletes.limit, $0.deletes.floor) = (0.10, 1) }
    bench.table.remove(key)
    bench.table.remove(Contacts.key(7))
    rename(bench, 5..<6, "One")
    #expect(bench.life(.delta).failure?.kind == .rejectedData)
    #expect(text(bench, 5) == "One" && bench.resource.contents.count == 12)
    rename(bench, 5..<6, "Two")
    #expect(bench.life(.delta).failure?.kind == .rejectedData)
    #expect(text(bench, 5) == "Two" && bench.resource.contents.count == 12)
    bench.wish { $0.approvedDeletes = 2 }
    rename(bench, 5..<6, "Three")
    let approved = bench.life(.delta)
    #expect(approved.failure == nil && approved.tally.deleted == 2)
    #expect(text(bench, 5) == "Three" && bench.resource.contents.count == 10)
  }

  @Test func aHeldBackRunLetsTheNextOneGoOn() throws {
    let bench = try loaded { ($0.deletes.limit, $0.deletes.floor) = (0.10, 1) }
    bench.table.remove(key)
    bench.table.remove(Contacts.key(7))
    var ends: [String] = []
    for round in 0..<8 {
      rename(bench, 5..<6, "\(round)")
      let failure = bench.life(.next).failure
      ends.append(failure?.isLoading == true ? "loading" : failure.map { "\($0.kind)" } ?? "done")
      bench.world.pass(.seconds(900))
    }
    let pair = ["loading", "rejectedData"]
    #expect(ends == pair + pair + pair + pair)
    #expect(text(bench, 5) == "6")
  }

  @Test func whatIsPendingGoesBeforeByAPI() throws {
    let bench = try loaded()
    bench.table.change(key, ["firstname": Contacts.tooLong])
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.ledger.waiting.count == 1 && bench.workflow.signals.isEmpty)
    rename(bench, 4..<6)
    let before = bench.resource.meter
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil && outcome.tally.retried == 1)
    #expect(bench.resource.meter.writes - before.writes == 1)
    #expect(bench.ledger.waiting.isEmpty && text(bench, 5) == "New")
  }

  /// Forty changed rows, of which some pages are in parts.
  private func stoppedInTheMiddle() throws -> IngressBench {
    let bench = try loaded(40) { $0.csv.partSize = 300 }
    rename(bench, 0..<40)
    let asked = Mutex(0)
    bench.wish { wishes in
      wishes.isStopped = {
        asked.withLock { asked in
          asked += 1
          return asked > 7
        }
      }
    }
    bench.life(.delta)
    bench.wish { $0.isStopped = { false } }
    #expect(bench.state?.collect?.link != nil && bench.state?.run == 2)
    return bench
  }

  @Test func aStoppedChainGoesOnWhereItWas() throws {
    let bench = try stoppedInTheMiddle()
    let reads = bench.table.requests.count { $0 == "changes" }
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.table.requests.count { $0 == "changes" } - reads == 9, "of fourteen pages")
    #expect(bench.workflow.signals.map(\.source) == ["contacts-000002"])
    #expect(bench.resource.contents.values.allSatisfy { $0.first?["firstName"] == "New" })
  }

  @Test func aLinkThatIsRefusedBeginsAgainAtTheToken() throws {
    let bench = try stoppedInTheMiddle()
    rename(bench, 0..<40, "Newer")
    bench.table.refuseKeptLinks()
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.resource.contents.values.allSatisfy { $0.first?["firstName"] == "Newer" })
    #expect(bench.state?.run == 2 && bench.workflow.problems.isEmpty)
  }

  @Test func aRowThatTheImportRefusedStaysKnownAndGoesByAPI() throws {
    let bench = try loaded()
    bench.workflow.dislike(key)
    rename(bench, 3..<6)
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.ledger.waiting.map { $0.suffix(6) } == ["import"])
    #expect(bench.ledger.rows[key] == .sent, "it may be there as it was")
    #expect(bench.life(.delta).tally.retried == 1)
    #expect(bench.ledger.waiting.isEmpty && text(bench) == "New")
  }

  @Test func aRowThatLeavesTheFilterIsDeletedAfterTheProof() throws {
    let bench = try loaded { $0.filter = Contacts.filter(.delete) }
    bench.table.change(key, ["cs_tier": "left"])
    bench.table.put(Contacts.key(60), Contacts.row(60).merging(["cs_tier": "left"]) { $1 })
    rename(bench, 6..<7)
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.filteredOut, outcome.tally.deleted) == (2, 1))
    #expect(bench.resource.contents.count == 11)
  }

  @Test func anOlderCheckpointHasNoSuchChain() throws {
    let state = try loaded().state
    #expect(state?.collect == nil && state?.delta.heldBack == nil)
  }
}
