import Core
import HTTP

/// Which requests go wrong, and how; can be changed while the service runs.
package actor FaultPlan {
  private struct Active {
    var rule: FaultRule
    var seen = 0
    var struck = 0
  }
  private var active: [Active] = []
  private var random: RandomFaults?
  private var dice = Dice(0)
  /// Requests that were struck.
  package private(set) var struck = 0

  package init(_ rules: [FaultRule] = [], random: RandomFaults? = nil) {
    active = rules.map { Active(rule: $0) }
    self.random = random
    dice = Dice(random?.seed ?? 0)
  }

  package func set(_ rules: [FaultRule], random: RandomFaults? = nil) {
    active = rules.map { Active(rule: $0) }
    self.random = random
    dice = Dice(random?.seed ?? 0)
  }

  package func add(_ rule: FaultRule) { active.append(Active(rule: rule)) }

  /// Takes the rules of `json` in place of the present ones; false where it cannot be read.
  @discardableResult
  package func set(_ json: JSONValue) -> Bool {
    guard let script = FaultScript(json: json) else { return false }
    set(script.rules, random: script.random)
    return true
  }

  package var json: JSONValue {
    var json = FaultScript(rules: active.map(\.rule), random: random).json.members ?? []
    json.append(.init("struck", .number(String(struck))))
    return .object(json)
  }

  /// Counts a request, and says how it goes wrong, if it does.
  func strike(_ request: HTTPRequest) -> Fault? {
    for index in active.indices where active[index].rule.matches(request) {
      active[index].seen += 1
      let rule = active[index].rule
      guard active[index].seen > rule.after,
        rule.times.map({ active[index].struck < $0 }) ?? true
      else { continue }
      active[index].struck += 1
      struck += 1
      return rule.fault
    }
    guard let random, !random.faults.isEmpty,
      random.path.isEmpty || request.url.contains(random.path), dice.percent(random.percent)
    else { return nil }
    struck += 1
    return random.faults[dice.below(random.faults.count)]
  }
}
