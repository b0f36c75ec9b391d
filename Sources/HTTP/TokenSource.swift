import Core

/// A bearer token and how long it lives, as the token endpoint answered.
package struct TokenGrant: Sendable {
  package var token: String
  package var lifetime: Duration

  package init(token: String, lifetime: Duration) {
    self.token = token
    self.lifetime = lifetime
  }
}

/// Keeps one token, renews it before it ends, and asks once however many wait for it.
package actor TokenSource {
  package typealias Fetch = @Sendable () async throws(SyncError) -> TokenGrant

  private let clock: any Clock
  private let fetch: Fetch
  private var current: (token: String, renewal: Duration, end: Duration)?
  private var flight: Task<Result<TokenGrant, SyncError>, Never>?

  package init(clock: any Clock, fetch: @escaping Fetch) {
    self.clock = clock
    self.fetch = fetch
  }

  /// A token that is good for a while yet.
  ///
  /// Where the early renewal fails, the one at hand serves on to its end.
  package func token() async throws(SyncError) -> String {
    if let current, clock.uptime < current.renewal { return current.token }
    switch await grant() {
    case .success(let grant): return grant.token
    case .failure(let error):
      guard let current, clock.uptime < current.end else { throw error }
      self.current?.renewal = min(clock.uptime + .seconds(30), current.end)
      return current.token
    }
  }

  /// The service refused this token; one that has been replaced meanwhile changes nothing.
  package func invalidate(_ token: String) {
    if current?.token == token { current = nil }
  }

  private func grant() async -> Result<TokenGrant, SyncError> {
    if let flight { return await flight.value }
    let fetch = fetch
    let task = Task { () -> Result<TokenGrant, SyncError> in
      do throws(SyncError) {
        return .success(try await fetch())
      } catch {
        return .failure(error)
      }
    }
    flight = task
    let asked = clock.uptime
    let result = await task.value
    flight = nil
    if case .success(let grant) = result {
      let margin = min(.seconds(300), grant.lifetime / 5)
      let end = asked + grant.lifetime
      current = (grant.token, end - margin, end)
    }
    return result
  }
}
