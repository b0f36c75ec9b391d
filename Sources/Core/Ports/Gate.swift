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
  /// Returns when the gate is open.
  ///
  /// A moment more than a day ahead was written by a clock that has since been set right; it is
  /// taken as open, so that a wrong clock cannot wedge the jobs.
  /// - Throws: `.stopped`; or, at once, that the caller's deadline comes first.
  package func wait(_ patience: Patience) async throws(SyncError) {
    try patience.checkStop()
    while let moment = try await notBefore() {
      let now = patience.clock.now
      if moment <= now || moment - now > .seconds(86_400) { return }
      try await patience.sleep(until: moment)
    }
  }
}
