/// The moment before which no request of one identity may leave, in any process of a state folder.
///
/// - Promise: the moment only ever moves later; what one process closes is closed for all of them.
package protocol Gate: Sendable {
  /// Nil, or a moment in the past: open. Cheap enough to be asked before each request.
  func notBefore() async throws(SyncError) -> Instant?
  /// An earlier moment than the one that stands changes nothing.
  func close(until moment: Instant) async throws(SyncError)
}

extension Gate {
  /// Nil where the gate is open now.
  ///
  /// A moment more than a day ahead was written by a clock that has since been set right; it is
  /// taken as open, so that a wrong clock cannot wedge the jobs.
  package func closedUntil(_ now: Instant) async throws(SyncError) -> Instant? {
    guard let moment = try await notBefore(), moment > now, moment - now <= .seconds(86_400) else {
      return nil
    }
    return moment
  }

  /// Returns when the gate is open.
  ///
  /// - Throws: `.stopped`; or, at once, that the caller's deadline comes first.
  package func wait(_ patience: Patience) async throws(SyncError) {
    try patience.checkStop()
    while let moment = try await closedUntil(patience.clock.now) {
      try await patience.sleep(until: moment)
    }
  }
}
