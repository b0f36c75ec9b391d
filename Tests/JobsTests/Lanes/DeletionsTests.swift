import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct DeletionsTests {
  private let key = Contacts.key(4)

  /// Twelve rows, loaded by API, of which two are a sixth.
  private func loaded(
    _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws -> IngressBench {
    let bench = try IngressBench {
      $0.initial = .api
      $0.deletes.apply = true
      change(&$0)
    }
    bench.wish { $0.pageSize = 3 }
    Contacts.fill(bench.table, 12)
    #expect(bench.life(.initial).failure == nil)
    return bench
  }

  private func guarded() throws -> IngressBench {
    try loaded { ($0.deletes.limit, $0.deletes.floor) = (0.10, 1) }
  }

  private func has(_ bench: IngressBench, _ key: RowKey) -> Bool {
    bench.resource.contents[key.description] != nil
  }

  @Test func whatIsRemovedInDynamicsIsDeletedInCampaign() throws {
    let bench = try loaded()
    bench.table.remove(key)
    bench.table.change(Contacts.key(5), ["firstname": "New"])
    let before = bench.resource.meter.engineCalls
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.removed, outcome.tally.deleted, outcome.tally.updated) == (1, 1, 1))
    #expect(outcome.tally.engineCalls == 3)
    #expect(bench.resource.meter.engineCalls - before == 3)
    #expect(!has(bench, key) && bench.resource.contents.count == 11)
    #expect(bench.ledger.rows[key] == nil)
    #expect(outcome.state.delta.collected == nil)
    #expect(bench.life(.delta).tally == Tally())
  }

  @Test func withoutApplyItIsCountedAndKept() throws {
    let bench = try loaded { $0.deletes.apply = false }
    bench.table.remove(key)
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.removed, outcome.tally.deleted) == (1, 0))
    #expect(has(bench, key) && bench.ledger.deletions.isEmpty)
  }

  @Test("A chain that has the row and its removal keeps the row", arguments: [false, true])
  func theRowWins(isRemovedFirst: Bool) throws {
    let bench = try loaded()
    if isRemovedFirst { bench.table.reportRemovedFirst() }
    for number in 0..<12 { bench.table.change(Contacts.key(number), ["firstname": "New"]) }
    for number in [0, 7] {
      bench.table.remove(Contacts.key(number))
      bench.table.put(Contacts.key(number), Contacts.row(number), leavingTombstone: true)
    }
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.removed, outcome.tally.deleted) == (2, 0))
    #expect(bench.resource.contents.count == 12)
  }

  @Test func aRowOfOneChainThatTheNextRemovesIsDeleted() throws {
    let bench = try loaded()
    bench.table.change(key, ["firstname": "New"])
    #expect(bench.life(.delta).failure == nil)
    bench.table.remove(key)
    #expect(bench.life(.delta).tally.deleted == 1)
  }

  @Test("An id that the ledger does not know is looked up, and counts only if it is there")
  func unknownIdsAreLookedUp() throws {
    let bench = try guarded()
    bench.resource.put(["externalId": Contacts.key(70).description])
    for number in 70..<80 {
      bench.table.put(Contacts.key(number), Contacts.row(number))
      bench.table.remove(Contacts.key(number))
    }
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil, "one of thirteen is below the limit")
    #expect((outcome.tally.removed, outcome.tally.deleted) == (10, 1))
    #expect(bench.resource.contents.count == 12)
  }

  @Test func aRecordThatIsGoneAlreadyIsSuccess() throws {
    let bench = try loaded()
    bench.table.remove(key)
    bench.resource.removeAll(key: key.description)
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect(outcome.tally.deleted == 0 && bench.ledger.rows[key] == nil)
  }

  @Test func aDeletionThatIsRefusedIsPendingAndTriedAgain() throws {
    let bench = try loaded()
    let several = Contacts.key(6)
    bench.resource.put(["externalId": several.description])
    bench.table.remove(several)
    bench.table.remove(key)
    bench.resource.refuse(key.description, code: "PGS-1")
    #expect(bench.life(.delta).failure == nil)
    let waiting = ["\(key) delete refused", "\(several) delete severalRecords"].sorted()
    #expect(bench.ledger.waiting == waiting)
    #expect(bench.life(.delta).failure == nil)
    #expect(bench.ledger.waiting == waiting)
    bench.resource.refuse(key.description, code: nil)
    bench.resource.removeAll(key: several.description)
    #expect(bench.life(.delta).tally.deleted == 1)
    #expect(bench.ledger.waiting.isEmpty && !has(bench, key))
  }

  @Test func aRowThatIsBackIsNoLongerDeleted() throws {
    let bench = try loaded()
    bench.table.remove(key)
    bench.resource.refuse(key.description, code: "PGS-1")
    #expect(bench.life(.delta).failure == nil)
    bench.resource.refuse(key.description, code: nil)
    bench.table.put(key, Contacts.row(4))
    #expect(bench.life(.delta).failure == nil)
    #expect(has(bench, key) && bench.ledger.waiting.isEmpty && bench.ledger.deletions.isEmpty)
  }

  @Test("A tripped guard deletes nothing, lets upserts through, and takes exactly the number")
  func theGuardHoldsBack() throws {
    let bench = try guarded()
    for number in 0..<3 { bench.table.remove(Contacts.key(number)) }
    bench.table.change(key, ["firstname": "New"])
    let tripped = bench.life(.delta)
    #expect(tripped.failure?.kind == .rejectedData)
    #expect(tripped.failure?.next?.contains("run contacts --approve-deletes 3") == true)
    #expect(tripped.tally.updated == 1 && tripped.state.delta.rounds == 2)
    #expect(bench.resource.contents.count == 12 && bench.ledger.deletions.count == 3)
    bench.wish { $0.approvedDeletes = 2 }
    #expect(bench.life(.next).failure?.kind == .rejectedData)

    bench.table.put(Contacts.key(0), Contacts.row(0))
    let back = bench.life(.next)
    #expect(back.failure == nil, "two of three are left, and two were approved")
    #expect(back.tally.deleted == 2 && bench.resource.contents.count == 10)
    bench.wish { $0.approvedDeletes = nil }
    bench.table.remove(Contacts.key(11))
    #expect(bench.life(.next).failure == nil, "approved deletions do not count")
  }

  @Test func theGuardCountsADay() throws {
    let bench = try guarded()
    bench.table.remove(Contacts.key(0))
    #expect(bench.life(.delta).failure == nil)
    bench.table.remove(Contacts.key(1))
    #expect(bench.life(.delta).failure?.kind == .rejectedData)
    bench.world.pass(.seconds(25 * 3600))
    #expect(bench.life(.delta).tally.deleted == 1)
  }

  @Test func anApprovalOutlivesTheRun() throws {
    let bench = try guarded()
    for number in 0..<5 { bench.table.remove(Contacts.key(number)) }
    bench.wish { $0.approvedDeletes = 5 }
    bench.world.die(at: "after delete")
    bench.life(.delta)
    bench.restart(losingPower: true)
    bench.wish { $0.approvedDeletes = nil }
    bench.table.remove(Contacts.key(5))
    let failure = bench.life(.delta).failure
    #expect(failure?.next?.contains("--approve-deletes 1") == true, "the sixth is judged alone")
    #expect(bench.resource.contents.count == 7)
  }

  @Test func aRowThatReturnsAfterALostAnswerIsWrittenAgain() throws {
    let bench = try loaded()
    bench.table.remove(key)
    bench.world.die(at: "after delete")
    bench.life(.delta)
    #expect(!has(bench, key))
    bench.restart(losingPower: true)
    bench.table.put(key, Contacts.row(4))
    #expect(bench.life(.delta).failure == nil)
    #expect(has(bench, key))
  }

  // MARK: Filters

  @Test func filteredRowsAreLeftOutByFileAndByAPI() throws {
    for via in [IngressSettings.Via.file, .api] {
      let bench = try IngressBench {
        $0.initial = via
        $0.filter = Contacts.filter(.keep)
      }
      Contacts.fill(bench.table, 12)
      bench.table.change(key, ["cs_tier": "left"])
      let outcome = bench.life(.initial)
      #expect(outcome.failure == nil)
      #expect(outcome.tally.filteredOut >= 1)
      #expect(!has(bench, key) && bench.resource.contents.count == 11)
      #expect(bench.ledger.rows[key] == nil)
    }
  }

  @Test func aRowThatLeavesTheFilterStaysAsItWas() throws {
    let bench = try loaded { $0.filter = Contacts.filter(.keep) }
    bench.table.change(key, ["cs_tier": "left", "firstname": "New"])
    let outcome = bench.life(.delta)
    #expect(outcome.tally.filteredOut == 1 && outcome.tally.engineCalls == 0)
    #expect(bench.resource.contents[key.description]?.first?["firstName"] == "Zoë 4")
    bench.table.change(key, ["cs_tier": "gold"])
    bench.life(.delta)
    #expect(bench.resource.contents[key.description]?.first?["firstName"] == "New")
  }

  @Test func aKnownRowThatLeavesTheFilterIsDeletedAndComesBack() throws {
    let bench = try loaded { $0.filter = Contacts.filter(.delete) }
    bench.resource.put(["externalId": Contacts.key(50).description])
    let left = Contacts.row(50).merging(["cs_tier": "left"]) { $1 }
    bench.table.put(Contacts.key(50), left)
    bench.table.change(key, ["cs_tier": "left"])
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.filteredOut, outcome.tally.deleted) == (2, 1))
    #expect(!has(bench, key))
    #expect(has(bench, Contacts.key(50)), "a row that never passed is not deleted")
    bench.table.change(key, ["cs_tier": "gold"])
    #expect(bench.life(.delta).tally.created == 1)
    #expect(has(bench, key))
  }

  @Test func aCreateWhoseAnswerIsLostIsDeletedWhenTheRowLeavesTheFilter() throws {
    let bench = try loaded { $0.filter = Contacts.filter(.delete) }
    bench.table.put(Contacts.key(50), Contacts.row(50))
    bench.world.die(at: "after create")
    bench.life(.delta)
    #expect(has(bench, Contacts.key(50)))
    bench.restart(losingPower: true)
    bench.table.change(Contacts.key(50), ["cs_tier": "left"])
    #expect(bench.life(.delta).failure == nil)
    #expect(!has(bench, Contacts.key(50)))
  }

  @Test func aPendingRowThatIsFilteredOutIsSettled() throws {
    let bench = try loaded { $0.filter = Contacts.filter(.keep) }
    bench.table.change(key, ["firstname": Contacts.tooLong])
    bench.life(.delta)
    #expect(bench.ledger.waiting.count == 1)
    bench.table.change(key, ["cs_tier": "left"])
    bench.life(.delta)
    #expect(bench.ledger.waiting.isEmpty)
  }
}
