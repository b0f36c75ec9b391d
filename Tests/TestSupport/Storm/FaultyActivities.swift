import Core

/// Dynamics' activities in a story: answers get lost, after some of a call's activities or all.
package struct FaultyActivities: ActivitySink {
  private let inner: MemoryActivities
  private let world: World

  package init(_ inner: MemoryActivities, _ world: World) {
    self.inner = inner
    self.world = world
  }

  package func prepare(_ mapping: ActivityMapping) async throws(SyncError) -> ActivityTable {
    try world.point("prepare")
    return try await inner.prepare(mapping)
  }

  package func contacts(among keys: [RowKey]) async throws(SyncError) -> Set<RowKey> {
    try world.point("contacts")
    return try await inner.contacts(among: keys)
  }

  package func create(
    _ activities: [Activity], in table: ActivityTable
  ) async throws(SyncError) -> [ActivityOutcome] {
    try world.point("before create")
    if world.willDie("in create") || world.happens(oneIn: 25) {
      let some = Array(activities.prefix(world.below(activities.count + 1)))
      _ = try await inner.create(some, in: table)
      try world.checkAlive()
      throw .lost
    }
    await Task.yield()
    let outcomes = try await inner.create(activities, in: table)
    await Task.yield()
    try world.point("after create")
    return outcomes
  }

  package func timeline(
    of contact: RowKey, limit: Int
  ) async throws(SyncError) -> [TimelineEntry] {
    try world.point("timeline")
    return try await inner.timeline(of: contact, limit: limit)
  }
}
