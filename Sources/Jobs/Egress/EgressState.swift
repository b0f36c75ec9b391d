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

/// A file that has been seen and is not finished.
package struct WaitingFile: Codable, Sendable, Equatable {
  package var name: String
  package var size: UInt64
  /// Seconds since 1970.
  package var modified: Int64
  /// Since when every listing has shown it so.
  package var since: Instant

  package init(_ file: RemoteFile, since: Instant) {
    name = file.name
    size = file.size
    modified = file.modified
    self.since = since
  }

  var file: RemoteFile { RemoteFile(name: name, size: size, modified: modified) }
}
