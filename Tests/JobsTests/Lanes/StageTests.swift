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

  @Test("Of its own run only the listed parts stand before the manifest, of others what stood")
  func whatAnEarlierLifeLeftGoes() throws {
    let bench = try exported()
    let strays = ["contacts-000001-0098.csv", "contacts-000001-10099.csv.gz"]
    let others = [
      "contacts-000002-0001.csv.gz", "contacts-000001-000012-0001.csv.gz",
      "contacts-000001-list.csv", "people-000001-0099.csv.gz",
    ]
    for name in strays + others { bench.box.files["imports/" + name] = [1] }
    let outcome = bench.perform(bench.staging)
    #expect(outcome.failure == nil)
    let parts = outcome.state.stage.sealed.map(\.name)
    let expected = (parts + others + ["contacts-000001.manifest.json"]).map { "imports/" + $0 }
    #expect(bench.box.files.keys.sorted() == expected.sorted())
  }

  @Test("A part that went, or was cut, after it was published is published again")
  func aLostPartComesAgain() throws {
    let bench = try exported()
    let box = bench.box
    let parts = try #require(bench.state?.stage.sealed)
    bench.wish { $0.isStopped = { box.calls.count >= parts.count } }
    #expect(bench.perform(bench.staging).failure?.isStop == true)
    #expect(bench.state?.stage.published == parts.map(\.name))
    bench.wish { $0.isStopped = { false } }
    box.files["imports/" + parts[0].name] = nil
    box.files["imports/" + parts[1].name] = [1]
    #expect(bench.perform(bench.staging).failure == nil)
    for part in parts {
      #expect(box.files["imports/" + part.name] == bench.spool().files[part.name])
    }
    let again = box.calls[parts.count...].filter { $0.hasPrefix("publish") }
    #expect(again.count == 3, "two parts and the manifest")
    #expect(again.last == "publish imports/contacts-000001.manifest.json")
    #expect(bench.state?.stage.repeats == nil)
  }

  @Test func aLostPartThatTheSpoolNoLongerHasIsSaid() throws {
    let bench = try exported()
    try bench.spool().remove()
    let failure = try #require(bench.perform(bench.staging).failure)
    #expect(failure.kind == .storage)
    #expect(failure.reason == "the spool no longer has it, and it does not stand on SFTP")
    #expect(failure.next?.hasSuffix("campaign-sync checkpoint clear contacts") == true)
  }

  @Test("Where parts go as fast as they come, nobody uploads for ever")
  func partsThatVanishAreUploadedThreeTimes() throws {
    let bench = try exported()
    let box = MemoryDropbox()
    let job = StageJob(
      name: "contacts", dropbox: BlindDropbox(inner: box),
      spool: { run throws(SyncError) in bench.spool(run) }, uploads: 2)
    let parts = try #require(bench.state?.stage.sealed)
    for _ in 1...2 {
      let before = box.calls.count
      let failure = try #require(bench.perform(job).failure)
      #expect(failure.kind == .unavailable)
      #expect(failure.reason.hasPrefix("parts went up three times"))
      #expect(failure.reason.hasSuffix(": \(parts.count)"))
      #expect(box.calls.count - before == 3 * parts.count)
      #expect(bench.state?.phase == .staging)
    }
    #expect(bench.perform(bench.staging).failure == nil)
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

/// Takes everything and has nothing: somebody at the other end is quick.
private struct BlindDropbox: Dropbox {
  let inner: MemoryDropbox

  func publish(_ localPath: String, as name: String) async throws(SyncError) {
    try await inner.publish(bytes: [1], as: name)
  }
  func publish(bytes: [UInt8], as name: String) async throws(SyncError) {
    try await inner.publish(bytes: bytes, as: name)
  }
  func list(_ pattern: String) throws(SyncError) -> [RemoteFile] { [] }
  func stat(_ name: String) throws(SyncError) -> RemoteFile? { nil }
  func read(_ name: String, offset: UInt64, count: Int) throws(SyncError) -> [UInt8] { [] }
  func rename(_ name: String, to other: String) throws(SyncError) {}
  func remove(_ name: String) throws(SyncError) {}
  func makeFolder(_ name: String) throws(SyncError) {}
}
