import Core

/// Where an opt-out job stands; what it knows of people is in the ledger.
package struct OptOutState: Codable, Sendable, Equatable {
  /// Finished runs.
  package var rounds = 0
  package var lastRound: Instant?
  /// Tries of what is pending, on somebody's word.
  package var retries = 0
  /// Files of the last listing that are not read to their end.
  package var waiting: [WaitingFile] = []
  /// When old decisions were last forgotten.
  package var tidied: Instant?
  package var changes = ContactChanges()

  package init() {}
}

/// How far the contacts of Dynamics are followed, with a token of the job's own.
package struct ContactChanges: Codable, Sendable, Equatable {
  /// What the token answers to.
  package var query: TableQuery?
  /// Where the next chain begins; nil before the first scan, and where a new one is needed.
  package var token: DeltaToken?
  /// The next page of an unfinished chain or scan.
  package var link: String?
  /// When the chain or scan in hand was begun.
  package var began: Instant?
  /// Full scans that were finished.
  package var scans = 0

  package init() {}
}
