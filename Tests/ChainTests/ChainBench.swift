import Campaign
import Core
import Dataverse
import Digests
import Foundation
import HTTP
import JobFiles
import Jobs
import Sandbox
import Synchronization
import TestSupport
import Threads

/// The committed jobs of contacts, vehicles, services and items, with both sandboxes, in memory but for
/// what imports load.
///
/// One record at a time, so that a seed tells the same story again.
///
/// - Shape: real clients, real jobs, real stand-ins; disk and ledgers are those of a story.
final class ChainBench: Sendable {
  struct Ledgers: Sendable {
    let ledger = MemoryLedger()
    let checkpoints = MemoryCheckpointStore<IngressState>()
  }

  static let names = ["contacts", "vehicles", "services", "service-items"]
  static let folder: JobFolder? = {
    let root = Golden.fixtures.deletingLastPathComponent()
    let files = names.compactMap { name in
      (try? String(contentsOf: root.appendingPathComponent("jobs/\(name).yaml"), encoding: .utf8))
        .map { (name: "jobs/\(name).yaml", text: $0) }
    }
    return try? JobFolder.read(files, guardrails: .error).folder
  }()

  let world: World
  let dataverse: DataverseService
  let campaign: CampaignService
  let jobs: [IngressSettings]
  private let dynamics: DataverseClient
  private let profiles: CampaignClient
  private let files: ChainFiles
  private let ledgers: [String: Ledgers]
  private let targets: [String: IngressTarget]
  private let thread = ThreadExecutor(name: "commit")
  private let down = Mutex<@Sendable () async throws -> Void>({})
  private let digester = RowDigester(key: [UInt8](repeating: 7, count: 32))

  /// - Parameter change: of the committed jobs; they are loaded by API, and so are their changes.
  init(
    _ world: World, seed: UInt64, _ turn: (inout CampaignKnobs) -> Void,
    jobs change: (inout IngressSettings) -> Void = { _ in }
  ) async throws {
    self.world = world
    files = ChainFiles(world)
    var about = DataverseWorld()
    about.seed = seed % 5 + 1
    about.rows = ["contact": 14, "cs_vehicle": 14, "cs_service": 14, "cs_serviceitem": 12]
    let clock = SandboxClock(base: world.clock.now, isRunning: false)
    dataverse = DataverseService(world: about, clock: clock)
    var knobs = DataverseKnobs()
    knobs.limitsEnabled = false
    knobs.maxPageSize = 9
    await dataverse.set(knobs)
    var settings = CampaignSettings(
      organization: "acme", clients: [.init(id: "client-1", secrets: ["secret-1"])])
    settings.sftpHome = files.path
    campaign = CampaignService(settings) { world.clock.now }
    var campaignKnobs = CampaignKnobs()
    turn(&campaignKnobs)
    await campaign.set(campaignKnobs)
    jobs = Self.names.compactMap { Self.folder?.ingress($0) }
      .map { job in
        var job = Self.small(job)
        change(&job)
        return job
      }
    ledgers = Dictionary(uniqueKeysWithValues: Self.names.map { ($0, Ledgers()) })
    let (entra, ims) = try await Self.tokens(dataverse, about, campaign)
    let (rows, records) = (dataverse, campaign)
    func dynamics(_ world: World) -> DataverseClient {
      DataverseClient(
        url: Self.dynamicsURL,
        transport: ChainWire(service: rows, world: world, token: entra))
    }
    func profiles(_ world: World) -> CampaignClient {
      CampaignClient(
        url: Self.campaignURL, apiKey: "client-1",
        transport: ChainWire(service: records, world: world, token: ims))
    }
    self.dynamics = dynamics(world)
    self.profiles = profiles(world)
    targets = try await Self.targets(
      jobs, dynamics(.still()), profiles(.still()), self.profiles)
  }

  private static let dynamicsURL = "https://contoso.crm4.dynamics.com"
  private static let campaignURL = "http://127.0.0.1:1/acme"

