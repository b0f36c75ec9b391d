import Core

/// The local disk of a story: it dies before and after everything it does.
package struct FaultySpool: Spool {
  private let inner: MemorySpool
  private let world: World

  package init(_ inner: MemorySpool, _ world: World) {
    self.inner = inner
    self.world = world
  }

  package func append(
    _ rows: [UInt8], rowCount: Int, to mark: PartMark
  ) throws(SyncError) -> PartMark {
    try world.point("before append")
    let end = try inner.append(rows, rowCount: rowCount, to: mark)
    try world.point("after append")
    return end
  }

  package func sync(_ parts: [Int]) throws(SyncError) {
    for part in parts {
      try world.point("before fsync")
      try inner.sync([part])
    }
    try world.point("after fsync")
  }

  package func close(_ part: Int) async throws(SyncError) {
    try world.point("before close")
    try await inner.close(part)
  }

  package func seal(_ mark: PartMark) async throws(SyncError) -> SealedPart {
    try world.point("before seal")
    let part = try await inner.seal(mark)
    try world.point("after seal")
    return part
  }

  package func path(of name: String) -> String { inner.path(of: name) }

  package func write(manifest: [UInt8], as name: String) throws(SyncError) {
    try world.point("before manifest")
    try inner.write(manifest: manifest, as: name)
    try world.point("after manifest")
  }

  package func remove() throws(SyncError) {
    try world.point("before removing the spool")
    try inner.remove()
    try world.point("after removing the spool")
  }
}
