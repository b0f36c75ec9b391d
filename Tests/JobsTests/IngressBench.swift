import Core
import Digests
import HTTP
import Synchronization
import TestSupport

@testable import Jobs

/// One ingress job with its far sides and its disk, in memory; `life` is one process.
final class IngressBench: Sendable {
  let world: World
  let settings: IngressSettings
  let plan: RowPlan
  let table: MemoryTable
  let resource: MemoryResource
  let box = MemoryDropbox()
  let dropbox: FaultyDropbox
  let workflow: MemoryWorkflow
  let ledger: MemoryLedger
  let checkpoints: MemoryCheckpointStore<IngressState>
  let signalGate = MemoryGate()
  let breach: Breach?
  private let spools: SpoolShelf
  private let digester = RowDigester(key: [UInt8](repeating: 7, count: 32))
  /// How often the schemas were asked for.
  let targets = Mutex(0)
  private let wishes = Mutex(Wishes())

  /// What a test asks of the next lives.
  struct Wishes: Sendable {
    var rejectShare = 1.0
    var pageSize = 7
    /// The scan's last page comes without its delta link.
    var isWithoutToken = false
    var isStopped: @Sendable () -> Bool = { false }
    var deadline: Instant?
    var approvedDeletes: Int?
    var readsWholeOrganization: Bool? = true
    /// Each page of a scan, or of a range, has come.
    var whenPaged: @Sendable () -> Void = {}
    /// Rows from which the table is read by ranges.
    var partitionFrom = Int.max
    var readers = 3
    var isCountUnknown = false
    var lookUps = 1000
    /// Sentences for the log.
    var note: @Sendable (String) -> Void = { _ in }
  }

  init(
    _ world: World = .calm(), table: MemoryTable = MemoryTable(primaryId: "contactid"),
    resource: MemoryResource = MemoryResource(key: "externalId"),
    ledger: MemoryLedger = MemoryLedger(),
    checkpoints: MemoryCheckpointStore<IngressState> = MemoryCheckpointStore(),
    breach: Breach? = nil, _ change: (inout IngressSettings) -> Void = { _ in }
  ) throws {
    self.resource = resource
    self.ledger = ledger
    self.checkpoints = checkpoints
    self.world = world
    self.table = table
    self.breach = breach
    var settings = Contacts.settings
    change(&settings)
    self.settings = settings
    plan = try RowPlan(settings, table: Contacts.table, resource: Contacts.profile)
    let spools = SpoolShelf(settings, header: plan.headerLine)
    self.spools = spools
    dropbox = FaultyDropbox(box, world) { spools.file(at: $0) }
    workflow = MemoryWorkflow(
      into: resource, Contacts.profile, csv: settings.csv, from: box, clock: world.clock,
      done: settings.load?.done.map { _ in "imports/{source}.done" }
    ) { [dropbox] bytes, name in dropbox.place(bytes, as: name) }
    world.whenTimePasses { [workflow] in workflow.passTime() }
  }

  func wish(_ change: (inout Wishes) -> Void) { wishes.withLock { change(&$0) } }

  func digest(_ row: MappedRow) -> RowDigest { digester.digest(row.canonicalBytes) }

  var state: IngressState? { try? checkpoints.load()?.state }
  func spool(_ run: Int = 1) -> MemorySpool { spools[run] }

  /// One process, from its start to its end or death.
  @discardableResult
  func life(_ goal: IngressJob.Goal) -> RunOutcome<IngressState> {
    perform(job(goal))
  }

  /// The same job beside another ledger: from a backup.
  func withLedger(_ ledger: MemoryLedger) throws -> IngressBench {
    let settings = settings
    return try IngressBench(
      world, table: table, resource: resource, ledger: ledger, checkpoints: checkpoints
    ) { $0 = settings }
  }

  /// The same job after its ledger was lost and the checkpoint adopted.
  func withNewLedger() throws -> IngressBench {
    var checkpoint = try checkpoints.load()
    if let state = checkpoint?.state {
      checkpoint?.state = state.recovering(.ledgerLost, keepingToken: true)
    }
    if let checkpoint { try checkpoints.replace(with: checkpoint) }
    return try withLedger(MemoryLedger())
  }

  /// What `replay` does to the checkpoint.
  func replay() {
    guard var checkpoint = try? checkpoints.load(),
      case .marked(let state) = Replay(of: checkpoint.state)
    else { return }
    checkpoint.state = state
    try? checkpoints.replace(with: checkpoint)
  }

  /// Phase `loading`: all parts and the manifest are published, nothing is signalled.
  func stage() {
    life(.export)
    perform(staging)
  }

  /// Loaded by API: every row is proven.
  func load() {
    life(.initial)
  }

  @discardableResult
  func perform(_ job: some Job<IngressState>) -> RunOutcome<IngressState> {
    let executor = SeededExecutor(seed: UInt64(world.below(1 << 40)))
    let ports = commitPorts(executor.thread)
    return executor.run { await run(job, through: ports) }
  }

