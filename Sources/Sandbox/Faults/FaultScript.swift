import Core

/// Faults as JSON, for a control endpoint.
///
/// - Shape: `{"rules":[{"fault":"throttled","method":"GET","path":"contacts","after":3,"times":2,
///   "retryAfter":"5"}],"random":{"seed":1,"percent":5,"faults":["cut"],"path":""}}`; `fault` is a
///   name, or `status` with `status`, `body`, `contentType`; `times` -1 is for ever.
package struct FaultScript: Sendable, Equatable {
  package var rules: [FaultRule]
  package var random: RandomFaults?

  package init(rules: [FaultRule], random: RandomFaults? = nil) {
    self.rules = rules
    self.random = random
  }

  package init?(json: JSONValue) {
    guard json.members != nil else { return nil }
    rules = []
    for item in json["rules"]?.items ?? [] {
      guard let fault = FaultScript.fault(item) else { return nil }
      let times = item["times"]?.integer ?? 1
      rules.append(
        FaultRule(
          fault, method: item["method"]?.text, path: item["path"]?.text ?? "",
          after: item["after"]?.integer ?? 0, times: times < 0 ? nil : times))
    }
    guard let random = json["random"], random != .null else { return }
    var faults: [Fault] = []
    for item in random["faults"]?.items ?? [] {
      guard let fault = item.text.flatMap({ Fault(named: $0) }) ?? FaultScript.fault(item) else {
        return nil
      }
      faults.append(fault)
    }
    self.random = RandomFaults(
      seed: UInt64(random["seed"]?.integer ?? 1), percent: random["percent"]?.integer ?? 5,
      faults: faults, path: random["path"]?.text ?? "")
  }

  private static func fault(_ json: JSONValue) -> Fault? {
    guard let name = json["fault"]?.text else { return nil }
    let retryAfter =
      json["retryAfter"]?.text ?? json["retryAfter"]?.integer.map { String($0) }
    if name == "status", let status = json["status"]?.integer {
      return .status(
        status, body: json["body"]?.text ?? "",
        contentType: json["contentType"]?.text ?? "text/plain", retryAfter: retryAfter)
    }
    switch Fault(named: name) {
    case .cut: return .cut(afterBytes: json["bytes"]?.integer ?? 1000)
    case .slow: return .slow(milliseconds: json["milliseconds"]?.integer ?? 1000)
    case .status(let status, let body, let type, let standard):
      return .status(status, body: body, contentType: type, retryAfter: retryAfter ?? standard)
    case let fault: return fault
    }
  }

  package var json: JSONValue {
    var members: [JSONValue.Member] = [.init("rules", .array(rules.map(FaultScript.json)))]
    if let random {
      members.append(
        .init(
          "random",
          [
            "seed": .number(String(random.seed)), "percent": .number(String(random.percent)),
            "faults": .array(random.faults.map { .object(FaultScript.members($0)) }),
            "path": .string(random.path),
          ]))
    }
    return .object(members)
  }

  private static func json(_ rule: FaultRule) -> JSONValue {
    .object(
      members(rule.fault) + [
        .init("method", rule.method.map(JSONValue.string) ?? .null),
        .init("path", .string(rule.path)), .init("after", .number(String(rule.after))),
        .init("times", .number(String(rule.times ?? -1))),
      ])
  }

  private static func members(_ fault: Fault) -> [JSONValue.Member] {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    switch fault {
    case .status(let status, let body, let type, let retryAfter):
      return [
        .init("fault", "status"), .init("status", number(status)), .init("body", .string(body)),
        .init("contentType", .string(type)),
        .init("retryAfter", retryAfter.map(JSONValue.string) ?? .null),
      ]
    case .resetBefore: return [.init("fault", "resetBefore")]
    case .resetAfter: return [.init("fault", "resetAfter")]
    case .cut(let bytes): return [.init("fault", "cut"), .init("bytes", number(bytes))]
    case .slow(let milliseconds):
      return [.init("fault", "slow"), .init("milliseconds", number(milliseconds))]
    case .badKey: return [.init("fault", "badKey")]
    case .revoked: return [.init("fault", "revoked")]
    }
  }
}
