import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct RecoverTests {
  private let key = Contacts.key(4)

  /// Twenty rows, loaded by API, with one chain behind them.
  private func loaded(
    pageSize: Int = 7, _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws -> IngressBench {
    let bench = try IngressBench {
      $0.initial = .api
      $0.deletes.apply = true
      change(&$0)
    }
    bench.wish { $0.pageSize = pageSize }
    Contacts.fill(bench.table, 20, isFaultless: true)
    #expect(bench.life(.initial).failure == nil)
    return bench
  }

  private func text(_ bench: IngressBench, _ field: String = "firstName") -> String? {
    bench.resource.contents[key.description]?.first?[field]
  }

  private func setToken(_ bench: IngressBench, _ link: String) throws {
    var checkpoint = try #require(try bench.checkpoints.load())
    checkpoint.state.delta.token?.link = link
    try bench.checkpoints.replace(with: checkpoint)
  }

  @Test("One run brings all that the token does not tell", arguments: [true, false])
  func oneRunIsEnough(isExpired: Bool) throws {
    let bench = try loaded()
    bench.table.change(key, ["firstname": "New", "cs_tier": "bronze"])
    bench.table.put(Contacts.key(50), Contacts.row(50))
    for number in 10..<13 { bench.table.remove(Contacts.key(number)) }
    if isExpired { bench.table.expireTokens() } else { try setToken(bench, "nonsense") }
    let meter = bench.resource.meter
    let outcome = bench.life(.next)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.created, outcome.tally.updated) == (1, 1))
    #expect((outcome.tally.removed, outcome.tally.deleted) == (3, 3))
    #expect(outcome.tally.unchanged == 16 && outcome.tally.engineCallsSaved == 16)
    #expect(bench.resource.meter.finds - meter.finds == 2 + 3, "what is proven is not looked up")
    #expect(bench.resource.contents.count == 18)
    #expect(text(bench) == "New")
    #expect(text(bench, "cusTier") == "gold", "a recovery is no load")
    #expect(outcome.state.recovery == nil && outcome.state.absence == nil)
    #expect(bench.life(.delta).tally == Tally())
  }

  @Test func theTokenOfTheScanIsWhereTheChangesBegin() throws {
    let bench = try loaded()
    bench.table.expireTokens()
    let before = try #require(bench.state?.delta)
    let outcome = bench.life(.delta)
    #expect(outcome.state.delta.rounds == before.rounds + 1, "the scan, then a chain")
    let token = try #require(outcome.state.delta.token)
    #expect(token.taken > (before.token?.taken ?? token.taken))
    #expect(bench.table.requests.suffix(5) == ["changes", "scan", "scan", "scan", "changes"])
  }

  @Test("Killed in the scan it goes on where it was; where the link is refused, it begins again")
  func aKilledRecoveryGoesOn() throws {
    for isRefused in [false, true] {
      let bench = try loaded(pageSize: 3)
      for number in 0..<20 { bench.table.change(Contacts.key(number), ["firstname": "New"]) }
      bench.table.remove(Contacts.key(19))
      bench.table.expireTokens()
      let (table, seen) = (bench.table, bench.table.requests.count)
      bench.wish { $0.isStopped = { table.requests.count > seen + 3 } }
      #expect(bench.life(.delta).failure?.isStop == true)
      bench.wish { $0.isStopped = { false } }
      let slot = try #require(bench.state?.recovery)
      #expect(slot.reason == .tokenExpired && slot.link != nil && slot.rows > 0)
      if isRefused { bench.table.refuseKeptLinks() }
      let outcome = bench.life(.delta)
      #expect(outcome.failure == nil)
      #expect(outcome.tally.deleted == 1)
      #expect(bench.resource.contents.values.allSatisfy { $0.first?["firstName"] == "New" })
      #expect(isRefused ? outcome.tally.read == 19 : outcome.tally.read < 19)
    }
  }

  @Test func aTokenThatIsRefusedAtOnceEndsTheRun() throws {
    let bench = try loaded()
    try setToken(bench, "nonsense")
    let table = bench.table
    bench.wish {
      // Whenever the scan is over, its token is forgotten.
      $0.whenPaged = { if table.requests.last == "scan" { table.expireTokens() } }
    }
    let outcome = bench.life(.next)
    #expect(outcome.failure?.kind == .protocolBroken)
    #expect(table.requests.count { $0 == "scan" } <= 8, "a run recovers once")
    bench.wish { $0.whenPaged = {} }
    #expect(bench.life(.next).failure == nil, "the next one begins again")
  }

  @Test func columnsThatChangedTheirNamesBeginTheScanAgain() throws {
    let bench = try loaded(pageSize: 3)
    bench.table.expireTokens()
    let (table, seen) = (bench.table, bench.table.requests.count)
    bench.wish { $0.isStopped = { table.requests.count > seen + 3 } }
    #expect(bench.life(.delta).failure?.isStop == true)
    bench.wish { $0.isStopped = { false } }
    var checkpoint = try #require(try bench.checkpoints.load())
    checkpoint.state.query?.columns[1] = "othername"
    try bench.checkpoints.replace(with: checkpoint)
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect(outcome.state.query?.columns == bench.plan.columns)
    #expect(outcome.tally.read == 20)
  }

  @Test("A tripped guard holds the absent rows back, and its command lets them go")
  func theGuardJudgesAbsentRowsToo() throws {
    let bench = try loaded { ($0.deletes.limit, $0.deletes.floor) = (0.10, 1) }
    for number in 0..<5 { bench.table.remove(Contacts.key(number)) }
    bench.table.change(Contacts.key(9), ["firstname": "New"])
    bench.table.expireTokens()
    let tripped = bench.life(.next)
    #expect(tripped.failure?.kind == .rejectedData)
    #expect(tripped.failure?.next?.contains("run contacts --approve-deletes 5") == true)
    #expect(tripped.tally.updated == 1 && bench.resource.contents.count == 20)
    bench.wish { $0.approvedDeletes = 5 }
    #expect(bench.life(.next).tally.deleted == 5)
  }

  @Test func aRowThatLeftTheFilterMeanwhileGoes() throws {
    let bench = try loaded { $0.filter = Contacts.filter(.delete) }
    bench.table.change(key, ["cs_tier": "left"])
    bench.table.expireTokens()
    let outcome = bench.life(.delta)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.filteredOut, outcome.tally.deleted, outcome.tally.removed) == (1, 1, 0))
    #expect(text(bench) == nil)
  }

  @Test("A ledger that was lost: deletions since the token are found, then all rows are proven")
  func aLostLedgerIsFilledAgain() throws {
    let bench = try loaded()
    bench.table.remove(key)
    bench.table.change(Contacts.key(5), ["firstname": "New"])
    let fresh = try bench.withNewLedger()
    let before = fresh.resource.meter.writes
    let outcome = fresh.life(.next)
    #expect(outcome.failure == nil)
    #expect((outcome.tally.removed, outcome.tally.deleted) == (1, 1))
    #expect(fresh.resource.meter.writes - before == 1, "the update")
    #expect(fresh.ledger.rows.count == 19)
    #expect(fresh.ledger.rows.values.allSatisfy { $0 != .sent })
    #expect(fresh.life(.next).tally == Tally())
  }

  @Test func aLostLedgerBesideAnExpiredTokenIsFilledToo() throws {
    let bench = try loaded()
    bench.table.change(key, ["firstname": "New"])
    bench.table.expireTokens()
    let fresh = try bench.withNewLedger()
    let outcome = fresh.life(.next)
    #expect(outcome.failure == nil && text(fresh) == "New")
    #expect(fresh.ledger.rows.count == 20)
  }

  @Test("Another ledger than the one that saw the scan proves no absence")
  func anOlderLedgerIsScannedAgain() throws {
    let bench = try loaded()
    let older = bench.ledger.copy()
    bench.table.expireTokens()
    bench.world.die(at: "look for one row")
    bench.table.remove(key)
    bench.life(.delta)
    bench.restart(losingPower: false)
    #expect(bench.state?.absence != nil)
    let restored = try bench.withLedger(older)
    let scans = restored.table.requests.count { $0 == "scan" }
    let outcome = restored.life(.delta)
    #expect(outcome.failure == nil)
    #expect(restored.table.requests.count { $0 == "scan" } > scans)
    #expect(restored.resource.contents.count == 19)
  }

  @Test("A checkpoint from a backup is gone through again, and changes nothing")
  func anOlderCheckpointChangesNothing() throws {
    let bench = try loaded()
    let older = try #require(try bench.checkpoints.load())
    bench.table.change(key, ["firstname": "New"])
    bench.table.remove(Contacts.key(7))
    bench.table.expireTokens()
    #expect(bench.life(.next).failure == nil)
    let (contents, writes) = (bench.resource.contents, bench.resource.meter.writes)
    try bench.checkpoints.replace(with: older)
    #expect(bench.life(.next).failure == nil)
    #expect(bench.resource.contents == contents && bench.resource.meter.writes == writes)
    #expect(bench.state?.scans == 3, "numbers go on in the ledger")
  }
}
