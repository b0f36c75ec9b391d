import Core
import Jobs
import Ledger

extension EgressJobState {
  /// Gives checkpoint and ledger to the Dynamics of today; the caller holds the lock.
  ///
  /// What is pending stays; which events arrived and which files were read is forgotten.
  ///
  /// - Returns: what was done, for a person.
  /// - Errors: 78 where the table, the event or Campaign is another: the ids of events would be too.
  func adopt(organization: String, now: Instant) throws(SyncError) -> String {
    guard var checkpoint = try checkpoints.load() else { return "no checkpoint" }
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
    let isLost = !SQLiteLedger.exists(in: place.folder)
    if !isLost {
      try SQLiteLedger.adopt(in: place.folder, for: wanted)
      let ledger = try SQLiteLedger.open(in: place.folder, identity: wanted)
      try ledger.record([.forgotEvents(before: now + .seconds(2 * 86_400), listed: [])], at: now)
    }
    checkpoint.identity = wanted
    try checkpoints.replace(with: checkpoint)
    if isLost { _ = try SQLiteLedger.create(in: place.folder, identity: wanted) }
    let what = isLost ? "a new ledger was made" : "adopted"
    return "\(what); campaign-sync run \(settings.name) reads every export file again"
  }
}
