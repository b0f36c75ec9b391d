import Core

/// A bounded number of sessions, made when they are first needed.
actor SessionPool {
  private let settings: SFTPSettings
  /// Free sessions, the last used at the end.
  private var idle: [SFTPSession] = []
  private var count = 0
  private var waiting: [CheckedContinuation<SFTPSession, Never>] = []

  init(_ settings: SFTPSettings) { self.settings = settings }

  /// Works with a session nobody else uses meanwhile.
  nonisolated func with<T: Sendable>(
    _ work: @Sendable (SSHConnection) throws(SyncError) -> T
  ) async throws(SyncError) -> T {
    let session = await take()
    do throws(SyncError) {
      let result = try await session.use(work)
      await give(session)
      return result
    } catch {
      if error.kind == .unavailable, !error.isStop, !error.isRemoteAnswer { await closeIdle() }
      await give(session)
      throw error
    }
  }

  private func take() async -> SFTPSession {
    if let session = idle.popLast() { return session }
    if count < settings.sessions {
      count += 1
      return SFTPSession(settings)
    }
    return await withCheckedContinuation { waiting.append($0) }
  }

  private func give(_ session: SFTPSession) {
    if waiting.isEmpty {
      idle.append(session)
    } else {
      waiting.removeFirst().resume(returning: session)
    }
  }

  /// A session that broke off is rarely the only one: the next attempts connect afresh.
  private func closeIdle() {
    count -= idle.count
    idle = []
  }
}
