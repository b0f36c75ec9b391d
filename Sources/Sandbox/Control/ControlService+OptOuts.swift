import Core

/// Exporting people's opt-outs from Campaign, and people who change them.
extension ControlService {
  /// `{"all": true, "numbers": true, "unknownTimes": 3, "wholeSeconds": true, "fault": "late"}` ...
  func exportOptOuts(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    var order = OptOutOrder()
    order.all = call.body["all"]?.flag ?? false
    order.numbers = call.body["numbers"]?.flag ?? false
    order.unknownTimes = try call.number("unknownTimes", 0)
    order.brokenTimes = try call.number("brokenTimes", 0)
    order.emptyValues = try call.number("emptyValues", 0)
    order.age = try call.number("age", 0)
    order.seed = UInt64(try call.number("seed", 1))
    if let names = call.body["names"]?.text {
      order.names = try ControlService.choice(
        .init(rawValue: names), "names", OptOutOrder.Names.allCases)
    }
    if let fault = call.body["fault"]?.text {
      order.fault = try ControlService.choice(
        .init(rawValue: fault), "fault", OptOutOrder.Fault.allCases)
    }
    if let modified = call.body["modified"]?.text {
      guard modified.contains("{campaign}") else {
        throw .optOuts("the header of a time must hold {campaign}: each attribute has its own")
      }
      order.modified = modified
    }
    if let folder = try ControlService.folder(call.body) { order.folder = folder }
    order.dialect = try ControlService.dialect(call.body)
    let files = try await world.optOuts.export(order, of: world.campaign)
    return ["files": .array(files.map(\.json))]
  }

  /// `{"key": "<externalId>", "attribute": "denyListEmail", "value": true}`: a person in Campaign.
  func setOptOut(_ call: ControlCall) async throws(SyncError) -> JSONValue {
    let name = call.body["attribute"]?.text ?? ""
    guard let place = OptOutPair.place(name) else {
      throw .control(
        "set the opt-out \(name)",
        "it is none of \(OptOutSettings.attributes.joined(separator: ", "))")
    }
    guard let key = call.body["key"]?.text.flatMap({ RowKey($0) }),
      let value = call.body["value"]?.flag
    else {
      throw .control("set the opt-out \(name)", "it takes a profile's key, and true or false")
    }
    guard let row = await world.campaign.optOuts(of: [key])[0] else {
      throw .control("set the opt-out \(name) of \(key)", "Campaign has no profile with this key")
    }
    let changed = await world.campaign.setOptOut(place, of: key, to: value)
    return ["changed": .bool(changed), "before": .bool(row.value(place))]
  }

  /// The part of `mutate` that is about opt-outs; nil where it asks for none.
  func optOutMutation(_ call: ControlCall, _ table: String) throws(SyncError) -> OptOutMutation? {
    var mutation = OptOutMutation()
    mutation.count = try call.number("optOuts", 0)
    mutation.seed = UInt64(try call.number("seed", 1))
    if let sides = call.body["optOutsIn"]?.text {
      let all = OptOutMutation.Sides.allCases
      mutation.sides = try ControlService.choice(.init(rawValue: sides), "optOutsIn", all)
    }
    guard mutation.count > 0 else { return nil }
    guard table == "contact" else {
      throw .control("change opt-outs in \(table)", "only contacts have them")
    }
    return mutation
  }
}
