import Core
import Disk
import Jobs
import Ledger

/// What one ingress job has on disk.
struct JobState {
  let settings: IngressSettings
  /// The parent jobs, each once.
  let parents: [IngressSettings]
  let environment: EnvironmentSettings
  let place: JobPlace
  let checkpoints: CheckpointFile<IngressState>

  init(
    _ settings: IngressSettings, in environment: EnvironmentSettings,
    parents: [IngressSettings] = []
  ) {
    self.settings = settings
    self.environment = environment
    self.parents = parents
    place = JobPlace(settings.name, in: environment)
    checkpoints = CheckpointFile(in: place.folder, job: settings.name)
  }

  var folder: String { place.folder }

  var spool: @Sendable (_ run: Int) throws(SyncError) -> any Spool {
    let spools = SpoolShelf(settings, environment)
    return { run throws(SyncError) in spools.spool(run) }
  }

  /// The checkpoint, if it belongs to this job file and this environment.
  ///
  /// - Parameter organization: nil where Dynamics was not asked.
  func checkpoint(organization: String?) throws(SyncError) -> Checkpoint<IngressState>? {
    guard let checkpoint = try standing(organization: organization) else { return nil }
    try checkContent(checkpoint)
    try checkDialect(checkpoint.state)
    return checkpoint
  }

  /// The checkpoint, whatever the mapping was when it was written.
  func standing(organization: String?) throws(SyncError) -> Checkpoint<IngressState>? {
    guard let checkpoint = try checkpoints.load() else { return nil }
    try checkIdentity(checkpoint, organization)
    return checkpoint
  }

  /// How the mapping differs from that of the checkpoint, in words; empty where it does not.
  func contentChanges(since checkpoint: Checkpoint<IngressState>) -> [String] {
    checkpoint.content.map { content.changes(since: MappingContent(text: $0)) } ?? []
  }

  func identity(organization: String) -> JobIdentity {
    JobIdentity(
      organization: organization, dynamicsHost: environment.dynamics.url,
      campaign: environment.campaign.url, table: settings.table, resource: settings.resource,
      key: settings.key)
  }

  /// The ledgers of the parent jobs; one that has never run has none.
  ///
  /// - Parameter open: another way for commands that only look.
  func parentLedgers(
    _ open: (_ folder: String) throws(SyncError) -> SQLiteLedger = { folder throws(SyncError) in
      try SQLiteLedger.open(in: folder)
    }
  ) throws(SyncError) -> [String: any ParentRecords] {
    var ledgers: [String: any ParentRecords] = [:]
    for parent in parents {
      let folder = JobPlace(parent.name, in: environment).folder
      guard SQLiteLedger.exists(in: folder) else { continue }
      ledgers[parent.name] = try open(folder)
    }
    return ledgers
  }

  /// - Errors: `loading` where a parent job is not so far.
  func requireParents(_ need: ParentNeed) throws(SyncError) {
    for parent in parents {
      let state = try JobState(parent, in: environment).checkpoints.load()?.state
      // Its first load is over: it is loaded again, or its changes go by file. Its ledger knows what
      // has not arrived yet.
      if state?.absence != nil || state?.collect != nil { continue }
      switch (state?.phase, need) {
      case (.loaded?, _), (.staging?, .exported), (.loading?, .exported): continue
      default: throw .waitsForParent(settings.name, parent.name)
      }
    }
  }

  var content: MappingContent { MappingContent(settings) }

  /// Drops checkpoint, ledger and spool; the caller holds the lock.
  ///
  /// Runs and pauses stay.
  func clear() throws(SyncError) {
    let run = try? checkpoints.load()?.state.run
    try checkpoints.remove()
    try SQLiteLedger.remove(in: folder)
    if let run { try spool(run).remove() }
  }

