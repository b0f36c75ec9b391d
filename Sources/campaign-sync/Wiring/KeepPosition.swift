import Core
import Dataverse
import Jobs

extension IngressRun {
  /// `--keep-position`: the mapping of today is the checkpoint's from here on, and the token stays.
  ///
  /// Where it reads other columns, the stored link is asked for these; whether Dynamics takes it is
  /// tried at once.
  func keepPosition(_ connections: Connections) async throws(SyncError) {
    guard var checkpoint = try state.standing(organization: nil) else { return }
    let changes = state.contentChanges(since: checkpoint)
    if checkpoint.state.hasFilesUnderWay {
      guard changes.isEmpty else { throw state.changedInMidLoad(changes, checkpoint.state) }
      return
    }
    let dynamics = try connections.dynamics()
    let organization = try await dynamics.organization()
    _ = try state.standing(organization: organization.id)
    let sides = try await BothSides(settings, connections)
    let isSame = checkpoint.state.query?.columns == sides.query.columns
    if changes.isEmpty, isSame { return }
    checkpoint.content = state.content.text
    if !isSame, checkpoint.state.phase == .loaded {
      guard try await retarget(&checkpoint.state, to: sides.query, dynamics) else {
        throw .linkOfOtherColumns(name)
      }
    }
    try state.checkpoints.replace(with: checkpoint)
    let what = changes.isEmpty ? "its columns" : changes.joined(separator: "; ")
    log.info("\(name): the position is kept, and rows get the mapping as they change: \(what)")
  }

  /// The opt-out job has other pairs than before: the ingress job reads their columns from now on.
  ///
  /// Its rows are those of new records only, so nobody is asked. Where Dynamics does not follow the
  /// changes with other columns, the table is read and compared, as after an expired token.
  func takeOverOptOuts(_ connections: Connections) async throws(SyncError) {
    guard var checkpoint = try state.standing(organization: nil),
      state.differsInOptOutsOnly(from: checkpoint)
    else { return }
    let changes = state.contentChanges(since: checkpoint).joined(separator: "; ")
    if checkpoint.state.phase == .loaded {
      let dynamics = try connections.dynamics()
      let organization = try await dynamics.organization()
      _ = try state.standing(organization: organization.id)
      let query = try await BothSides(settings, connections).query
      if checkpoint.state.query?.columns != query.columns {
        _ = try await retarget(&checkpoint.state, to: query, dynamics)
      }
      // Refused, or expired: what comes with the old columns could not be mapped any more.
      if checkpoint.state.query?.columns != query.columns, checkpoint.state.delta.token != nil {
        checkpoint.state = checkpoint.state.recovering(.tokenRefused)
      }
    }
    checkpoint.content = state.content.text
    try state.checkpoints.replace(with: checkpoint)
    log.info("\(name): new records get the opt-outs of the opt-out job as it is now: \(changes)")
  }

  /// - Returns: false where Dynamics does not follow the changes with other columns than before.
  private func retarget(
    _ standing: inout IngressState, to query: TableQuery, _ dynamics: DataverseClient
  ) async throws(SyncError) -> Bool {
    // A scan of other columns begins again.
    standing.recovery?.link = nil
    guard let token = standing.delta.token else { return true }
    guard let link = dynamics.retarget(token.link, to: query) else { return false }
    do throws(SyncError) {
      for try await _ in dynamics.changes(query, from: link) { break }
    } catch {
      // The run that follows finds it expired too, and reads the table instead.
      if error.isTokenExpired { return true }
      guard error.isLinkRefused else { throw error }
      return false
    }
    standing.query = query
    standing.delta.token?.link = link
    // An unfinished chain begins again at its token, which changes nothing.
    standing.delta.link = nil
    standing.delta.began = nil
    return true
  }
}

extension JobState {
  /// For a look ahead: what `takeOverOptOuts` would make of the state, as far as nobody is asked.
  func asItWouldGoOn(
    _ checkpoint: Checkpoint<IngressState>, _ sides: BothSides
  ) -> IngressState {
    var standing = checkpoint.state
    guard differsInOptOutsOnly(from: checkpoint), standing.query?.columns != sides.query.columns,
      let token = standing.delta.token
    else { return standing }
    guard let link = sides.dynamics.retarget(token.link, to: sides.query) else {
      return standing.recovering(.tokenRefused)
    }
    standing.query = sides.query
    standing.delta.token?.link = link
    standing.delta.link = nil
    return standing
  }
}

extension SyncError {
  fileprivate static func linkOfOtherColumns(_ job: String) -> SyncError {
    SyncError(
      .configuration, "keep the position of \(job)",
      "Dynamics does not follow the changes with other columns than before; nothing was changed",
      next: "campaign-sync replay \(job)")
  }
}