  /// Fetched in good weather: a token source waits outside of the story.
  private static func tokens(
    _ dataverse: DataverseService, _ about: DataverseWorld, _ campaign: CampaignService
  ) async throws -> (entra: String, ims: String) {
    let entra = EntraTokens(
      authority: dynamicsURL, tenant: about.tenant, environment: dynamicsURL,
      client: about.clients[0].id, secret: about.clients[0].secret,
      transport: ChainWire(service: dataverse, world: .still()))
    let ims = IMSTokens(
      url: "http://127.0.0.1:1/ims/token/v3", client: "client-1", secret: "secret-1",
      scopes: IMSTokens.documentedScopes,
      transport: ChainWire(service: campaign, world: .still()))
    return (try await entra.fetchToken().token, try await ims.fetchToken().token)
  }

  /// Deletions of a small world are always a large share of it.
  private static func small(_ settings: IngressSettings) -> IngressSettings {
    var settings = settings
    settings.initial = .api
    settings.deletes.apply = true
    settings.deletes.floor = 1000
    return settings
  }

  /// Schemas are read in good weather; the stores are those of the story.
  private static func targets(
    _ jobs: [IngressSettings], _ calmDynamics: DataverseClient, _ calmCampaign: CampaignClient,
    _ campaign: CampaignClient
  ) async throws -> [String: IngressTarget] {
    var stores: [String: any ResourceStore] = [:]
    var targets: [String: IngressTarget] = [:]
    for job in jobs {
      let table = try await calmDynamics.table(job.table)
      let resource = try await calmCampaign.resource(job.resource)
      let plan = try RowPlan(job, table: table, resource: resource)
      let store = try campaign.store(for: resource, key: job.key, lookup: job.lookup)
      stores[job.name] = store
      let parents = job.parents.map(\.job)
      targets[job.name] = IngressTarget(
        plan: plan,
        query: TableQuery(entitySet: table.entitySet, columns: plan.columns, pageSize: 9),
        store: store, parentStores: stores.filter { parents.contains($0.key) }, tokenDays: 30)
    }
    return targets
  }

  /// What the commands `replay` and `checkpoint adopt` do to a job.
  func replay(_ job: String) {
    edit(job) { state in
      if case .marked(let marked) = Replay(of: state) { state = marked }
    }
  }

  func adopt(_ job: String, losingLedger isLost: Bool) {
    if isLost { ledgers[job]?.ledger.lose() }
    if !isLost { try? ledgers[job]?.ledger.record([.allDoubted], at: world.clock.now) }
    edit(job) { state in
      guard state.phase == .loaded else { return }
      state = state.recovering(isLost ? .ledgerLost : .adopted, keepingToken: isLost)
    }
  }

  /// What `checkpoint adopt` does where the ledger is new; the changes of before count as followed.
  func loseLedger(of job: String) {
    ledgers[job]?.ledger.lose()
    edit(job) { $0 = $0.recovering(.ledgerLost) }
  }

  private func edit(_ job: String, _ change: (inout IngressState) -> Void) {
    guard let checkpoints = ledgers[job]?.checkpoints, var checkpoint = try? checkpoints.load()
    else { return }
    change(&checkpoint.state)
    try? checkpoints.replace(with: checkpoint)
  }

  func state(of job: String) -> IngressState? { try? ledgers[job]?.checkpoints.load()?.state }
  func waiting(in job: String) -> [String] { ledgers[job]?.ledger.waiting ?? [] }

  /// What happens between each death and the life after it.
  func whileDown(_ work: @escaping @Sendable () async throws -> Void) {
    down.withLock { $0 = work }
  }

