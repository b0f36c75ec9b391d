import Core
import Testing

@testable import HTTP

struct PermitsTests {
  private func spend(_ permits: Permits, _ outcomes: [Permits.Outcome]) async throws {
    for outcome in outcomes {
      let permit = try #require(await permits.take())
      await permits.give(back: permit, outcome)
    }
  }

  @Test("A storm of refusals to one burst halves once")
  func halvesOnce() async throws {
    let permits = Permits(8)
    var held: [Permits.Permit] = []
    for _ in 0..<8 { held.append(try #require(await permits.take())) }
    for permit in held { await permits.give(back: permit, .throttled) }
    #expect(await permits.limit == 4)
    try await spend(permits, [.throttled, .throttled, .throttled])
    #expect(await permits.limit == 1)
  }

  @Test("Good answers grow it slowly, up to the configured number")
  func grows() async throws {
    let permits = Permits(4, growAfter: 3)
    try await spend(permits, [.throttled])
    #expect(await permits.limit == 2)
    try await spend(permits, Array(repeating: .answered(hint: nil), count: 3))
    #expect(await permits.limit == 3)
    try await spend(permits, Array(repeating: .answered(hint: nil), count: 30))
    #expect(await permits.limit == 4)
  }

  @Test("The hint is an upper bound, and never above the configured number")
  func followsTheHint() async throws {
    let permits = Permits(8, growAfter: 1)
    try await spend(permits, [.answered(hint: 3)])
    #expect(await permits.limit == 3)
    try await spend(permits, Array(repeating: .answered(hint: 52), count: 20))
    #expect(await permits.limit == 8)
    try await spend(permits, [.answered(hint: 0), .answered(hint: -1)])
    #expect(await permits.limit == 8)
  }

  @Test("A cancelled wait takes no permit")
  func cancels() async throws {
    let permits = Permits(1)
    let held = try #require(await permits.take())
    let waiter = Task { await permits.take() == nil }
    waiter.cancel()
    #expect(await waiter.value)
    await permits.give(back: held, .failed)
    #expect(await permits.take() != nil)
  }
}
