import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct ReplayTests {
  private let key = Contacts.key(4)

  private func loaded(
    _ via: IngressSettings.Via, _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws -> IngressBench {
    let bench = try IngressBench {
      $0.initial = via
      $0.deletes.apply = true
      change(&$0)
    }
    Contacts.fill(bench.table, 20, isFaultless: true)
    #expect(bench.life(.initial).failure == nil)
    return bench
  }

  private func text(_ bench: IngressBench, _ field: String = "firstName") -> String? {
    bench.resource.contents[key.description]?.first?[field]
  }

  @Test func whatItMakesOfAJob() throws {
    #expect(Replay(of: nil) == .neverLoaded)
    let bench = try loaded(.file)
    let state = try #require(bench.state)
    guard case .marked(let marked) = Replay(of: state) else {
      Issue.record("a loaded job is marked")
      return
    }
    #expect(marked.run == 2 && marked.phase == .exporting && marked.delta.token == nil)
    #expect(marked.isMarkedForReplay)
    #expect(Replay(of: marked) == .alreadyMarked)
    #expect(Replay(of: IngressState()) == .loading)
    var loading = marked
    loading.export.began = Instant(seconds: 1)
    #expect(Replay(of: loading) == .loading)
    loading.phase = .loading
    #expect(Replay(of: loading) == .loading)
  }

  @Test func twoMillionRowsAreLoadedAgainOnlyIfMeant() {
    #expect(!Replay.isTooLarge(1_999_999, isMeant: false))
    #expect(Replay.isTooLarge(2_000_000, isMeant: false))
    #expect(!Replay.isTooLarge(15_000_000, isMeant: true))
  }

  @Test(
    "Everything is loaded again, the way it was first", arguments: [IngressSettings.Via.file, .api])
  func everythingIsLoadedAgain(via: IngressSettings.Via) throws {
    let bench = try loaded(via)
    bench.table.change(key, ["cs_tier": "bronze"])
    #expect(bench.life(.delta).failure == nil)
    #expect(text(bench, "cusTier") == "gold")
    bench.table.remove(Contacts.key(7))
    bench.resource.removeAll(key: Contacts.key(8).description)
    bench.replay()
    #expect(bench.life(.delta).state.phase == .exporting, "it is not loaded")
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(text(bench, "cusTier") == "bronze", "a load writes all fields")
    #expect((outcome.tally.removed, outcome.tally.deleted) == (1, 1))
    #expect(bench.resource.contents.count == 19)
    #expect(outcome.state.run == 2 && outcome.state.absence == nil)
    if via == .file {
      #expect(bench.dropbox.published.keys.contains { $0.contains("contacts-000002-0001") })
    }
    #expect(bench.life(.delta).tally == Tally())
  }

  @Test(
    "Rows that left the filter follow whenFilteredOut", arguments: [IngressSettings.Via.file, .api])
  func rowsThatLeftTheFilter(via: IngressSettings.Via) throws {
    for whenFilteredOut in [IngressSettings.Filter.WhenFilteredOut.keep, .delete] {
      let bench = try loaded(via) { $0.filter = Contacts.filter(whenFilteredOut) }
      let left = Contacts.row(50).merging(["cs_tier": "left"]) { $1 }
      bench.table.put(Contacts.key(50), left)
      bench.resource.put(["externalId": Contacts.key(50).description])
      bench.table.change(key, ["cs_tier": "left"])
      bench.replay()
      let outcome = bench.life(.initial)
      #expect(outcome.failure == nil)
      let deleted = whenFilteredOut == .delete ? 1 : 0
      #expect(outcome.tally.deleted == deleted)
      #expect((text(bench) == nil) == (deleted == 1))
      #expect(bench.resource.contents.count == 21 - deleted, "one never passed, and stays")
    }
  }

  @Test func aDeletionThatWaitedForARowThatIsBackIsDropped() throws {
    let bench = try loaded(.file) { ($0.deletes.limit, $0.deletes.floor) = (0.01, 1) }
    bench.table.remove(key)
    #expect(bench.life(.delta).failure?.kind == .rejectedData)
    bench.table.put(key, Contacts.row(4))
    bench.replay()
    #expect(bench.state?.delta.collected != nil)
    #expect(bench.life(.initial).failure == nil)
    #expect(bench.resource.contents.count == 20 && bench.ledger.deletions.isEmpty)
  }

  @Test func rowsThatCannotBeMappedAreNotAbsent() throws {
    let bench = try loaded(.file)
    bench.table.change(key, ["firstname": Contacts.tooLong])
    bench.replay()
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(outcome.tally.deleted == 0 && !bench.table.requests.contains("look"))
    #expect(bench.ledger.waiting.count == 1)
  }
}
