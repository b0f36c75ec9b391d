import Core
import Jobs

extension EgressJobState {
  /// Gives checkpoint and ledger to the Dynamics of today; the caller holds the lock.
  ///
  /// What is pending stays; which events arrived and which files were read is forgotten.
  ///
  /// - Returns: what was done, for a person.
  /// - Errors: 78 where the table, the event or Campaign is another: the ids of events would be too.
  func adopt(organization: String, now: Instant) throws(SyncError) -> String {
    guard let checkpoint = try checkpoints.load() else { return "no checkpoint" }
    let wanted = identity(organization: organization)
    guard !checkpoint.identity.isOfOtherThings(than: wanted),
      checkpoint.identity.campaign == wanted.campaign
    else {
      throw SyncError(
        .configuration, "adopt \(settings.name)",
        "its checkpoint is about another table, event or Campaign organisation: events that arrived "
          + "would get other ids, and arrive twice",
        next: "put them back, or start over with the files that come from now on: remove the old "
          + "ones, then campaign-sync checkpoint clear \(settings.name)")
    }
    let what = try adopt(checkpoint, for: wanted, forgetting: [.everyFileIsNew(now)], now: now)
    return "\(what); campaign-sync run \(name) reads every export file again"
  }
}
