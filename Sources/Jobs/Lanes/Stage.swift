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
    if missing.isEmpty {
      return [publishManifest(run: state.run, without: state.stage.strays)]
    }
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
          Advance { $0.stage.publish(name) })
      }
    }
  }

  /// Full parts go up while the next ones are written: what is up then is no longer waited for.
  ///
  /// - Shape: several lanes take from one feed. Where SFTP is out of reach they end, and the phase of
  ///   staging tries again: an export is not stopped by that.
  func early(run: Int, from feed: PartFeed, note: @escaping @Sendable (String) -> Void)
    -> [Lane<IngressState>]
  {
    guard let dropbox else { return [] }
    return (0..<max(uploads, 1)).map { lane in
      Lane(name: "stage \(lane)") { [self] emit throws(SyncError) in
        let spool = try spool(run)
        while let mark = await feed.next() {
          let part = try await spool.seal(mark)
          var tally = Tally()
          tally.parts = 1
          // On disk before the upload begins: should reading begin again, the name is known.
          try await emit(Advance(tally: tally, now: true) { $0.sealEarly(part, mark) })
          do throws(SyncError) {
            try await dropbox.publish(
              spool.path(of: part.name), as: Manifest.folder + "/" + part.name)
          } catch {
            guard error.kind == .unavailable, !error.isStop else { throw error }
            return note("parts wait for the end of the export: \(error.reason)")
          }
          try await emit(Advance { $0.publishEarly(part.name) })
        }
      }
    }
  }

  private func publishManifest(run: Int, without leftovers: [String]) -> Lane<IngressState> {
    Lane(name: "manifest") { [self] emit throws(SyncError) in
      for name in leftovers {
        try await requireDropbox().remove(Manifest.folder + "/" + name)
      }
      let file = Manifest.fileName(of: RunName(job: name, run: run))
      try await requireDropbox().publish(
        spool(run).path(of: file), as: Manifest.folder + "/" + file)
      try await emit(
        Advance(now: true) {
          $0.stage.leftovers = nil
          $0.phase = .loading
        })
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

extension IngressState {
  /// A part that went to the feed; reading may have begun again meanwhile.
  fileprivate mutating func sealEarly(_ part: SealedPart, _ mark: PartMark) {
    if export.fullMarks.contains(mark) {
      stage.seal(part)
    } else {
      stage.leftovers = (stage.leftovers ?? []) + [part.name]
    }
  }

  fileprivate mutating func publishEarly(_ name: String) {
    if stage.sealed.contains(where: { $0.name == name }) { stage.publish(name) }
  }
}
