/// What went wrong, in words for the person on call; its kind decides the exit status.
///
/// - Shape: no field value and no foreign text; a foreign code goes to `code`.
package struct SyncError: Error, Sendable, Equatable {
  /// Raw value: the exit status, from `sysexits.h`.
  ///
  /// Order: urgency, for the status of several jobs.
  package enum Kind: Int32, Sendable, CaseIterable {
    case bug = 70
    case configuration = 78
    case permission = 77
    case protocolBroken = 76
    case storage = 74
    case rejectedData = 65
    case unavailable = 75  // the only one worth an automatic rerun
  }

  package var kind: Kind
  /// What was tried: "publish contacts-000012-0042.csv.gz".
  package var action: String
  /// What happened: "the server closed the session after 4194304 bytes".
  package var reason: String
  /// A foreign code, never foreign text: "libssh2 -13", "0x80044352".
  package var code: String?
  /// What to do or to type: "campaign-sync stage contacts".
  package var next: String?
  /// True when somebody asked for the end: a signal, or the deadline.
  package var isStop = false
  /// How long the other side asks to be left alone.
  package var retryAfter: Duration?

  package init(
    _ kind: Kind, _ action: String, _ reason: String, code: String? = nil, next: String? = nil,
    retryAfter: Duration? = nil
  ) {
    self.kind = kind
    self.action = action
    self.reason = reason
    self.code = code
    self.next = next
    self.retryAfter = retryAfter
  }

  /// A safe point was reached after somebody asked for the end.
  package static var stopped: SyncError {
    var error = SyncError(
      .unavailable, "go on", "asked to stop, and stopped at a safe point",
      next: "run the same command again")
    error.isStop = true
    return error
  }
}
