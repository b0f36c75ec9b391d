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
      return [publishManifest(state)]
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
        do throws(SyncError) {
          try await dropbox.publish(spool.path(of: name), as: Manifest.folder + "/" + name)
        } catch {
          guard error.isFileMissing else { throw error }
          throw .partIsLost(at: spool.path(of: name), of: self.name)
        }
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

  /// First it is proven that of this run the listed parts stand there, and nothing else: the import takes
  /// what fits its pattern, and notices nothing that is missing.
  private func publishManifest(_ state: IngressState) -> Lane<IngressState> {
    Lane(name: "manifest") { [self] emit throws(SyncError) in
      let dropbox = try requireDropbox()
      let lost = try await inspect(state, in: dropbox)
      if !lost.isEmpty { return try await uploadAgain(lost, state.stage, emit) }
      let file = Manifest.fileName(of: RunName(job: name, run: state.run))
      try await dropbox.publish(
        spool(state.run).path(of: file), as: Manifest.folder + "/" + file)
      try await emit(
        Advance(now: true) {
          $0.stage.repeats = nil
          $0.phase = .loading
        })
    }
  }

  /// Removes parts of this run that the manifest does not list: an earlier life of its number, or a reading
  /// that began again, may have left them.
  ///
  /// - Returns: the listed parts that are not there, or have another size.
  private func inspect(
    _ state: IngressState, in dropbox: any Dropbox
  ) async throws(SyncError) -> [String] {
    let run = RunName(job: name, run: state.run)
    let listed = Set(state.stage.sealed.map(\.name))
    var sizes: [String: UInt64] = [:]
    for file in try await dropbox.list(Manifest.pattern(of: run, suffix: ".csv*")) {
      let part = String(file.name.dropFirst(Manifest.folder.count + 1))
      if listed.contains(part) {
        sizes[part] = file.size
      } else if run.isPart(part) {
        try await dropbox.remove(file.name)
      }
    }
    var lost: [String] = []
    for part in state.stage.sealed where sizes[part.name] != part.bytes {
      // Asked by its name before it counts as lost: not every server lists sizes, or at once.
      let file = try await dropbox.stat(Manifest.folder + "/" + part.name)
      if file?.size != part.bytes { lost.append(part.name) }
    }
    return lost
  }

  /// Lost parts are missing again, and go up once more; not for ever.
  private func uploadAgain(
    _ lost: [String], _ stage: StageSlot, _ emit: Emit<IngressState>
  ) async throws(SyncError) {
    let isHopeless = (stage.repeats ?? 0) >= 2
    try await emit(
      Advance(now: true) {
        $0.stage.published.removeAll { lost.contains($0) }
        $0.stage.repeats = isHopeless ? nil : (stage.repeats ?? 0) + 1
      })
    if isHopeless { throw .partsVanish(lost.count, of: name) }
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
    if export.fullMarks.contains(mark) { stage.seal(part) }
  }

  fileprivate mutating func publishEarly(_ name: String) {
    if stage.sealed.contains(where: { $0.name == name }) { stage.publish(name) }
  }
}

extension SyncError {
  /// Its file is gone from the spool, and it stands nowhere else.
  fileprivate static func partIsLost(at path: String, of job: String) -> SyncError {
    SyncError(
      .storage, "publish \(path)",
      "the spool no longer has it, and it does not stand on SFTP",
      next: "put the file back, or begin the load anew: campaign-sync checkpoint clear \(job)")
  }

  fileprivate static func partsVanish(_ count: Int, of job: String) -> SyncError {
    SyncError(
      .unavailable, "stage \(job)",
      "parts went up three times, and were gone or of another size at the end: \(count)",
      next: "find out who changes files in \(Manifest.folder)/ on SFTP, or in the spool, then run "
        + "the same command again")
  }
}
