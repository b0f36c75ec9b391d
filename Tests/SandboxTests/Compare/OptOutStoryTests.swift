import Core
import Sandbox
import Testing

@Suite("Comparison of consent: stories")
struct OptOutStoryTests {
  static let directions = [OptOutSettings.Direction.bidirectional, .campaignToDynamics]

  /// People, exports and a tool in an order that a seed draws; then everything is exported and read.
  private func story(
    _ seed: UInt64, _ direction: OptOutSettings.Direction, isCareless: Bool = false
  ) async throws -> (end: OptOutComparisonResult, optedIn: Int) {
    let world = try await ConsentWorld(contacts: 8)
    var tool = SimpleOptOutTool(world, direction)
    tool.isCareless = isCareless
    var dice = Dice(seed)
    for _ in 0..<8 {
      var mutation = OptOutMutation()
      mutation.count = 6
      mutation.sides = OptOutMutation.Sides.allCases[dice.below(3)]
      mutation.seed = dice.next()
      _ = await world.world.mutate(mutation)
      world.world.clock.advance(by: .milliseconds(dice.below(2500)))
      var order = OptOutOrder()
      order.all = dice.percent(20)
      order.unknownTimes = dice.percent(30) ? 2 : 0
      order.brokenTimes = dice.percent(30) ? 1 : 0
      order.emptyValues = dice.percent(30) ? 2 : 0
      order.dialect.hasFraction = dice.percent(50)
      order.fault = dice.percent(25) ? .late : .none
      if dice.percent(60) { try await world.export { $0 = order } }
      if dice.percent(30) { _ = try? await world.export { $0.fault = .publish } }
      if dice.percent(60) { try await tool.run() }
      world.world.clock.advance(by: .milliseconds(dice.below(2500)))
    }
    _ = try? await world.export { $0.fault = .publish }
    try await world.export { $0.all = true }
    for _ in 0..<2 { try await tool.run() }
    let end = try await world.compare(direction)
    let changes = world.world.history.changes
    return (end, changes.count { $0.author == .tool && $0.side == .dynamics && $0.new == false })
  }

  @Test("Whoever follows the rule is found to", arguments: directions)
  func calm(direction: OptOutSettings.Direction) async throws {
    var optedIn = 0
    for seed in 1...40 as ClosedRange<UInt64> {
      let (end, count) = try await story(seed, direction)
      #expect(
        end.isEqual && end.notExported == 0,
        "seed \(seed): \(end.sentence) \(end.differences.map(\.line))")
      optedIn += count
    }
    // People did come back in, or the stories would show nothing.
    #expect(optedIn > 20)
  }

  @Test("Whoever takes an equal second or no time for newer is found out")
  func careless() async throws {
    var found = 0
    for seed in 1...10 as ClosedRange<UInt64> {
      if try await story(seed, .bidirectional, isCareless: true).end.optedIn > 0 { found += 1 }
    }
    #expect(found >= 5)
  }
}
