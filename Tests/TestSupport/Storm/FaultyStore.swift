import Core

/// Campaign's records in a story: answers get lost, before or after the write.
package struct FaultyStore: ResourceStore {
  private let inner: any ResourceStore
  private let world: World

  package init(_ inner: any ResourceStore, _ world: World) {
    self.inner = inner
    self.world = world
  }

  package func find(key: String, fields: [String]) async throws(SyncError) -> [ResourceRecord] {
    try world.point("before find")
    let found = try await inner.find(key: key, fields: fields)
    await Task.yield()
    try world.point("after find")
    return found
  }

  package func create(_ fields: [FieldValue]) async throws(SyncError) -> WriteOutcome {
    try await write("create") { () async throws(SyncError) in try await inner.create(fields) }
  }

  package func update(
    _ record: ResourceRecord, _ fields: [FieldValue]
  ) async throws(SyncError) -> WriteOutcome {
    try await write("update") { () async throws(SyncError) in
      try await inner.update(record, fields)
    }
  }

  package func delete(_ record: ResourceRecord) async throws(SyncError) -> WriteOutcome {
    try await write("delete") { () async throws(SyncError) in try await inner.delete(record) }
  }

  private func write(
    _ verb: String, _ work: () async throws(SyncError) -> WriteOutcome
  ) async throws(SyncError) -> WriteOutcome {
    try world.point("before \(verb)")
    if world.happens(oneIn: 25) { return .unknown }
    let outcome = try await work()
    await Task.yield()
    try world.point("after \(verb)")
    return world.happens(oneIn: 25) ? .unknown : outcome
  }
}
