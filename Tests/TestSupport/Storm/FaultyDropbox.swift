import Core
import Synchronization

/// The shared folder of a story: uploads break off, and answers to renames get lost.
///
/// It keeps the time of every file by the story's clock, and remembers what was published.
package final class FaultyDropbox: Dropbox {
  private struct Memory {
    var times: [String: Int64] = [:]
    var published: [String: Set<[UInt8]>] = [:]
    var isOutOfReach = false
  }

  private let inner: MemoryDropbox
  private let world: World
  /// The bytes of a local file.
  private let local: @Sendable (String) -> [UInt8]?
  private let memory = Mutex(Memory())

  package init(
    _ inner: MemoryDropbox, _ world: World, local: @escaping @Sendable (String) -> [UInt8]?
  ) {
    self.inner = inner
    self.world = world
    self.local = local
  }

  /// Every content that ever stood under a final name.
  package var published: [String: Set<[UInt8]>] { memory.withLock { $0.published } }

  /// Nothing can be published.
  package var isOutOfReach: Bool {
    get { memory.withLock { $0.isOutOfReach } }
    set { memory.withLock { $0.isOutOfReach = newValue } }
  }

  /// Puts a file there from the far side.
  package func place(_ bytes: [UInt8], as name: String) {
    inner.files[name] = bytes
    let now = world.clock.now.seconds
    memory.withLock { $0.times[name] = now }
  }

  package func publish(_ localPath: String, as name: String) async throws(SyncError) {
    guard let bytes = local(localPath) else {
      throw SyncError(
        .storage, "read \(localPath)", "there is no such file", code: SyncError.fileMissingCode)
    }
    try await publish(bytes: bytes, as: name)
  }

  package func publish(bytes: [UInt8], as name: String) async throws(SyncError) {
    try world.point("before publish")
    if isOutOfReach { throw .lost }
    let half = world.willDie("in publish")
    if half || world.happens(oneIn: 30) {
      inner.fail(next: [.breaksInUpload])
      try? await inner.publish(bytes: bytes, as: name)
      try world.checkAlive()
      throw .lost
    }
    if world.willDie("before rename") {
      inner.fail(next: [.losesRename])
      try? await inner.publish(bytes: bytes, as: name)
      try world.checkAlive()
    }
    try await inner.publish(bytes: bytes, as: name)
    let now = world.clock.now.seconds
    memory.withLock {
      $0.times[name] = now
      $0.published[name, default: []].insert(bytes)
    }
    if world.happens(oneIn: 30) { throw .lost }
    try world.point("after publish")
  }

  package func list(_ pattern: String) async throws(SyncError) -> [RemoteFile] {
    try world.point("list")
    return timed(try await inner.list(pattern))
  }

  package func stat(_ name: String) async throws(SyncError) -> RemoteFile? {
    try world.point("stat")
    return timed(try await inner.stat(name).map { [$0] } ?? []).first
  }

  private func timed(_ files: [RemoteFile]) -> [RemoteFile] {
    memory.withLock { memory in
      files.map {
        RemoteFile(name: $0.name, size: $0.size, modified: memory.times[$0.name] ?? $0.modified)
      }
    }
  }

  package func read(_ name: String, offset: UInt64, count: Int) async throws(SyncError)
    -> [UInt8]
  {
    try world.point("read")
    return try await inner.read(name, offset: offset, count: count)
  }

  package func rename(_ name: String, to other: String) async throws(SyncError) {
    try world.point("before rename")
    try await inner.rename(name, to: other)
    try world.point("after rename")
  }

  package func remove(_ name: String) async throws(SyncError) {
    try world.point("before remove")
    try await inner.remove(name)
    try world.point("after remove")
  }

  package func makeFolder(_ name: String) async throws(SyncError) {
    try world.point("make folder")
    try await inner.makeFolder(name)
  }
}
