import Core

/// Knobs and meters.
extension ControlService {
  func meters() async -> JSONValue {
    let dataverse = await world.dataverse.counters.json.members ?? []
    let campaign = await world.campaign.meters.json.members ?? []
    let limits = JSONValue.Member("limits", await world.dataverse.limitMeter.json)
    return [
      "dataverse": .object(dataverse + (await world.dataverseDoor.json.members ?? []) + [limits]),
      "campaign": .object(campaign + (await world.campaignDoor.json.members ?? [])),
    ]
  }

  /// Begins to count anew, but for the kinds of requests that Dataverse itself counts.
  func resetMeters() async -> JSONValue {
    await world.dataverse.resetLimitMeter()
    await world.dataverseDoor.reset()
    await world.campaignDoor.reset()
    await world.campaign.resetMeters()
    return await meters()
  }

  func knobs() async -> JSONValue {
    ["dataverse": await world.dataverse.knobs.json, "campaign": await world.campaign.knobs.json]
  }

  /// `{"dataverse": {"maxPageSize": 100}, "campaign": {"signalWindow": 600}}`.
  func turnKnobs(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    for side in call.body.members ?? [] where side.name != "dataverse" && side.name != "campaign" {
      throw .control("turn the knobs of \(side.name)", "the sides are dataverse and campaign")
    }
    if let wanted = call.body["dataverse"] {
      guard let knobs = await world.dataverse.knobs.with(wanted) else {
        let names = (wanted.members ?? []).map(\.name).joined(separator: ", ")
        throw .control(
          "turn the Dataverse knobs \(names)", "there is none of that name, or not of that type")
      }
      await world.dataverse.set(knobs)
    }
    if let wanted = call.body["campaign"] { try await world.campaign.apply(knobs: wanted) }
    return await knobs()
  }

  /// `{"side": "dataverse"}`, or both: the next use of a token is a 401.
  func revoke(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    let side = call.body["side"]?.text ?? "both"
    guard ["dataverse", "campaign", "both"].contains(side) else {
      throw .control("revoke the tokens of \(side)", "the sides are dataverse, campaign and both")
    }
    if side != "campaign" { await world.dataverse.revokeTokens() }
    if side != "dataverse" { await world.campaign.revokeTokens() }
    return [:]
  }

  /// Every delta token given so far is one of before a metadata change.
  func changeMetadata() async -> JSONValue {
    await world.dataverse.invalidateTokens()
    return [:]
  }

  /// `{"id": "WKF101", "state": "error"}`.
  func setWorkflow(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    try await world.campaign.set(
      workflow: call.body["id"]?.text ?? "", to: call.body["state"]?.text ?? "")
    return [:]
  }
}
