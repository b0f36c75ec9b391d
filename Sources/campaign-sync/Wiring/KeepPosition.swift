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
    if checkpoint.state.isMidLoad {
      guard changes.isEmpty else { throw state.changedInMidLoad(changes) }
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
      try await retarget(&checkpoint.state, to: sides.query, dynamics)
    }
    try state.checkpoints.replace(with: checkpoint)
    let what = changes.isEmpty ? "its columns" : changes.joined(separator: "; ")
    log.info("\(name): the position is kept, and rows get the mapping as they change: \(what)")
  }

  private func retarget(
    _ standing: inout IngressState, to query: TableQuery, _ dynamics: DataverseClient
  ) async throws(SyncError) {
    // A scan of other columns begins again.
    standing.recovery?.link = nil
    guard let token = standing.delta.token else { return }
    guard let link = dynamics.retarget(token.link, to: query) else {
      throw .linkOfOtherColumns(name)
    }
    do throws(SyncError) {
      for try await _ in dynamics.changes(query, from: link) { break }
    } catch {
      // The run that follows finds it expired too, and reads the table instead.
      if error.isTokenExpired { return }
      guard error.isLinkRefused else { throw error }
      throw .linkOfOtherColumns(name)
    }
    standing.query = query
    standing.delta.token?.link = link
    // An unfinished chain begins again at its token, which changes nothing.
    standing.delta.link = nil
    standing.delta.began = nil
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
