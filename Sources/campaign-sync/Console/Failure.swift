import Core

/// The words for a failure: what, where it stands, what is safe, what to type.
enum Failure {
  static func text(_ error: SyncError, job: String?, stands: String? = nil) -> String {
    let code = error.code.flatMap { $0 == SyncError.usageCode ? nil : " (\($0))" } ?? ""
    let prefix = job.map { "\($0): " } ?? ""
    var lines = ["\(prefix)cannot \(error.action): \(error.reason)\(code)"]
    if let stands { lines.append("  stands: \(stands)") }
    if job != nil {
      lines.append("  safe:   what is committed stays; repeating the run changes nothing twice")
    }
    if let next = error.next { lines.append("  next:   \(next)") }
    return lines.joined(separator: "\n")
  }

  /// The most urgent of several, in the order of `SyncError.Kind`.
  static func mostUrgent(_ errors: [SyncError]) -> SyncError? {
    let order = SyncError.Kind.allCases
    return errors.min { one, other in
      (order.firstIndex(of: one.kind) ?? 0) < (order.firstIndex(of: other.kind) ?? 0)
    }
  }
}
