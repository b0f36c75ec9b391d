import Core
import TestSupport
import Testing

@testable import Jobs

@Suite struct StageTests {
  private func exported() throws -> IngressBench {
    let bench = try IngressBench()
    Contacts.fill(bench.table, 40)
    bench.life(.export)
    return bench
  }

  @Test func theManifestComesLastAndListsEveryPart() throws {
    let bench = try exported()
    let outcome = bench.perform(bench.staging)
    #expect(outcome.failure == nil)
    #expect(outcome.state.phase == .loading)
    #expect(outcome.state.stage.published == outcome.state.stage.sealed.map(\.name))
    let names = bench.box.calls.filter { $0.hasPrefix("publish") }
    #expect(names.last == "publish imports/contacts-000001.manifest.json")
    let manifest = try FixtureJSON.parse(
      try #require(bench.box.files["imports/contacts-000001.manifest.json"]))
    let parts = manifest["parts"]?.items ?? []
    #expect(parts.map { $0["name"]?.text } == outcome.state.stage.sealed.map(\.name))
    #expect(manifest["rows"]?.integer == 38)
    #expect(manifest["run"]?.text == "contacts-000001")
    for part in outcome.state.stage.sealed {
      #expect(bench.box.files["imports/" + part.name]?.count == Int(part.bytes))
    }
  }

  @Test func whatStandsIsNotUploadedAgain() throws {
    let bench = try exported()
    bench.box.fail(next: [nil, nil, .breaksOff])
    #expect(bench.perform(bench.staging).failure?.kind == .unavailable)
    let done = try #require(bench.state?.stage.published)
    #expect(done.count >= 1)
    let before = bench.box.calls.count
    #expect(bench.perform(bench.staging).failure == nil)
    let again = bench.box.calls[before...]
    for name in done { #expect(!again.contains("publish imports/\(name)")) }
  }

  @Test func anUnfinishedUploadLeavesNothingAtTheEnd() throws {
    let bench = try exported()
    bench.box.fail(next: [.breaksInUpload])
    #expect(bench.perform(bench.staging).failure != nil)
    #expect(bench.box.files.keys.contains { $0.hasSuffix(".part") })
    #expect(bench.perform(bench.staging).failure == nil)
    #expect(!bench.box.files.keys.contains { $0.hasSuffix(".part") })
  }

  @Test func withoutAnSFTPSectionTheWayOutIsSaid() throws {
    let bench = try exported()
    let job = StageJob(
      name: "contacts", dropbox: nil,
      spool: { run throws(SyncError) in bench.spool(run) }, uploads: 2)
    let failure = try #require(bench.perform(job).failure)
    #expect(failure.kind == .configuration)
    #expect(failure.next?.contains("sftp:") == true)
  }
}
