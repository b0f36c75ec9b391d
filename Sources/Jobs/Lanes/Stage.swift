import Core

/// Spool -> SFTP: uploads, then the manifest.
///
/// Needs neither Dynamics nor Campaign.
package struct StageJob: Job {
  package let name: String
  package let dropbox: (any Dropbox)?
  package let spool: @Sendable (_ run: Int) throws(SyncError) -> any Spool
  /// Parts on their way at once.
  package let uploads: Int

  package init(
    name: String, dropbox: (any Dropbox)?,
    spool: @escaping @Sendable (_ run: Int) throws(SyncError) -> any Spool, uploads: Int
  ) {
    self.name = name
    self.dropbox = dropbox
    self.spool = spool
    self.uploads = uploads
  }

  package var start: IngressState { IngressState() }

  /// Parts over several sessions; the manifest when all of them stand.
  package func lanes(in state: IngressState) -> [Lane<IngressState>] {
    guard state.phase == .staging else { return [] }
    let missing = state.stage.sealed.map(\.name).filter { !state.stage.published.contains($0) }
    if missing.isEmpty { return [publishManifest(run: state.run)] }
    let lanes = min(max(uploads, 1), missing.count)
    return (0..<lanes).map { lane in
      let names = missing.indices.filter { $0 % lanes == lane }.map { missing[$0] }
      return upload(names, run: state.run, lane: lane)
    }
  }

  /// A safe point is a part that stands complete under its final name.
  private func upload(_ names: [String], run: Int, lane: Int) -> Lane<IngressState> {
    Lane(name: "stage \(lane)") { [self] emit throws(SyncError) in
      let spool = try spool(run)
      let dropbox = try requireDropbox()
      for name in names {
        try await dropbox.publish(spool.path(of: name), as: Manifest.folder + "/" + name)
        try await emit(
          Advance { state in
            guard !state.stage.published.contains(name) else { return }
            state.stage.published.append(name)
            state.stage.published.sort()
          })
      }
    }
  }

  private func publishManifest(run: Int) -> Lane<IngressState> {
    Lane(name: "manifest") { [self] emit throws(SyncError) in
      let file = Manifest.fileName(of: RunName(job: name, run: run))
      try await requireDropbox().publish(
        spool(run).path(of: file), as: Manifest.folder + "/" + file)
      try await emit(Advance(now: true) { $0.phase = .loading })
    }
  }

  private func requireDropbox() throws(SyncError) -> any Dropbox {
    guard let dropbox else {
      throw SyncError(
        .configuration, "stage \(name)", "the environment file has no `sftp:` section",
        next: "add `sftp:` to the environment, or let the job go by API: `initial: { via: api }`, "
          + "`delta: { via: api }`")
    }
    return dropbox
  }
}
