import Core
import Disk
import Jobs
import Ledger

/// What an opt-out job has on disk.
struct OptOutJobState: FileJobState {
  let settings: OptOutSettings
  let environment: EnvironmentSettings
  let place: JobPlace
  let checkpoints: CheckpointFile<OptOutState>
  let resourceWord = "resource"

  init(_ settings: OptOutSettings, in environment: EnvironmentSettings) {
    self.settings = settings
    self.environment = environment
    place = JobPlace(settings.name, in: environment)
    checkpoints = CheckpointFile(in: place.folder, job: settings.name)
  }

  var subject: (table: String, resource: String, key: String) {
    ("contact", "profile", settings.files?.key ?? "")
  }

  var content: MappingContent { MappingContent(settings) }

  /// - Errors: 78 where direction or fields are others than those of the checkpoint.
  func checkContent(_ checkpoint: Checkpoint<OptOutState>?) throws(SyncError) {
    guard let before = checkpoint?.content else { return }
    let changes = content.changes(since: MappingContent(text: before))
    if changes.isEmpty { return }
    throw SyncError(
      .configuration, "go on with \(name)",
      "its direction or fields changed since the checkpoint (\(changes.joined(separator: "; ")))",
      next: "put them back; decide about everybody afresh with campaign-sync replay \(name); or go "
        + "on from here with campaign-sync run \(name) --keep-position")
  }

  /// The next run reads every contact and every export file as if for the first time; decisions and
  /// what is pending stay.
  ///
  /// - Returns: false where the job has never run.
  func replay(now: Instant) throws(SyncError) -> Bool {
    guard var checkpoint = try checkpoint(organization: nil) else { return false }
    let ledger = try SQLiteLedger.open(in: place.folder, identity: checkpoint.identity)
    checkpoint.content = content.text
    checkpoint.state.changes = ContactChanges()
    // The position first: with it gone, whatever else is remembered is only read again.
    try checkpoints.replace(with: checkpoint)
    try ledger.record([.allConsentsForgotten, .everyFileIsNew(now)], at: now)
    return true
  }

  /// Today's direction and fields are the checkpoint's from here on.
  func keepPosition() throws(SyncError) {
    guard var checkpoint = try checkpoint(organization: nil) else { return }
    checkpoint.content = content.text
    try checkpoints.replace(with: checkpoint)
  }

  /// Gives checkpoint and ledger to the systems of today; the caller holds the lock.
  ///
  /// - Returns: what was done, for a person.
  func adopt(organization: String, now: Instant) throws(SyncError) -> String {
    guard var checkpoint = try checkpoints.load() else { return "no checkpoint" }
    let wanted = identity(organization: organization)
    guard !checkpoint.identity.isOfOtherThings(than: wanted) else {
      throw SyncError(
        .configuration, "adopt \(name)", "its checkpoint is about another key of the export",
        next: "put it back, or start over: campaign-sync checkpoint clear \(name)")
    }
    checkpoint.state.changes = ContactChanges()
    let what = try adopt(
      checkpoint, for: wanted, forgetting: [.allConsentsForgotten, .everyFileIsNew(now)], now: now)
    return "\(what); campaign-sync run \(name) reads every contact and every export file again"
  }
}
