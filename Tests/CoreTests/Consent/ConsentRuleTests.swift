import Core
import Foundation
import TestSupport
import Testing

/// `fixtures/consent/rule.md`, case by case.
@Suite struct ConsentRuleTests {
  typealias Direction = OptOutSettings.Direction

  struct Case: Sendable {
    var direction: Direction
    var trigger: ConsentRule.Trigger
    var campaign: Bool?
    var dynamics: Bool?
    var order: ConsentRule.Order

    var words: [String] {
      [
        direction.rawValue, Case.words(trigger), Case.words(campaign), Case.words(dynamics),
        Case.words(order),
      ]
    }

    static func words(_ value: Bool?) -> String { value.map { $0 ? "out" : "in" } ?? "?" }

    private static func words(_ trigger: ConsentRule.Trigger) -> String {
      switch trigger {
      case .campaign: "a change in Campaign"
      case .firstSight: "seen for the first time"
      case .dynamics: "a change in Dynamics"
      case .bulk: "a load of everything"
      }
    }

    private static func words(_ order: ConsentRule.Order) -> String {
      switch order {
      case .campaignNewer: "Campaign"
      case .same: "same"
      case .dynamicsNewer: "Dynamics"
      case .unknown: "unknown"
      }
    }

    static let all: [Case] = Direction.allCases.flatMap { direction in
      ConsentRule.Trigger.allCases.flatMap { trigger in
        [true, false, nil].flatMap { campaign in
          [true, false, nil].flatMap { dynamics in
            ConsentRule.Order.allCases.map { order in
              Case(
                direction: direction, trigger: trigger, campaign: campaign, dynamics: dynamics,
                order: order)
            }
          }
        }
      }
    }
  }

  private static func rows() throws -> [[String]] {
    let file = Golden.fixtures.appendingPathComponent("consent/rule.md")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .filter { $0.hasPrefix("| ") }.dropFirst()
      .map { line in
        line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      }
  }

  private static func fits(_ cell: String, _ word: String) -> Bool {
    cell == "any" || cell.components(separatedBy: ", ").contains(word)
  }

  private static func written(_ cell: String) -> Bool? { cell == "-" ? nil : cell == "out" }

  @Test func theTableAndTheRuleSayTheSameOfEveryCase() throws {
    let rows = try Self.rows()
    var used: Set<Int> = []
    #expect(Case.all.count == 4 * 4 * 9 * 4)
    for one in Case.all {
      let row = rows.firstIndex { row in zip(row, one.words).allSatisfy(Self.fits) }
      let index = try #require(row, "no row fits \(one.words)")
      used.insert(index)
      let outcome = ConsentRule(one.direction).decide(
        one.trigger, campaign: one.campaign, dynamics: one.dynamics, order: one.order)
      #expect(outcome.dynamics == Self.written(rows[index][5]), "\(one.words)")
      #expect(outcome.campaign == Self.written(rows[index][6]), "\(one.words)")
    }
    #expect(used.count == rows.count, "a row that no case needs says nothing")
  }

  @Test func nobodyIsOptedInButByTheAuthority() {
    for one in Case.all {
      let outcome = ConsentRule(one.direction).decide(
        one.trigger, campaign: one.campaign, dynamics: one.dynamics, order: one.order)
      if outcome.dynamics == false {
        #expect(one.campaign == false && one.trigger != .bulk && one.order != .unknown)
        #expect(one.direction == .campaignToDynamics || one.order == .campaignNewer)
      }
      if outcome.campaign == false {
        #expect(one.direction == .dynamicsToCampaign && one.trigger == .dynamics)
        #expect(one.dynamics == false)
      }
    }
  }

  @Test func decidingAgainAfterTheWritesChangesNothing() {
    for one in Case.all {
      let rule = ConsentRule(one.direction)
      let outcome = rule.decide(
        one.trigger, campaign: one.campaign, dynamics: one.dynamics, order: one.order)
      let again = rule.decide(
        one.trigger, campaign: outcome.campaign ?? one.campaign,
        dynamics: outcome.dynamics ?? one.dynamics, order: one.order)
      #expect(again == ConsentRule.Outcome(), "\(one.words)")
    }
  }

  @Test func timesCompareInWholeSeconds() {
    let early = Instant(milliseconds: 1_000_900)
    let late = Instant(milliseconds: 1_001_000)
    #expect(ConsentRule.Order(campaign: late, dynamics: early) == .campaignNewer)
    #expect(
      ConsentRule.Order(campaign: early, dynamics: Instant(milliseconds: 1_000_100)) == .same)
    #expect(ConsentRule.Order(campaign: early, dynamics: late) == .dynamicsNewer)
    #expect(ConsentRule.Order(campaign: nil, dynamics: late) == .unknown)
    #expect(ConsentRule.Order(campaign: late, dynamics: nil) == .unknown)
  }
}
