import Core

/// Dynamics' opt-outs in a story: requests and answers get lost, after some of a call's changes or
/// all, and the service asks to wait.
package struct FaultyConsents: ContactConsents {
  private let inner: any ContactConsents
  private let world: World

  package init(_ inner: any ContactConsents, _ world: World) {
    self.inner = inner
    self.world = world
  }

  package func read(
    _ contacts: [RowKey], columns: [String]
  ) async throws(SyncError) -> [RowKey: ContactConsent] {
    try await weather("before reading contacts")
    let found = try await inner.read(contacts, columns: columns)
    await Task.yield()
    try world.point("after reading contacts")
    return found
  }

  package func write(_ changes: [ContactChange]) async throws(SyncError) -> [ContactWrite] {
    try await weather("before writing contacts")
    if world.willDie("in writing contacts") || world.happens(oneIn: 25) {
      let some = Array(changes.prefix(world.below(changes.count + 1)))
      _ = try await inner.write(some)
      try world.checkAlive()
      throw .lost
    }
    await Task.yield()
    // Some of the requests are lost on the way, or their answers on the way back.
    let arrives = changes.map { _ in !world.happens(oneIn: 40) }
    let some = try await inner.write(zip(changes, arrives).filter(\.1).map(\.0))
    await Task.yield()
    try world.point("after writing contacts")
    var outcomes = some.makeIterator()
    return arrives.map { isThere in
      let outcome = isThere ? outcomes.next() : nil
      return world.happens(oneIn: 40) ? .unknown : outcome ?? .unknown
    }
  }

  /// A 429 is waited for further down: the caller sees only that time has passed.
  private func weather(_ name: String) async throws(SyncError) {
    try world.point(name)
    if world.happens(oneIn: 25) {
      world.pass(.seconds(1 + world.below(30)))
      await Task.yield()
    }
    if world.happens(oneIn: 40) { throw .lost }
  }
}
