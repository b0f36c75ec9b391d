import Core
import Synchronization
import TestSupport
import Testing

@testable import HTTP

/// A token endpoint that numbers its tokens.
final class TokenOffice: Sendable {
  private let state = Mutex((served: 0, isClosed: false))
  private let lifetime: Duration

  init(lifetime: Duration = .seconds(3600)) { self.lifetime = lifetime }

  var served: Int { state.withLock { $0.served } }
  func close() { state.withLock { $0.isClosed = true } }

  func source(_ clock: FakeClock) -> TokenSource {
    TokenSource(clock: clock) { () throws(SyncError) in
      await Task.yield()
      let (number, isClosed) = self.state.withLock {
        $0.served += 1
        return ($0.served, $0.isClosed)
      }
      if isClosed { throw SyncError(.permission, "get a token", "wrong secret") }
      return TokenGrant(token: "token \(number)", lifetime: self.lifetime)
    }
  }
}

struct TokenSourceTests {
  private let clock = FakeClock()

  @Test("Many callers, one request")
  func fetchesOnce() async throws {
    let office = TokenOffice()
    let source = office.source(clock)
    let tokens = await withTaskGroup(of: String?.self) { group in
      for _ in 0..<20 { group.addTask { try? await source.token() } }
      return await group.reduce(into: Set<String?>()) { $0.insert($1) }
    }
    #expect(tokens == ["token 1"])
    #expect(office.served == 1)
  }

  @Test(
    "Renewed five minutes before the end, or at four fifths of a short life",
    arguments: [(3600, 3300), (1500, 1200), (100, 80), (0, 0)])
  func renewsEarly(lifetime: Int, renewal: Int) async throws {
    let office = TokenOffice(lifetime: .seconds(lifetime))
    let source = office.source(clock)
    _ = try await source.token()
    if renewal > 0 {
      clock.advance(by: .seconds(renewal) - .milliseconds(1))
      #expect(try await source.token() == "token 1")
      clock.advance(by: .milliseconds(1))
    }
    #expect(try await source.token() == "token 2")
  }

  @Test("An invalidated token is not given again; an old one invalidates nothing")
  func invalidates() async throws {
    let office = TokenOffice()
    let source = office.source(clock)
    let first = try await source.token()
    await source.invalidate(first)
    #expect(try await source.token() == "token 2")
    await source.invalidate(first)
    #expect(try await source.token() == "token 2")
  }

  @Test("Where the early renewal fails, the token at hand serves to its end")
  func outlivesAFailedRenewal() async throws {
    let office = TokenOffice()
    let source = office.source(clock)
    _ = try await source.token()
    office.close()
    clock.advance(by: .seconds(3400))
    #expect(try await source.token() == "token 1")
    #expect(try await source.token() == "token 1")
    #expect(office.served == 2)
    clock.advance(by: .seconds(200))
    await #expect(throws: SyncError.self) { try await source.token() }
  }
}
