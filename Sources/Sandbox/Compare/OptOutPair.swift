import Core

/// A column of contacts and the attribute that it is to agree with.
struct OptOutPair: Sendable {
  var column: String
  /// Of the column in the table.
  var position: Int
  /// Of the attribute in the closed list.
  var place: Int
  var direction: OptOutSettings.Direction
  /// What the column's true and false mean: opted out, or not.
  var whenTrue = true
  var whenFalse = false

  var attribute: String { OptOutSettings.attributes[place] }

  func isOut(_ flag: Bool?) -> Bool? { flag.map { $0 ? whenTrue : whenFalse } }

  /// By either of an attribute's names.
  static func place(_ name: String) -> Int? {
    OptOutSettings.attributes.firstIndex(of: name)
      ?? ResourceDefinition.optOuts.firstIndex { $0.name == name }
  }
}

/// The pairs of one job file.
struct OptOutPairs: Sendable {
  var pairs: [OptOutPair]
  /// Where an ingress job maps them.
  var ingress: IngressSettings?

  /// - Errors: `configuration` where the job names what there is not.
  init(_ job: OptOutSettings, _ contact: TableDefinition) throws(SyncError) {
    var pairs: [OptOutPair] = []
    for field in job.fields where job.direction != .disabled {
      guard let position = contact.position(logical: field.dynamics),
        case .boolean = contact.columns[position].kind
      else { throw .comparing(job.name, "contact has no boolean column \(field.dynamics)") }
      guard let place = OptOutPair.place(field.campaign) else {
        throw .comparing(job.name, "profile has no opt-out \(field.campaign)")
      }
      pairs.append(
        OptOutPair(
          column: field.dynamics, position: position, place: place, direction: job.direction,
          whenTrue: !field.invert, whenFalse: field.invert))
    }
    self.pairs = pairs
  }

  /// What an ingress job of contacts maps to opt-outs: Dynamics leads there.
  init(_ job: IngressSettings, _ contact: TableDefinition) {
    ingress = job
    pairs = job.fields.compactMap { field in
      guard let place = OptOutPair.place(field.to), field.applyUpdates,
        let position = contact.position(logical: field.from),
        case .boolean = contact.columns[position].kind
      else { return nil }
      func isOut(_ text: String) -> Bool { ["true", "1"].contains(field.replace[text] ?? text) }
      return OptOutPair(
        column: field.from, position: position, place: place, direction: .dynamicsToCampaign,
        whenTrue: isOut("true"), whenFalse: isOut("false"))
    }
  }
}

extension SyncError {
  static func comparing(_ job: String, _ reason: String) -> SyncError {
    SyncError(
      .configuration, "compare \(job)", reason, next: "compare another job, or mend it")
  }
}
