import Core
import TestSupport
import Testing

@testable import HTTP

struct PermitsTests {
  private let clock = FakeClock()
  private var patience: Patience { Patience(clock: clock) }

  private func take(_ permits: Permits, _ count: Int) async throws -> [Permits.Permit] {
    var taken: [Permits.Permit] = []
    for _ in 0..<count { taken.append(try await permits.take(patience)) }
    return taken
  }

  private func refuse(_ held: [Permits.Permit], of permits: Permits) async throws {
    for permit in held {
      _ = try await permits.refused(permit, by: nil, asked: .zero)
      await permits.give(back: permit, .unused)
    }
  }

  private func answer(_ permits: Permits, hint: Int? = nil) async throws {
    await permits.give(back: try await permits.take(patience), .answered(hint: hint))
  }

  @Test("A storm of refusals to one burst halves once, and one request goes first")
  func halvesOnce() async throws {
    let permits = Permits(8, clock: clock)
    try await refuse(try await take(permits, 8), of: permits)
    #expect(try await permits.limit == 1)
    try await answer(permits)
    #expect(try await permits.limit == 4)
  }

  @Test("One more every ten seconds, up to the configured number")
  func grows() async throws {
    let permits = Permits(4, clock: clock)
    try await refuse(try await take(permits, 4), of: permits)
    try await answer(permits)
    for limit in [2, 3, 4, 4] {
      #expect(try await permits.limit == limit)
      clock.advance(by: .seconds(10))
    }
  }

  @Test("The hint is an upper bound, and never above the configured number")
  func followsTheHint() async throws {
    let permits = Permits(8, clock: clock)
    for (hint, limit) in [(3, 3), (52, 8), (5, 5), (0, 5), (-1, 5)] {
      try await answer(permits, hint: hint)
      #expect(try await permits.limit == limit)
    }
  }

  @Test("A cancelled wait takes no permit")
  func cancels() async throws {
    let permits = Permits(1, clock: clock)
    let patience = patience
    let held = try await permits.take(patience)
    for _ in 0..<2 {
      let waiter = Task { try? await permits.take(patience) }
      waiter.cancel()
      #expect(await waiter.value == nil)
    }
    await permits.give(back: held, .failed)
    _ = try await permits.take(patience)
  }
}
