import Core
import TestSupport
import Testing

@testable import Jobs

/// A lane edits its own slot: nothing else of a state that its neighbours have moved meanwhile.
@Suite struct OddNeighboursTests {
  private enum Slot: String, CaseIterable {
    case phase, run, query, export, stage, load, delta, scans, recovery, absence, collect
  }

  private static let owned: [String: Set<Slot>] = [
    "export": [.export, .delta, .phase, .query, .scans], "seal": [.stage, .phase],
    "stage": [.stage],
    "manifest": [.phase], "import": [.load, .phase, .collect], "delta": [.delta, .phase],
    "copy": [.delta, .phase, .query, .scans],
    "recover": [.recovery, .absence, .delta, .query, .scans], "absence": [.absence, .delta],
    "only": [.delta], "retry": [.delta],
    "collect": [.collect, .run, .export, .stage, .load, .delta, .phase],
  ]

  private func odd(_ state: IngressState) -> IngressState {
    var odd = state
    odd.run = 77
    odd.query = TableQuery(entitySet: "odd", columns: ["odd"])
    odd.export.rows = 777
    odd.export.pages = 777
    odd.stage.published.append("odd")
    odd.load.intended = Instant(seconds: 777)
    odd.load.failed = Instant(seconds: 777)
    odd.delta.singles = 777
    return odd
  }

  private func changed(_ one: IngressState, _ other: IngressState) -> Set<Slot> {
    var slots: Set<Slot> = []
    if one.phase != other.phase { slots.insert(.phase) }
    if one.run != other.run { slots.insert(.run) }
    if one.query != other.query { slots.insert(.query) }
    if one.export != other.export { slots.insert(.export) }
    if one.stage != other.stage { slots.insert(.stage) }
    if one.load != other.load { slots.insert(.load) }
    if one.delta != other.delta { slots.insert(.delta) }
    if one.scans != other.scans { slots.insert(.scans) }
    if one.recovery != other.recovery { slots.insert(.recovery) }
    if one.absence != other.absence { slots.insert(.absence) }
    if one.collect != other.collect { slots.insert(.collect) }
    return slots
  }

  private func judge(_ bench: IngressBench, _ goal: IngressJob.Goal, _ state: IngressState) {
    let all = bench.advances(bench.job(goal), of: state)
    #expect(!all.isEmpty)
    for (lane, advance) in all {
      let before = odd(state)
      var after = before
      advance.apply(&after)
      let name = lane.split(separator: " ").first.map(String.init) ?? ""
      let owned = Self.owned[name] ?? []
      #expect(changed(before, after).isSubset(of: owned), "\(lane)")
      if name == "stage" { #expect(after.stage.published.contains("odd")) }
      if name == "only" || name == "retry" {
        #expect(after.delta.token == before.delta.token, "the position stays")
      }
    }
  }

  @Test func ofALoadByFile() throws {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 40)
    judge(bench, .initial, IngressState())

    bench.world.die(at: "before seal")
    bench.life(.export)
    bench.restart(losingPower: false)
    judge(bench, .export, try #require(bench.state))

    bench.life(.export)
    var state = try #require(bench.state)
    judge(bench, .initial, state)
    state.stage.published = state.stage.sealed.map(\.name)
    judge(bench, .initial, state)

    bench.perform(bench.staging)
    judge(bench, .initial, try #require(bench.state))
  }

  @Test func ofALoadByAPIAndOfChanges() throws {
    let bench = try IngressBench { $0.initial = .api }
    Contacts.fill(bench.table, 40)
    judge(bench, .initial, IngressState())
    bench.life(.initial)
    bench.table.change(Contacts.key(3), ["firstname": "New"])
    let state = try #require(bench.state)
    judge(bench, .delta, state)
    judge(bench, .only(Contacts.key(3)), state)
    judge(bench, .retry, state)

    bench.table.remove(Contacts.key(4))
    judge(bench, .delta, state.recovering(.adopted))
  }

  @Test func ofChangesByFile() throws {
    let bench = try IngressBench {
      $0.initial = .api
      $0.delta = .file
    }
    Contacts.fill(bench.table, 40)
    bench.load()
    for number in 0..<20 { bench.table.change(Contacts.key(number), ["firstname": "New"]) }
    judge(bench, .delta, try #require(bench.state))
  }
}
