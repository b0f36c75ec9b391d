import Core
import Glibc

/// Tries again after a session that broke off, or a server out of reach; everything else passes.
///
/// - Shape: an upload starts again from byte 0. A rename whose answer was lost is looked up first.
package struct RetryingDropbox<Inner: Dropbox>: Dropbox {
  private let inner: Inner
  private let patience: Patience
  private let attempts: Int

  /// - Parameter attempts: how often each call is tried, at most.
  package init(_ inner: Inner, patience: Patience, attempts: Int) {
    self.inner = inner
    self.patience = patience
    self.attempts = max(1, attempts)
  }

  package func publish(_ localPath: String, as name: String) async throws(SyncError) {
    try await persist(
      { () throws(SyncError) in try await inner.publish(localPath, as: name) },
      unless: { (error) throws(SyncError) in
        guard error.isRenameUnanswered else { return nil }
        return try await isPublished(name, size: try LocalFile(localPath).size) ? () : nil
      })
  }

  package func publish(bytes: [UInt8], as name: String) async throws(SyncError) {
    try await persist(
      { () throws(SyncError) in try await inner.publish(bytes: bytes, as: name) },
      unless: { (error) throws(SyncError) in
        guard error.isRenameUnanswered else { return nil }
        return try await isPublished(name, size: UInt64(bytes.count)) ? () : nil
      })
  }

  package func list(_ pattern: String) async throws(SyncError) -> [RemoteFile] {
    try await persist { () throws(SyncError) in try await inner.list(pattern) }
  }

  package func stat(_ name: String) async throws(SyncError) -> RemoteFile? {
    try await persist { () throws(SyncError) in try await inner.stat(name) }
  }

  package func read(_ name: String, offset: UInt64, count: Int) async throws(SyncError)
    -> [UInt8]
  {
    try await persist { () throws(SyncError) in
      try await inner.read(name, offset: offset, count: count)
    }
  }

  package func rename(_ name: String, to other: String) async throws(SyncError) {
    try await persist(
      { () throws(SyncError) in try await inner.rename(name, to: other) },
      unless: { (error) throws(SyncError) in
        guard error.isRenameUnanswered, try await inner.stat(name) == nil else { return nil }
        return try await inner.stat(other) != nil ? () : nil
      })
  }

  package func remove(_ name: String) async throws(SyncError) {
    try await persist { () throws(SyncError) in try await inner.remove(name) }
  }

  package func makeFolder(_ name: String) async throws(SyncError) {
    try await persist { () throws(SyncError) in try await inner.makeFolder(name) }
  }

  /// The temporary file gone and the final one there: the rename happened.
  private func isPublished(_ name: String, size: UInt64) async throws(SyncError) -> Bool {
    guard try await inner.stat(RemoteName.temporary(for: name)) == nil else { return false }
    return try await inner.stat(name)?.size == size
  }

  /// - Parameter done: asked before another attempt whether the failed one succeeded after all.
  private func persist<T>(
    _ work: () async throws(SyncError) -> T,
    unless done: (SyncError) async throws(SyncError) -> T? = { _ in nil }
  ) async throws(SyncError) -> T {
    var attempt = 1
    // A lost answer stays a question until a look at the server answers it.
    var question: SyncError?
    while true {
      do throws(SyncError) {
        if let asked = question {
          if let result = try await done(asked) { return result }
          question = nil
        }
        return try await work()
      } catch {
        if error.isRenameUnanswered { question = error }
        guard attempt < attempts, error.isPassing else { throw error }
        let moment = patience.clock.now + pause(after: attempt, error)
        // Where the deadline comes first, what the server lacks is the better answer.
        guard patience.allows(moment) else { throw error }
        try await patience.sleep(until: moment)
        attempt += 1
      }
    }
  }

  /// One second, two, four, to thirty, and up to half as much by chance; longer when asked to.
  private func pause(after attempt: Int, _ error: SyncError) -> Duration {
    let base = Int64(min(30_000, 1000 << min(attempt - 1, 5)))
    let chance = Int64(patience.clock.random() % UInt64(base / 2 + 1))
    return max(.milliseconds(base + chance), error.retryAfter ?? .zero)
  }
}

extension SyncError {
  /// Another attempt in a few seconds may succeed.
  fileprivate var isPassing: Bool { kind == .unavailable && !isStop && !isRemoteAnswer }
}
