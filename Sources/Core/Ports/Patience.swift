/// How long a caller is willing to wait, and how it hears that somebody asked for the end.
package struct Patience: Sendable {
  package var clock: any Clock
  /// Nil: as long as it takes.
  package var deadline: Instant?
  /// True after a signal, or after a neighbour failed.
  package var stop: @Sendable () -> Bool

  package init(
    clock: any Clock, deadline: Instant? = nil, stop: @escaping @Sendable () -> Bool = { false }
  ) {
    self.clock = clock
    self.deadline = deadline
    self.stop = stop
  }

  package func allows(_ moment: Instant) -> Bool {
    guard let deadline else { return true }
    return moment <= deadline
  }

  /// - Throws: `.stopped` where somebody asked for the end, or cancelled the task.
  package func checkStop() throws(SyncError) {
    if stop() || Task.isCancelled { throw .stopped }
  }

  /// Sleeps, in slices of at most a second so that a stop is heard.
  ///
  /// - Throws: `.stopped`; or, at once, that the deadline comes first.
  package func sleep(until moment: Instant) async throws(SyncError) {
    try checkStop()
    guard allows(moment) else { throw .deadlineFirst(by: moment - clock.now) }
    while clock.now < moment {
      await clock.sleep(min(moment - clock.now, .seconds(1)))
      try checkStop()
    }
  }
}

extension SyncError {
  static func deadlineFirst(by wait: Duration) -> SyncError {
    SyncError(
      .unavailable, "wait for the service",
      "it asks to be left alone past the deadline of this run",
      next: "run the same command again later", retryAfter: wait)
  }
}
