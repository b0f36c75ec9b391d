import Core

/// Where an egress job stands; how far each file has been read is in the ledger.
package struct EgressState: Codable, Sendable, Equatable {
  /// Finished runs.
  package var rounds = 0
  package var lastRound: Instant?
  /// Tries of what is pending, on somebody's word.
  package var retries = 0
  /// Files of the last listing that are not read to their end.
  package var waiting: [WaitingFile] = []
  /// When old events were last forgotten.
  package var tidied: Instant?

  package init() {}
}
