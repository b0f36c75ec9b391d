import Core

/// The export files that are there, and which of them may be read.
struct ExportListing {
  /// Of every file that fits the pattern.
  var names: [String] = []
  /// Complete as far as listings can tell, and not finished; by name.
  var stable: [RemoteFile] = []
}

extension EgressJob {
  /// Lists the files of the pattern, twice where something is new.
  ///
  /// A file may be read when two listings show it the same, `stableFor` apart; the first of the two
  /// may be that of an earlier run.
  func listing(
    _ waiting: [WaitingFile], _ emit: Emit<EgressState>
  ) async throws(SyncError) -> ExportListing {
    var (listing, seen) = try await look(waiting)
    try await remember(seen, emit)
    let clock = ports.patience.clock
    let ripe = seen.map { $0.since + settings.files.stableFor }.max()
    if let ripe, ripe > clock.now, ports.patience.allows(ripe) {
      try await ports.patience.sleep(until: ripe)
      (listing, seen) = try await look(seen)
      try await remember(seen, emit)
    }
    let now = clock.now
    for file in seen {
      if file.since + settings.files.stableFor <= now {
        listing.stable.append(file.file)
      } else {
        ports.note("\(file.name): not taken yet; no two listings have agreed so far")
      }
    }
    return listing
  }

  private func remember(
    _ files: [WaitingFile], _ emit: Emit<EgressState>
  ) async throws(SyncError) {
    try await emit(Advance(now: true) { $0.waiting = files })
  }

  private func look(
    _ before: [WaitingFile]
  ) async throws(SyncError) -> (ExportListing, [WaitingFile]) {
    var listing = ExportListing()
    var waiting: [WaitingFile] = []
    let now = ports.patience.clock.now
    for file in try await EgressJob.exports(settings, in: ports.dropbox) {
      guard EgressJob.isProper(file.name) else {
        ports.note("a file of \(settings.files.pattern) is not taken: its name is not proper")
        continue
      }
      listing.names.append(file.name)
      if try await ports.ledger.file(file.name)?.isDone(with: file) == true { continue }
      let same = before.first { $0.file == file && $0.since <= now }
      waiting.append(WaitingFile(file, since: same?.since ?? now))
    }
    return (listing, waiting)
  }

  /// The files of a job's pattern, also packed ones, by name.
  package static func exports(
    _ settings: EgressSettings, in dropbox: any Dropbox
  ) async throws(SyncError) -> [RemoteFile] {
    let pattern = settings.files.pattern
    return try await dropbox.list(pattern + "*")
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
