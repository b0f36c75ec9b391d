import Core
import Jobs
import Ledger

extension JobState {
  /// Gives checkpoint and ledger to the systems of today; the caller holds the lock.
  ///
  /// A ledger that is there goes first: beside it, a checkpoint of other systems is refused until this
  /// is done again. One that is lost goes last: without it, nothing runs.
  ///
  /// - Returns: what was done, for a person.
  /// - Errors: 78 where rows or records are others, or a load is under way.
  func adopt(organization: String) throws(SyncError) -> String {
    guard var checkpoint = try checkpoints.load() else { return "no checkpoint" }
    let wanted = identity(organization: organization)
    guard !checkpoint.identity.isOfOtherThings(than: wanted) else {
      throw SyncError(
        .configuration, "adopt \(settings.name)",
        "its checkpoint is about another table, resource or key: its rows would mean nothing",
        next: "put them back, or start over: campaign-sync checkpoint clear \(settings.name)")
    }
    guard !checkpoint.state.isMidLoad else {
      throw SyncError(
        .configuration, "adopt \(settings.name)", "it is in the middle of a load",
        next: "put everything back and finish it, or start over: campaign-sync checkpoint clear "
          + settings.name)
    }
    let isLost = !SQLiteLedger.exists(in: folder)
    let isSame = checkpoint.identity == wanted
    if !isLost { try SQLiteLedger.adopt(in: folder, for: wanted) }
    checkpoint.identity = wanted
    if checkpoint.state.phase == .loaded {
      checkpoint.state = checkpoint.state.recovering(
        isLost ? .ledgerLost : .adopted, keepingToken: isLost && isSame)
    }
    try checkpoints.replace(with: checkpoint)
    if isLost { _ = try SQLiteLedger.create(in: folder, identity: wanted) }
    let what = isLost ? "a new ledger was made" : "adopted"
    return "\(what); campaign-sync run \(settings.name) reads every row and compares it"
  }
}
