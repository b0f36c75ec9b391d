import Core

/// A gate of this process only: for token endpoints, and for tests.
package actor MemoryGate: Gate {
  private var moment: Instant?

  package init() {}

  package func notBefore() -> Instant? { moment }

  package func close(until moment: Instant) {
    self.moment = max(self.moment ?? moment, moment)
  }
}
