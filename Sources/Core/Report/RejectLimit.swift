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

  /// Throws where the limit is exceeded, and says which reasons were the most frequent.
  ///
  /// - Parameters:
  ///   - rejections: of the commit in hand; nothing of them will be recorded.
  ///   - what: the tally is of.
  /// - Errors: `rejectedData`, before anything of the commit is recorded.
  package func check(
    _ tally: Tally, _ rejections: [Rejection] = [], of what: String = "this run"
  ) throws(SyncError) {
    guard isExceeded(by: tally) else { return }
    throw SyncError(
      .rejectedData, "commit the rows of \(what)",
      "\(tally.rejected) of \(tally.read) records were rejected, more than the limit of "
        + Percent.words(share) + RejectLimit.words(rejections),
      next: "mend the rows or the mapping, or the same command with --reject-limit")
  }

  /// The three most frequent reasons: columns and rules, never a value.
  private static func words(_ rejections: [Rejection]) -> String {
    let counts = rejections.reduce(into: [String: Int]()) { $0[$1.reason, default: 0] += 1 }
    let order = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
    if order.isEmpty { return "" }
    return ": " + order.prefix(3).map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
  }
}