  /// What the lanes of this goal would emit, one lane after another; nothing is committed.
  func advances(
    _ job: some Job<IngressState>, of state: IngressState
  ) -> [(lane: String, advance: Advance<IngressState>)] {
    job.lanes(in: state).flatMap { lane in
      let executor = SeededExecutor(seed: 1)
      return executor.run {
        let advances = Mutex<[Advance<IngressState>]>([])
        try? await lane.work { advance throws(SyncError) in
          advances.withLock { $0.append(advance) }
        }
        return advances.withLock { $0 }.map { (lane: lane.name, advance: $0) }
      }
    }
  }

  /// Power fails, or the process alone is killed: then the disk keeps everything.
  func restart(losingPower: Bool) {
    if losingPower {
      for spool in spools.all { spool.crash { world.below($0 + 1) } }
    }
    world.reboot()
  }

  func job(_ goal: IngressJob.Goal) -> IngressJob {
    let wishes = wishes.withLock { $0 }
    let digester = digester
    let source = FaultySource(
      table, world, isWithoutToken: wishes.isWithoutToken, whenPaged: wishes.whenPaged)
    var baseline = Baseline(
      threshold: wishes.partitionFrom,
      expected: { [table] () throws(SyncError) in
        wishes.isCountUnknown ? nil : table.keys.count
      },
      readers: Array(repeating: source, count: wishes.readers))
    baseline.lookUps = wishes.lookUps
    return IngressJob(
      settings: settings, goal: goal, before: state?.delta ?? DeltaSlot(),
      target: target(pageSize: wishes.pageSize),
      ports: IngressPorts(
        source: source, spool: spoolPort,
        ledger: FaultyLedger(ledger, world),
        digest: { digester.digest($0) }, clock: world.clock, writes: 3, reads: 3,
        readsWholeOrganization: { () throws(SyncError) in
          try self.world.checkAlive()
          return wishes.readsWholeOrganization
        },
        approvedDeletes: wishes.approvedDeletes,
        baseline: baseline,
        note: wishes.note),
      staging: staging, loading: loading(goal == .next ? .look : .wait))
  }

  private func target(pageSize: Int) -> IngressTarget.Source {
    let query = TableQuery(entitySet: "contacts", columns: plan.columns, pageSize: pageSize)
    let target = IngressTarget(
      plan: plan, query: query, store: FaultyStore(resource, world), tokenDays: 30)
    return { [self] () async throws(SyncError) in
      try world.checkAlive()
      targets.withLock { $0 += 1 }
      return target
    }
  }

  var staging: StageJob {
    StageJob(name: settings.name, dropbox: dropbox, spool: spoolPort, uploads: 3)
  }

  func loading(_ goal: LoadJob.Goal) -> LoadJob {
    let wishes = wishes.withLock { $0 }
    return LoadJob(
      settings: settings, goal: goal, workflow: FaultyWorkflow(workflow, world), dropbox: dropbox,
      spool: spoolPort, ledger: FaultyLedger(ledger, world), signalGate: signalGate,
      signalInterval: .seconds(600),
      patience: Patience(
        clock: world.clock, deadline: wishes.deadline, stop: wishes.isStopped))
  }

  private var spoolPort: @Sendable (Int) throws(SyncError) -> any Spool {
    { [spools, world] run throws(SyncError) in FaultySpool(spools[run], world) }
  }

  private func commitPorts(_ thread: any SerialExecutor) -> CommitPorts<IngressState> {
    let wishes = wishes.withLock { $0 }
    var ports = CommitPorts<IngressState>(
      thread: thread,
      checkpoints: FaultyCheckpoints(checkpoints, world) { [self] in audit($0) },
      spool: spoolPort, ledger: FaultyLedger(ledger, world),
      limit: RejectLimit(job: settings.name, share: wishes.rejectShare), clock: world.clock,
      stop: wishes.isStopped,
      identity: JobIdentity(
        organization: "o", dynamicsHost: "d", campaign: "c", table: "contact",
        resource: "profile", key: "externalId"),
      content: nil)
    breach?.bend(&ports)
    return ports
  }
}

/// The spools of a job, by run.
final class SpoolShelf: Sendable {
  private let settings: IngressSettings
  private let header: [UInt8]
  private let spools = Mutex<[Int: MemorySpool]>([:])

  init(_ settings: IngressSettings, header: [UInt8]) {
    self.settings = settings
    self.header = header
  }

  subscript(run: Int) -> MemorySpool {
    spools.withLock { spools in
      if let spool = spools[run] { return spool }
      let spool = MemorySpool(
        run: RunName(job: settings.name, run: run), header: header,
        compression: settings.csv.compress)
      spools[run] = spool
      return spool
    }
  }

  var all: [MemorySpool] { spools.withLock { Array($0.values) } }

  func file(at path: String) -> [UInt8]? {
    for spool in all {
      for (name, bytes) in spool.files where spool.path(of: name) == path { return bytes }
    }
    return nil
  }
}
