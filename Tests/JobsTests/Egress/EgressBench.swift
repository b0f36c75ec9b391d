import Core
import Digests
import Synchronization
import TestSupport

@testable import Jobs

/// One egress job with its far sides and its disk, in memory; `life` is one process.
final class EgressBench: Sendable {
  let world: World
  let settings: EgressSettings
  let zone: TimeZoneRules
  let activities: MemoryActivities
  let box = MemoryDropbox()
  let dropbox: FaultyDropbox
  let ledger = MemoryLedger()
  let checkpoints = MemoryCheckpointStore<EgressState>()
  let notes = Mutex<[String]>([])
  /// How often the table was asked for.
  let forms = Mutex(0)
  private let wishes = Mutex(Wishes())

  /// What a test asks of the next lives.
  struct Wishes: Sendable {
    var rejectShare = 1.0
    var isStopped: @Sendable () -> Bool = { false }
    var deadline: Instant?
    var slice = 9
    /// Another process's hands, before each read of this file.
    var whenRead: @Sendable (String) -> Void = { _ in }
  }

  init(
    _ world: World = .still(), zone: TimeZoneRules = .utc,
    activities: MemoryActivities = MemoryActivities(),
    _ change: (inout EgressSettings) -> Void = { _ in }
  ) {
    self.world = world
    self.zone = zone
    self.activities = activities
    var settings = Clicks.settings
    change(&settings)
    self.settings = settings
    dropbox = FaultyDropbox(box, world) { _ in nil }
    activities.addContacts((0..<20).map { Clicks.contact($0) })
  }

  func wish(_ change: (inout Wishes) -> Void) { wishes.withLock { change(&$0) } }

  var state: EgressState? { try? checkpoints.load()?.state }

  func put(_ bytes: [UInt8], as name: String) { dropbox.place(bytes, as: "exports/" + name) }
  func put(_ text: String, as name: String) { put(Array(text.utf8), as: name) }

  func mark(_ name: String) -> FileMark? { ledger.files["exports/" + name] }

  /// One process, from its start to its end or death.
  @discardableResult
  func life(_ goal: EgressJob.Goal = .next) -> RunOutcome<EgressState> {
    let executor = SeededExecutor(seed: UInt64(world.below(1 << 40)))
    let job = job(goal)
    let ports = commitPorts(executor.thread)
    return executor.run { await run(job, through: ports) }
  }

  func job(_ goal: EgressJob.Goal) -> EgressJob {
    let wishes = wishes.withLock { $0 }
    let patience = Patience(clock: world.clock, deadline: wishes.deadline, stop: wishes.isStopped)
    let records = FaultyLedger(ledger, world)
    var export = ExportReader(
      settings.files, dropbox: WatchedDropbox(inner: dropbox, whenRead: wishes.whenRead),
      ledger: records, digest: { hexadecimal(SHA256.digest($0)) }, patience: patience,
      note: { [self] note in notes.withLock { $0.append(note) } })
    export.sizes.slice = wishes.slice
    (export.sizes.block, export.sizes.piece, export.sizes.passed) = (700, 90, 4000)
    var ports = EgressPorts(
      export: export, activities: FaultyActivities(activities, world), ledger: records,
      form: form, patience: patience)
    ports.page = 7
    return EgressJob(settings: settings, goal: goal, before: state ?? EgressState(), ports: ports)
  }

  private var form: EgressPorts.Form {
    let sink = FaultyActivities(activities, world)
    return { [self] () async throws(SyncError) in
      forms.withLock { $0 += 1 }
      let table = try await sink.prepare(
        ActivityMapping(
          table: settings.table, columns: settings.columns, state: settings.state,
          position: SourcePosition(file: "jobs/egress-click.yaml", line: 1)))
      return EventForm(
        settings, campaign: "https://mc.adobe.io/acme", zone: zone, table: table,
        uuid: { uuidV5($0, $1) })
    }
  }

  private func commitPorts(_ thread: any SerialExecutor) -> CommitPorts<EgressState> {
    let wishes = wishes.withLock { $0 }
    return CommitPorts<EgressState>(
      thread: thread,
      checkpoints: FaultyCheckpoints(checkpoints, world) { [self] _ in audit() },
      spool: { _ in
        MemorySpool(run: RunName(job: "none", run: 1), header: [], compression: .none)
      },
      ledger: FaultyLedger(ledger, world),
      limit: RejectLimit(job: settings.name, share: wishes.rejectShare), clock: world.clock,
      stop: wishes.isStopped,
      identity: JobIdentity(
        organization: "o", dynamicsHost: "d", campaign: "c", table: settings.table,
        resource: "click", key: "activityid"),
      content: nil)
  }

  /// What the ledger claims that Dynamics does not have: nothing, at every commit.
  private func audit() -> [String] {
    let stored = activities.stored
    return ledger.arrivals.filter { stored[$0] == nil }.map { "\($0) is said to have arrived" }
  }

  /// Log ids of the activities that are there, sorted; an id twice is an event twice.
  var arrived: [String] {
    activities.stored.values.map { $0.activity.texts["url"] ?? "" }.sorted()
  }
}

/// A dropbox that somebody else changes while it is read.
private struct WatchedDropbox: Dropbox {
  let inner: FaultyDropbox
  let whenRead: @Sendable (String) -> Void

  func publish(_ localPath: String, as name: String) async throws(SyncError) {
    try await inner.publish(localPath, as: name)
  }
  func publish(bytes: [UInt8], as name: String) async throws(SyncError) {
    try await inner.publish(bytes: bytes, as: name)
  }
  func list(_ pattern: String) async throws(SyncError) -> [RemoteFile] {
    try await inner.list(pattern)
  }
  func stat(_ name: String) async throws(SyncError) -> RemoteFile? { try await inner.stat(name) }
  func read(_ name: String, offset: UInt64, count: Int) async throws(SyncError) -> [UInt8] {
    whenRead(name)
    return try await inner.read(name, offset: offset, count: count)
  }
  func rename(_ name: String, to other: String) async throws(SyncError) {
    try await inner.rename(name, to: other)
  }
  func remove(_ name: String) async throws(SyncError) { try await inner.remove(name) }
  func makeFolder(_ name: String) async throws(SyncError) { try await inner.makeFolder(name) }
}
