import Core

/// What goes wrong on purpose, by side.
extension ControlService {
  func faults() async -> JSONValue {
    ["dataverse": await world.dataverseFaults.json, "campaign": await world.campaignFaults.json]
  }

  /// `{"side": "dataverse", "rules": [{"fault": "throttled", "path": "/contacts", "times": 3}]}`,
  /// or `"random": {"seed": 1, "percent": 5, "faults": ["cut"]}`; added to those there are.
  func addFaults(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    guard let plan = plan(call.body["side"]?.text ?? "") else {
      throw .control("add a fault", "the sides are dataverse and campaign")
    }
    guard let wanted = FaultScript(json: call.body) else {
      throw .control(
        "add a fault",
        "there is no such fault; faults are: \(Fault.names.joined(separator: ", ")), status")
    }
    for rule in wanted.rules { await plan.add(rule) }
    if let random = wanted.random, let present = FaultScript(json: await plan.json) {
      await plan.set(present.rules, random: random)
    }
    return await faults()
  }

  /// `?side=campaign`, or both sides.
  func clearFaults(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    let side = call.query.first { $0.name == "side" }?.value
    if let side, plan(side) == nil {
      throw .control("clear the faults of \(side)", "the sides are dataverse and campaign")
    }
    for name in ["dataverse", "campaign"] where side == nil || side == name {
      await plan(name)?.set([])
    }
    return await faults()
  }

  private func plan(_ side: String) -> FaultPlan? {
    switch side {
    case "dataverse": world.dataverseFaults
    case "campaign": world.campaignFaults
    default: nil
    }
  }
}
