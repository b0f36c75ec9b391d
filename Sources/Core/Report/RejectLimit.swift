/// How many rejects a run may have: `rejects: { limit: 1% }`.
///
/// - Units: a share of the records read in this run, judged from 100 on. `Tally.read` and
///   `Tally.rejected` count records on their first way only; retried ones are in `retried`.
package struct RejectLimit: Sendable, Equatable {
  /// Below that a share says nothing: one bad row of three is no reason to stop.
  package static let smallestSample = 100

  package var job: String
  /// 0.01 is 1 %.
  package var share: Double

  package init(job: String, share: Double) {
    self.job = job
    self.share = share
  }

  package func isExceeded(by tally: Tally) -> Bool {
    tally.read >= RejectLimit.smallestSample && Double(tally.rejected) > share * Double(tally.read)
  }

  /// - Errors: `rejectedData`, before anything of the commit is recorded.
  package func check(_ tally: Tally) throws(SyncError) {
    guard isExceeded(by: tally) else { return }
    throw SyncError(
      .rejectedData, "commit the rows of this run",
      "\(tally.rejected) of \(tally.read) records were rejected, more than the limit of \(percent)",
      next: "campaign-sync plan \(job), or the same command with --reject-limit")
  }

  private var percent: String {
    let tenths = Int(share * 1000 + 0.5)
    return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }
}
