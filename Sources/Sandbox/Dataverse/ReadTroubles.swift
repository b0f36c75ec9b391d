import Core

/// What makes reading harder than the service's own documentation says it is.
extension DataverseService {
  /// How many rows a page holds at most: as many as were asked for, fewer, or none.
  ///
  /// The same for the same link, so that a page that is asked for again is the same page.
  func drawnSize(_ asked: Int, _ request: ODataRequest, _ token: SkipToken) -> Int {
    guard asked > 0, knobs.emptyPages > 0 || knobs.shortPages > 0 else { return asked }
    let place = mix(token.last.high ^ token.last.low, UInt64(bitPattern: token.version))
    let chance = mix(
      mix(world.seed, salt(optionsText(request))), mix(place, UInt64(token.page)))
    let percent = Int(chance % 100)
    // Some pages must have rows, or the table would never end.
    let empty = min(knobs.emptyPages, 90)
    if percent < empty { return 0 }
    return percent < empty + knobs.shortPages ? 1 + Int(chance >> 32) % asked : asked
  }

  /// Somebody changes rows while others read: after every `mutateEvery`-th page of the table.
  ///
  /// Which rows depends on the seed, on how many such changes are still to come, and on the table.
  func mutateAfterPage(of table: Int) {
    guard knobs.mutations > 0, stores[table].definition.logicalName == knobs.mutateTable else {
      return
    }
    pagesSinceMutation += 1
    guard pagesSinceMutation >= knobs.mutateEvery else { return }
    pagesSinceMutation = 0
    var mutation = Mutation()
    mutation.creates = knobs.mutateCreates
    mutation.updates = knobs.mutateUpdates
    mutation.deletes = knobs.mutateDeletes
    mutation.recreates = knobs.mutateRecreates
    mutation.seed = mix(
      UInt64(truncatingIfNeeded: knobs.mutateSeed), UInt64(truncatingIfNeeded: knobs.mutations))
    knobs.mutations -= 1
    let before = author
    author = .user
    defer { author = before }
    _ = try? mutate(table: knobs.mutateTable, mutation)
  }
}
