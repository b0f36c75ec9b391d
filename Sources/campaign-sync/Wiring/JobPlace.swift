import Core
import Disk
import Jobs
import Ledger

/// What every job has on disk, whatever its kind: `state/ENV/JOB`.
struct JobPlace {
  let name: String
  let folder: String
  let pause: PauseFile
  let records: RunRecords<RunRecord>
  /// While a run goes on.
  let progress: ProgressFile<RunProgress>

  init(_ name: String, in environment: EnvironmentSettings) {
    self.name = name
    folder = "\(environment.statePath)/\(environment.name)/\(name)"
    pause = PauseFile(in: folder)
    progress = ProgressFile(in: folder)
    records = RunRecords(in: folder) { $0.began }
  }

  /// Whether the job has ever run to a first commit.
  var hasCheckpoint: Bool { CheckpointFile<EgressState>.exists(in: folder) }

  /// The ledger that goes with the checkpoint; a new one where the job has never run.
  ///
  /// - Errors: 74 where one of the two is there without the other. The first commit writes a
  ///   checkpoint and no ledger row, so an empty ledger alone is a run that was killed before it.
  func ledger(
    identity: JobIdentity, hasCheckpoint: Bool
  ) async throws(SyncError) -> SQLiteLedger {
    try makeFolder(folder)
    if hasCheckpoint { return try SQLiteLedger.open(in: folder, identity: identity) }
    guard let ledger = try await orphanedLedger() else {
      return try SQLiteLedger.create(in: folder, identity: identity)
    }
    if ledger.identity == identity { return ledger }
    try SQLiteLedger.remove(in: folder)
    return try SQLiteLedger.create(in: folder, identity: identity)
  }

  /// The empty ledger of a job without checkpoint; nil where there is none.
  ///
  /// - Errors: 74 where it has rows.
  func orphanedLedger() async throws(SyncError) -> SQLiteLedger? {
    guard SQLiteLedger.exists(in: folder) else { return nil }
    let ledger = try SQLiteLedger.open(in: folder)
    guard try await ledger.knownCount() + ledger.pendingCount() == 0 else {
      throw SyncError(
        .storage, "open the checkpoint of \(name)",
        "the ledger is there and checkpoint.json is not; nothing was started over",
        next: "restore \(folder)/checkpoint.json, or campaign-sync checkpoint clear \(name)")
    }
    return ledger
  }
}
