import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct LoadTests {
  private func bench(
    rows: Int = 10, _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws -> IngressBench {
    let bench = try IngressBench(.calm(), change)
    Contacts.fill(bench.table, rows)
    return bench
  }

  @Test func nextSignalsAndSaysLoading() throws {
    let bench = try bench()
    #expect(bench.life(.next).failure?.isLoading == true)
    #expect(bench.workflow.signals.count == 1)
    #expect(bench.state?.phase == .loading)
    bench.world.pass(.seconds(100))
    let outcome = bench.life(.next)
    #expect(outcome.failure == nil)
    #expect(outcome.state.phase == .loaded)
    #expect(outcome.state.load.proof == .doneFile)
    #expect(outcome.state.load.signalled != nil)
    #expect(bench.resource.contents.count == 10)
  }

  @Test(
    "From the first published part to the proof, nothing is written by API",
    arguments: [
      IngressJob.Goal.delta, .next, .retry, .only(Contacts.key(1)), .export,
    ])
  func theLoadBarrierHolds(goal: IngressJob.Goal) throws {
    let bench = try bench()
    bench.stage()
    bench.table.change(Contacts.key(1), ["firstname": "Changed"])
    bench.life(goal)
    #expect(bench.resource.meter.finds == 0)
    #expect(!bench.table.requests.contains("changes"))
    #expect(bench.state?.phase == .loading)
  }

  @Test func theSignalCarriesTheRunAndItsFiles() throws {
    let bench = try bench()
    bench.life(.next)
    #expect(bench.workflow.signals.map(\.source) == ["contacts-000001"])
    #expect(
      bench.workflow.signals.map(\.parameters) == [["files": "imports/contacts-000001-*.csv.gz"]])
  }

  @Test func theIntentIsCommittedBeforeTheSignal() throws {
    let bench = try bench()
    bench.world.die(at: "before signal")
    bench.life(.initial)
    #expect(bench.workflow.signals.isEmpty)
    let intended = try #require(bench.state?.load.intended)
    #expect(bench.state?.load.signalled == nil)

    bench.restart(losingPower: true)
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(bench.workflow.signals.count == 1)
    let signalled = try #require(outcome.state.load.signalled)
    #expect(signalled - intended >= .seconds(600), "a signal may have been taken")
  }

  @Test func afterALostSignalTheProofIsLookedForFirst() throws {
    let bench = try bench()
    bench.world.die(at: "after signal")
    bench.life(.initial)
    #expect(bench.state?.load.signalled == nil)
    bench.restart(losingPower: true)
    bench.world.pass(.seconds(100))
    #expect(bench.life(.initial).failure == nil)
    #expect(bench.state?.load.proof == .doneFile)
    #expect(bench.workflow.signals.count == 1)
  }

  @Test func aFileThatWasTakenProvesThatTheSignalWas() throws {
    let bench = try bench()
    bench.world.die(at: "before signal")
    bench.life(.next)
    bench.restart(losingPower: false)
    let part = try #require(bench.state?.stage.sealed.first)
    bench.box.files["imports/" + part.name] = nil
    bench.world.pass(.seconds(3600))
    #expect(bench.life(.next).failure?.isLoading == true)
    #expect(bench.workflow.signals.isEmpty)
    #expect(bench.state?.load.signalled == bench.state?.load.intended)
  }

  @Test func notNowMeansNotSignalled() throws {
    let bench = try bench()
    bench.workflow.answer(.notNow)
    #expect(bench.life(.next).failure?.isLoading == true)
    #expect(bench.state?.load.intended == nil)
    bench.life(.next)
    #expect(bench.workflow.signals.isEmpty, "a minute has not passed")
    bench.world.pass(.seconds(61))
    bench.life(.next)
    #expect(bench.workflow.signals.count == 1)
  }

  @Test func aRefusedSignalIsAFaultOfTheConfiguration() throws {
    let bench = try bench()
    bench.workflow.answer(.refused(code: "WKF-1"))
    let failure = try #require(bench.life(.initial).failure)
    #expect(failure.kind == .configuration)
    #expect(failure.code == "WKF-1")
    #expect(bench.state?.load.intended == nil)
    #expect(bench.life(.next).failure?.isLoading == true)
    #expect(bench.workflow.signals.count == 1)
  }

  @Test func anUnknownAnswerWaitsForTheInterval() throws {
    let bench = try bench()
    bench.workflow.answer(.unknown)
    bench.life(.next)
    #expect(bench.state?.load.intended != nil)
    bench.world.pass(.seconds(300))
    bench.life(.next)
    #expect(bench.workflow.signals.isEmpty)
    bench.world.pass(.seconds(300))
    bench.life(.next)
    #expect(bench.workflow.signals.count == 1)
  }

  @Test func theSignalsOfOneWorkflowKeepApartOverJobs() async throws {
    let bench = try bench()
    await bench.signalGate.close(until: bench.world.clock.now + .seconds(400))
    bench.life(.next)
    #expect(bench.workflow.signals.isEmpty)
    bench.world.pass(.seconds(400))
    bench.life(.next)
    #expect(bench.workflow.signals.count == 1)
    let next = try #require(await bench.signalGate.notBefore())
    #expect(next - bench.world.clock.now > .seconds(590))
  }

  @Test func withoutADoneFileTheStatusOfTheWorkflowIsTheProof() throws {
    let bench = try bench { $0.load?.done = nil }
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(outcome.state.load.proof == .workflow)
  }

  @Test func aWorkflowInErrorIsSaidEachTimeAndSignalledAgainOnceItRuns() throws {
    let bench = try bench()
    bench.workflow.failNextImport()
    for goal in [IngressJob.Goal.initial, .next] {
      let failure = try #require(bench.life(goal).failure)
      #expect(failure.kind == .rejectedData)
      #expect(failure.reason.contains("WKF101"))
    }
    #expect(bench.state?.phase == .loading)
    bench.workflow.restart()
    #expect(bench.life(.initial).failure == nil)
    #expect(bench.workflow.signals.count == 2)
    #expect(bench.resource.contents.count == 10)
  }

  @Test func withoutProofEachInitialWaitsForTheTimeoutAndStaysLoading() throws {
    let bench = try bench { $0.load?.timeout = .seconds(300) }
    bench.workflow.answer(.triggered)  // and nothing happens
    for _ in 0..<2 {
      let began = bench.world.clock.now
      let outcome = bench.life(.initial)
      #expect(outcome.failure?.kind == .unavailable)
      #expect(outcome.failure?.next?.contains("confirm") == true)
      #expect(outcome.state.phase == .loading)
      #expect(bench.world.clock.now - began >= .seconds(300))
    }
  }

  @Test func theOperatorsWordIsAProof() throws {
    let bench = try bench()
    bench.stage()
    let outcome = bench.perform(bench.loading(.confirm))
    #expect(outcome.failure == nil)
    #expect(outcome.state.load.proof == .confirmed)
    #expect(outcome.state.phase == .loaded)
    #expect(bench.workflow.signals.isEmpty)
  }

  @Test func anEmptyTableNeedsNoImport() throws {
    let bench = try bench(rows: 0)
    let outcome = bench.life(.initial)
    #expect(outcome.failure == nil)
    #expect(outcome.state.load.proof == .nothingToLoad)
    #expect(outcome.state.delta.rounds == 1)
    #expect(bench.workflow.signals.isEmpty)
    #expect(bench.dropbox.published.keys.allSatisfy { $0.hasSuffix("manifest.json") })
    #expect(bench.box.files.isEmpty)
  }

  @Test("A done file from before `checkpoint clear` has the same name and proves nothing")
  func anOlderDoneFileIsNoProof() throws {
    let bench = try bench()
    bench.dropbox.place([1], as: "imports/contacts-000001.done")
    bench.world.pass(.seconds(5))
    #expect(bench.life(.next).failure?.isLoading == true)
    #expect(bench.workflow.signals.count == 1)
    bench.world.pass(.seconds(100))
    #expect(bench.life(.next).failure == nil)
    #expect(bench.resource.contents.count == 10)
  }

  @Test func whatHasServedIsRemoved() throws {
    let bench = try bench()
    bench.life(.initial)
    #expect(bench.box.files.isEmpty)
    #expect(bench.spool().files.isEmpty)
  }

  @Test func aStopIsHeardWhileWaiting() throws {
    let bench = try bench()
    bench.stage()
    bench.workflow.answer(.triggered)
    let clock = bench.world.clock
    let end = clock.now + .seconds(60)
    bench.wish { $0.isStopped = { clock.now > end } }
    #expect(bench.life(.initial).failure?.isStop == true)
    #expect(bench.state?.load.signalled != nil)
  }

  @Test func aDeadlineEndsTheWaiting() throws {
    let bench = try bench()
    bench.workflow.answer(.triggered)
    bench.wish { [clock = bench.world.clock] in $0.deadline = clock.now + .seconds(90) }
    #expect(bench.life(.initial).failure?.kind == .unavailable)
    #expect(bench.state?.phase == .loading)
  }

  @Test func withoutAnImportSectionTheWayOutIsSaid() throws {
    let bench = try bench { $0.load = nil }
    let failure = try #require(bench.life(.initial).failure)
    #expect(failure.kind == .configuration)
    #expect(failure.next?.contains("campaign-sync confirm contacts") == true)
    #expect(bench.perform(bench.loading(.confirm)).failure == nil)
  }
}
