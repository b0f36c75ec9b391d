import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct IngressJobTests {
  @Test(
    "Which lanes can run is an answer to phase and goal",
    arguments: [
      (IngressState.Phase.exporting, IngressJob.Goal.export, ["export"]),
      (.exporting, .initial, ["export", "stage 0", "stage 1", "stage 2"]),
      (.exporting, .next, ["export", "stage 0", "stage 1", "stage 2"]),
      (.exporting, .delta, []), (.exporting, .retry, []),
      (.sealing, .export, ["seal"]), (.sealing, .next, ["seal"]), (.sealing, .delta, []),
      (.staging, .export, []), (.staging, .initial, ["stage 0"]), (.staging, .next, ["stage 0"]),
      (.loading, .initial, ["import"]), (.loading, .next, ["import"]),
      (.loading, .export, []), (.loading, .delta, []), (.loading, .retry, []),
      (.loaded, .export, []), (.loaded, .initial, ["delta"]), (.loaded, .delta, ["delta"]),
      (.loaded, .next, ["delta"]), (.loaded, .retry, ["retry"]),
    ])
  func lanes(phase: IngressState.Phase, goal: IngressJob.Goal, names: [String]) throws {
    var state = IngressState()
    state.phase = phase
    state.stage.sealed = [SealedPart(name: "a", rows: 1, bytes: 1, sha256: "")]
    #expect(try IngressBench().job(goal).lanes(in: state).map(\.name) == names)
  }

  @Test(
    "A chain by file ends as it began, by whatever goal",
    arguments: [
      (IngressState.Phase.loaded, IngressJob.Goal.delta, ["collect"]),
      (.loaded, .next, ["collect"]),
      (.sealing, .delta, ["seal"]), (.staging, .delta, ["stage 0"]), (.loading, .delta, ["import"]),
      (.loading, .next, ["import"]), (.loading, .initial, ["import"]), (.loading, .retry, []),
    ])
  func lanesOfAChainByFile(
    phase: IngressState.Phase, goal: IngressJob.Goal, names: [String]
  ) throws {
    var state = IngressState()
    state.phase = phase
    state.collect = CollectSlot()
    state.stage.sealed = [SealedPart(name: "a", rows: 1, bytes: 1, sha256: "")]
    for via in [IngressSettings.Via.api, .file] {
      let bench = try IngressBench { $0.delta = via }
      #expect(bench.job(goal).lanes(in: state).map(\.name) == names)
    }
  }

  @Test func aChainByAPIEndsByAPI() throws {
    let bench = try IngressBench { $0.delta = .file }
    var state = IngressState()
    state.phase = .loaded
    #expect(bench.job(.next).lanes(in: state).map(\.name) == ["collect"])
    state.delta.link = "a page"
    #expect(bench.job(.next).lanes(in: state).map(\.name) == ["delta"])
  }

  @Test func oneChainIsEnoughForARun() throws {
    let bench = try IngressBench()
    var state = IngressState()
    state.phase = .loaded
    state.delta.rounds = 1
    for goal in [IngressJob.Goal.initial, .delta, .next] {
      #expect(bench.job(goal).lanes(in: state).isEmpty)
    }
    state.delta.singles = 1
    #expect(bench.job(.retry).lanes(in: state).isEmpty)
    #expect(bench.job(.only(Contacts.key(1))).lanes(in: state).isEmpty)
  }

  @Test(
    "A recovery comes before the changes, and they before what is absent",
    arguments: [
      (IngressJob.Goal.delta, true, 0, false, ["recover"]), (.next, true, 0, true, ["recover"]),
      (.initial, true, 0, false, ["recover"]), (.delta, true, 3, false, ["delta"]),
      (.delta, false, 0, true, ["delta"]), (.initial, false, 0, true, ["absence"]),
      (.initial, true, 3, true, ["delta"]), (.export, true, 0, true, []),
      (.retry, true, 0, true, ["retry"]),
    ])
  func recoveryGoesFirst(
    goal: IngressJob.Goal, isRecovering: Bool, chains: Int, isAbsent: Bool, names: [String]
  ) throws {
    let bench = try IngressBench()
    var state = IngressState()
    state.phase = .loaded
    state.delta.rounds = 2
    if isRecovering { state.recovery = RecoverySlot(.tokenExpired) }
    state.recovery?.chains = chains
    if isAbsent { state.absence = AbsenceSlot() }
    var checkpoint = Checkpoint(
      identity: CheckpointStoreContract.sample.identity, content: nil, state: state)
    try bench.checkpoints.replace(with: checkpoint)
    #expect(bench.job(goal).lanes(in: state).map(\.name) == names)
    checkpoint.state.delta.rounds = 3
    try bench.checkpoints.replace(with: checkpoint)
    if goal == .delta, chains == 3 {
      #expect(bench.job(goal).lanes(in: checkpoint.state).map(\.name) == ["recover"])
    }
  }

  @Test func exportOfAJobWithoutFilesTouchesNeitherSide() throws {
    let bench = try IngressBench { $0.initial = .api }
    Contacts.fill(bench.table, 5)
    #expect(bench.life(.export).failure?.kind == .configuration)
    #expect(bench.table.requests.isEmpty)
    #expect(bench.resource.contents.isEmpty)
    #expect(bench.state == nil)
  }
}
