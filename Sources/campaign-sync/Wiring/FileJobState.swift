import Core
import Disk
import Jobs
import Ledger

/// What a job that reads export files has on disk: checkpoint, ledger, and whom they belong to.
protocol FileJobState: Sendable {
  associatedtype State: Codable & Sendable
  var environment: EnvironmentSettings { get }
  var place: JobPlace { get }
  var checkpoints: CheckpointFile<State> { get }
  /// What it writes to, what it is about, and by which key.
  var subject: (table: String, resource: String, key: String) { get }
  /// What `subject.resource` is called: "event".
  var resourceWord: String { get }
}

extension FileJobState {
  var name: String { place.name }

  func identity(organization: String) -> JobIdentity {
    JobIdentity(
      organization: organization, dynamicsHost: environment.dynamics.url,
      campaign: environment.campaign.url, table: subject.table, resource: subject.resource,
      key: subject.key)
  }

  /// The checkpoint, if it belongs to this job file and this environment.
  ///
  /// - Parameter organization: nil where Dynamics was not asked.
  func checkpoint(organization: String?) throws(SyncError) -> Checkpoint<State>? {
    guard let checkpoint = try checkpoints.load() else { return nil }
    let stands = checkpoint.identity
    let wanted = identity(organization: organization ?? stands.organization)
    guard stands != wanted else { return checkpoint }
    let pairs: [(String, String, String)] = [
      ("Dynamics organization", stands.organization, wanted.organization),
      ("Dynamics address", stands.dynamicsHost, wanted.dynamicsHost),
      ("Campaign organisation", stands.campaign, wanted.campaign),
      ("table", stands.table, wanted.table), (resourceWord, stands.resource, wanted.resource),
    ]
    let changes = pairs.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1) -> \($0.2)" }
    throw SyncError(
      .configuration, "go on with \(name)",
      "its checkpoint belongs to another pair of systems (\(changes.joined(separator: "; ")))",
      next: "put it back, or, if the systems are meant: campaign-sync checkpoint adopt \(name)")
  }

  /// Drops checkpoint and ledger; the caller holds the lock.
  ///
  /// Runs and pauses stay.
  func clear() throws(SyncError) {
    try checkpoints.remove()
    try SQLiteLedger.remove(in: place.folder)
  }

  /// Gives checkpoint and ledger to other addresses; what of the ledger is no longer true is forgotten.
  ///
  /// - Returns: what was done, for a person.
  func adopt(
    _ checkpoint: Checkpoint<State>, for wanted: JobIdentity, forgetting entries: [LedgerEntry],
    now: Instant
  ) throws(SyncError) -> String {
    var checkpoint = checkpoint
    let isLost = !SQLiteLedger.exists(in: place.folder)
    if !isLost {
      try SQLiteLedger.adopt(in: place.folder, for: wanted)
      try SQLiteLedger.open(in: place.folder, identity: wanted).record(entries, at: now)
    }
    checkpoint.identity = wanted
    try checkpoints.replace(with: checkpoint)
    if isLost { _ = try SQLiteLedger.create(in: place.folder, identity: wanted) }
    return isLost ? "a new ledger was made" : "adopted"
  }
}

extension LedgerEntry {
  /// Every file is a new one, and every event.
  static func everyFileIsNew(_ now: Instant) -> LedgerEntry {
    .forgotEvents(before: now + .seconds(2 * 86_400), listed: [])
  }
}

extension FileJobState {
  /// Whether the job has read this very file to its end.
  ///
  /// - Parameter isLooking: the ledger is not brought to today's format.
  func hasFinished(_ file: RemoteFile, isLooking: Bool) async throws(SyncError) -> Bool {
    guard let checkpoint = try checkpoint(organization: nil) else { return false }
    let ledger =
      isLooking
      ? try SQLiteLedger.look(in: place.folder)
      : try SQLiteLedger.open(in: place.folder, identity: checkpoint.identity)
    return try await ledger.file(file.name)?.isDone(with: file) ?? false
  }
}
