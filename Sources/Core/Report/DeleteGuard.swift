/// How many deletions may pass without a person: `deletes: { limit: 10%, floor: 50 }`.
///
/// - Units: a share of the rows that the ledger knows. The deletions that wait count, and those of
///   the last 24 hours; those that somebody approved do not.
package struct DeleteGuard: Sendable, Equatable {
  /// How long a deletion counts.
  package static let window = Duration.seconds(86_400)

  package struct Counts: Sendable, Equatable {
    /// Deletions that wait to be applied.
    package var waiting: Int
    /// Deletions applied within `window` that nobody approved.
    package var recent: Int
    /// `Ledger.knownCount`.
    package var known: Int

    package init(waiting: Int, recent: Int, known: Int) {
      self.waiting = waiting
      self.recent = recent
      self.known = known
    }
  }

  package enum Verdict: Sendable, Equatable {
    /// All that wait are applied, and count for the next 24 hours.
    case apply
    /// All that wait are applied, and do not count.
    case approved
    /// None is applied; they go on waiting.
    case tripped(Tripped)
  }

  package struct Tripped: Sendable, Equatable {
    package var waiting: Int
    /// Of those that wait and those of the last 24 hours; nil where the ledger knows no row.
    package var share: Double?
    /// What approves exactly those that wait.
    package var command: String
    /// What happened, told in the words of the failed run; nothing was deleted.
    package var error: SyncError
  }

  package var job: String
  /// 0.10 is 10 %.
  package var limit: Double
  /// Fewer deletions than that in 24 hours never trip it.
  package var floor: Int

  package init(job: String, limit: Double, floor: Int) {
    self.job = job
    self.limit = limit
    self.floor = floor
  }

  package init(job: String, _ deletes: IngressSettings.Deletes) {
    self.init(job: job, limit: deletes.limit, floor: deletes.floor)
  }

  /// Judges all deletions that wait, once.
  ///
  /// - Parameter approved: `--approve-deletes N`, which must name exactly the number that waits.
  package func judge(_ counts: Counts, approved: Int? = nil) -> Verdict {
    if counts.waiting == 0 { return .apply }
    if approved == counts.waiting { return .approved }
    return isExceeded(by: counts) ? .tripped(tripped(counts, approved)) : .apply
  }

  private func isExceeded(by counts: Counts) -> Bool {
    let deletions = counts.waiting + counts.recent
    // 0.29 * 100 is a hair less than 29, and 29 of 100 are still no more than 29 %.
    let most = limit * Double(counts.known) + 1e-6
    return deletions >= floor && Double(deletions) > most
  }

  private func tripped(_ counts: Counts, _ approved: Int?) -> Tripped {
    let command = "campaign-sync run \(job) --approve-deletes \(counts.waiting)"
    let deletions = counts.waiting + counts.recent
    let share = counts.known > 0 ? Double(deletions) / Double(counts.known) : nil
    var reason = ""
    if let approved { reason = "\(approved) were approved, and \(counts.waiting) wait: " }
    if let share {
      reason += counts.recent > 0 ? "with the \(counts.recent) of the last 24 hours " : ""
      reason +=
        "they are \(Percent.words(share, rounded: .up)) of the \(counts.known) rows known, more "
        + "than the limit of \(Percent.words(limit))"
    } else {
      reason += "the ledger knows no row that they could be a share of"
    }
    reason += "; nothing was deleted"
    return Tripped(
      waiting: counts.waiting, share: share, command: command,
      error: SyncError(
        .rejectedData, "delete \(counts.waiting) rows of \(job) in Campaign", reason,
        next: "if they are meant, \(command)"))
  }
}