  /// One process: one goal of one job, from its start to its end or death.
  private func life(
    _ settings: IngressSettings, _ goal: IngressJob.Goal, leavesDeletes: Bool
  ) async -> RunOutcome<IngressState>? {
    guard let own = ledgers[settings.name], let target = targets[settings.name] else { return nil }
    var parents: [String: any ParentRecords] = [:]
    for parent in settings.parents { parents[parent.job] = ledgers[parent.job]?.ledger }
    let ledger = FaultyLedger(own.ledger, world)
    let spool: @Sendable (Int) throws(SyncError) -> any Spool = {
      [files, world] run throws(SyncError) in
      let run = RunName(job: settings.name, run: run)
      return FaultySpool(
        files.spool(run, header: target.plan.headerLine, settings.csv), world)
    }
    let job = IngressJob(
      settings: settings, goal: goal, before: state(of: settings.name)?.delta ?? DeltaSlot(),
      leavesDeletes: leavesDeletes, target: { () async throws(SyncError) in target },
      ports: IngressPorts(
        source: dynamics, spool: spool, ledger: ledger,
        digest: { [digester] in digester.digest($0) },
        clock: world.clock, writes: 1, reads: 1,
        readsWholeOrganization: { [dynamics] () async throws(SyncError) in
          try await dynamics.readsWholeOrganization(
            TableSchema(
              logicalName: settings.table, entitySet: "", primaryId: "", isChangeTracked: true,
              columns: []))
        }, parents: parents),
      staging: StageJob(
        name: settings.name, dropbox: files.dropbox, spool: spool, uploads: 1),
      loading: LoadJob(
        settings: settings, goal: .look, workflow: profiles, dropbox: files.dropbox, spool: spool,
        ledger: ledger, signalGate: files.gate(of: settings.name), signalInterval: .seconds(600),
        patience: Patience(clock: world.clock)))
    let ports = CommitPorts<IngressState>(
      thread: thread, checkpoints: FaultyCheckpoints(own.checkpoints, world) { _ in [] },
      spool: spool, ledger: ledger, limit: RejectLimit(job: settings.name, share: 1),
      clock: world.clock, stop: { false },
      identity: JobIdentity(
        organization: "o", dynamicsHost: "d", campaign: "c", table: settings.table,
        resource: settings.resource, key: settings.key), content: nil)
    return await run(job, through: ports)
  }

  /// As a crontab runs it: again after a death, and later where it says so.
  private func persist(
    _ settings: IngressSettings, _ goal: IngressJob.Goal, leavesDeletes: Bool = false,
    isOneProcess: Bool
  ) async throws -> String? {
    for _ in 0..<40 {
      try await files.load(into: campaign)
      guard let outcome = await life(settings, goal, leavesDeletes: leavesDeletes) else { break }
      if world.isDead {
        try await down.withLock { $0 }()
        world.reboot()
        if isOneProcess { throw Died() }
      } else if let failure = outcome.failure, !failure.isLoading {
        guard failure.kind == .unavailable else { return "\(settings.name): \(failure)" }
        world.pass(.seconds(60))
      } else {
        return nil
      }
    }
    return "\(settings.name): forty lives were not enough"
  }

  /// `run --all`: rows from parents to children, deletions from children to parents.
  ///
  /// - Parameters:
  ///   - rest: what passes after it, so that an import can be signalled and end.
  ///   - isOneProcess: a death is that of all jobs, and the next life begins with the first one.
  func runAll(
    then rest: Duration = .zero, isOneProcess: Bool = false
  ) async throws -> String? {
    for _ in 0..<40 {
      do {
        for job in jobs {
          let problem = try await persist(
            job, .next, leavesDeletes: true, isOneProcess: isOneProcess)
          if let problem { return problem }
        }
        for job in jobs.reversed() {
          let problem = try await persist(job, .deletes, isOneProcess: isOneProcess)
          if let problem { return problem }
        }
        world.pass(rest)
        return nil
      } catch is Died {
        continue
      }
    }
    return "forty runs were not enough"
  }

  private struct Died: Error {}

  /// What is not as the job files promise; empty where all is.
  func differences() async throws -> [String] {
    var differences: [String] = []
    for job in jobs {
      var parents: [String: IngressSettings] = [:]
      for parent in job.parents { parents[parent.job] = jobs.first { $0.name == parent.job } }
      let result = try await Comparison.run(
        job, parents: parents, dataverse: dataverse, campaign: campaign)
      if !result.isEqual { differences.append("\(job.name) \(result.sentence)") }
    }
    return differences
  }
}

extension IngressSettings {
  /// Changes of the job go by file; such a job has no fields for creates alone.
  mutating func sendByFile() {
    delta = .file
    for index in fields.indices { fields[index].applyUpdates = true }
  }
}

/// Somebody changes rows of a table in Dynamics.
@discardableResult
func mutate(
  _ bench: ChainBench, _ table: String, _ change: (inout Mutation) -> Void
) async throws -> MutationReport {
  var mutation = Mutation()
  change(&mutation)
  return try await bench.dataverse.mutate(table: table, mutation)
}
