import Core

/// The export files that are there, and which of them may be read.
struct ExportListing {
  /// Of every file that fits the pattern.
  var names: [String] = []
  /// Complete as far as listings can tell, and not finished; by name.
  var stable: [RemoteFile] = []
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

extension ExportReader {
  /// Lists the files of the pattern, twice where something is new.
  ///
  /// A file may be read when two listings show it the same, `stableFor` apart; the first of the two
  /// may be that of an earlier run.
  ///
  /// - Parameter waiting: of the last listing.
  /// - Parameter remember: keeps those of this one, for the next run.
  func listing(
    _ waiting: [WaitingFile], _ remember: ([WaitingFile]) async throws(SyncError) -> Void
  ) async throws(SyncError) -> ExportListing {
    var (listing, seen) = try await look(waiting)
    try await remember(seen)
    let clock = patience.clock
    let ripe = seen.map { $0.since + files.stableFor }.max()
    if let ripe, ripe > clock.now, patience.allows(ripe) {
      try await patience.sleep(until: ripe)
      (listing, seen) = try await look(seen)
      try await remember(seen)
    }
    let now = clock.now
    for file in seen {
      if file.since + files.stableFor <= now {
        listing.stable.append(file.file)
      } else {
        note("\(file.name): not taken yet; no two listings have agreed so far")
      }
    }
    return listing
  }

  private func look(
    _ before: [WaitingFile]
  ) async throws(SyncError) -> (ExportListing, [WaitingFile]) {
    var listing = ExportListing()
    var waiting: [WaitingFile] = []
    let now = patience.clock.now
    for file in try await ExportReader.files(of: files.pattern, in: dropbox) {
      guard ExportReader.isProper(file.name) else {
        note("a file of \(files.pattern) is not taken: its name is not proper")
        continue
      }
      listing.names.append(file.name)
      if try await ledger.file(file.name)?.isDone(with: file) == true { continue }
      let same = before.first { $0.file == file && $0.since <= now }
      waiting.append(WaitingFile(file, since: same?.since ?? now))
    }
    return (listing, waiting)
  }

  /// The files of a pattern, also packed ones, by name.
  package static func files(
    of pattern: String, in dropbox: any Dropbox
  ) async throws(SyncError) -> [RemoteFile] {
    try await dropbox.list(pattern + "*")
      .filter { takes($0.name, pattern) }
      .sorted { $0.name < $1.name }
  }

  /// Whether a file is one of a job's pattern.
  package static func takes(_ name: String, _ pattern: String) -> Bool {
    guard RemoteName.folder(of: name) == RemoteName.folder(of: pattern) else { return false }
    return RemoteName.fits(name, pattern)
      || (name.hasSuffix(".gz") && RemoteName.fits(name.dropLast(3), pattern))
  }

  /// A name that every server and every tool keeps as it is.
  package static func isProper(_ name: String) -> Bool {
    do throws(SyncError) {
      try RemoteName.check(name)
      return true
    } catch {
      return false
    }
  }
}

extension FileMark {
  /// Whether this very file has been read to its end.
  package func isDone(with file: RemoteFile) -> Bool {
    isDone && size == file.size && modified == file.modified
  }
}