  private func checkIdentity(
    _ checkpoint: Checkpoint<IngressState>, _ organization: String?
  ) throws(SyncError) {
    let stands = checkpoint.identity
    let wanted = identity(organization: organization ?? stands.organization)
    guard stands != wanted else { return }
    let pairs: [(String, String, String)] = [
      ("Dynamics organization", stands.organization, wanted.organization),
      ("Dynamics address", stands.dynamicsHost, wanted.dynamicsHost),
      ("Campaign organisation", stands.campaign, wanted.campaign),
      ("table", stands.table, wanted.table), ("resource", stands.resource, wanted.resource),
      ("key", stands.key, wanted.key),
    ]
    let changes = pairs.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1) -> \($0.2)" }
    throw SyncError(
      .configuration, "go on with \(settings.name)",
      "its checkpoint belongs to another pair of systems (\(changes.joined(separator: "; ")))",
      next: stands.isOfOtherThings(than: wanted)
        ? "put it back, or start over: campaign-sync checkpoint clear \(settings.name)"
        : "put the old address back, or, if the systems are meant: campaign-sync checkpoint adopt "
          + settings.name)
  }

  /// Parts that are under way keep the dialect they began with.
  private func checkDialect(_ standing: IngressState) throws(SyncError) {
    guard standing.phase != .loaded || standing.collect != nil,
      let before = standing.export.dialect, before != settings.csv.dialectText
    else { return }
    throw SyncError(
      .configuration, "go on with \(settings.name)",
      "its `csv:` changed in the middle of a load (\(before) -> \(settings.csv.dialectText))",
      next: "put it back until the load is done, or start over: "
        + "campaign-sync checkpoint clear \(settings.name)")
  }

  private func checkContent(_ checkpoint: Checkpoint<IngressState>) throws(SyncError) {
    let changes = contentChanges(since: checkpoint)
    if changes.isEmpty || differsInOptOutsOnly(from: checkpoint) { return }
    if checkpoint.state.hasFilesUnderWay { throw changedInMidLoad(changes, checkpoint.state) }
    throw SyncError(
      .configuration, "go on with \(settings.name)",
      "its mapping changed since the checkpoint (\(changes.joined(separator: "; ")))",
      next: "put the mapping back, load everything again with campaign-sync replay "
        + "\(settings.name), or go on from here with campaign-sync run \(settings.name) "
        + "--keep-position")
  }

  /// Whether the pairs of the opt-out job are all that changed, and no file is under way.
  ///
  /// They are for records that do not exist yet: nothing that was written before is wrong now.
  func differsInOptOutsOnly(from checkpoint: Checkpoint<IngressState>) -> Bool {
    guard !checkpoint.state.hasFilesUnderWay, let text = checkpoint.content else { return false }
    return content.differsInOptOutsOnly(from: MappingContent(text: text))
  }

  /// Parts of two mappings are not loaded together: neither way is open before the load is done.
  func changedInMidLoad(_ changes: [String], _ standing: IngressState?) -> SyncError {
    let command = standing?.collect == nil ? "initial" : "delta"
    return SyncError(
      .configuration, "go on with \(settings.name)",
      "its mapping changed in the middle of a load (\(changes.joined(separator: "; ")))",
      next: "put the mapping back and finish with campaign-sync \(command) \(settings.name), or "
        + "start over: campaign-sync checkpoint clear \(settings.name)")
  }
}

extension IngressState {
  /// A load has begun and is not done.
  var isMidLoad: Bool { phase != .loaded && !isMarkedForReplay }

  /// Parts of today's mapping would join those of another one.
  var hasFilesUnderWay: Bool { isMidLoad || collect != nil }
}

extension JobIdentity {
  /// Other rows or other records, not only the same ones under another address.
  func isOfOtherThings(than other: JobIdentity) -> Bool {
    table != other.table || resource != other.resource || key != other.key
  }
}

/// One spool folder object a run: it keeps its files open.
final class SpoolShelf: Sendable {
  private let settings: IngressSettings
  private let root: String
  private let shelf = Shelf<Int, SpoolFolder>()

  init(_ settings: IngressSettings, _ environment: EnvironmentSettings) {
    self.settings = settings
    root = "\(environment.spoolPath)/\(environment.name)"
  }

  func spool(_ run: Int) -> SpoolFolder {
    shelf.item(run) {
      let header = CSVDialect(settings.csv).headerLine(settings.header)
      return SpoolFolder(
        in: root, run: RunName(job: settings.name, run: run), header: header,
        compression: settings.csv.compress)
    }
  }
}
