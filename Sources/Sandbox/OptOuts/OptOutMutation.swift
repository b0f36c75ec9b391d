import Core

/// People who change their mind: in Dynamics, in Campaign, or in both.
package struct OptOutMutation: Sendable {
  package enum Sides: String, Sendable, CaseIterable { case dynamics, campaign, both }

  /// Changes on each of the sides.
  package var count = 0
  package var sides = Sides.both
  package var seed: UInt64 = 1

  package init() {}

  /// The columns of a contact that are about it, what Campaign calls the same, and whether true there
  /// means that the person is opted in.
  static let pairs: [(column: String, attribute: String, isInverted: Bool)] = [
    ("donotbulkemail", "denyListEmail", false), ("donotphone", "denyListPhone", false),
    ("donotfax", "denyListFax", false), ("donotpostalmail", "denyListPostalMail", false),
    ("donotemail", "denyList", false), ("followemail", "denyListPushnotification", true),
  ]
}

/// A change that a mutation made.
package struct OptOutStep: Sendable, Equatable {
  package var key: RowKey
  /// The column, or the attribute.
  package var name: String
  /// As that side has it.
  package var value: Bool

  package var json: JSONValue {
    ["key": .string(key.description), "name": .string(name), "value": .bool(value)]
  }
}

package struct OptOutReport: Sendable, Equatable {
  package var dynamics: [OptOutStep] = []
  package var campaign: [OptOutStep] = []

  package init() {}

  package var json: JSONValue {
    ["dynamics": .array(dynamics.map(\.json)), "campaign": .array(campaign.map(\.json))]
  }
}

extension SandboxWorld {
  /// Lets people change opt-outs, as many out as in; the same from the same seed.
  ///
  /// - Shape: on both sides, half of the changes in Campaign are of people who changed the same in
  ///   Dynamics a moment before.
  package func mutate(_ mutation: OptOutMutation) async -> OptOutReport {
    var report = OptOutReport()
    if mutation.sides != .campaign {
      report.dynamics = await dataverse.changeOptOuts(mutation.count, seed: mutation.seed)
    }
    if mutation.sides != .dynamics {
      let shared = report.dynamics.prefix(mutation.count / 2)
      report.campaign = await campaign.changeOptOuts(
        mutation.count, seed: mutation.seed, first: Array(shared))
    }
    return report
  }
}

extension DataverseService {
  fileprivate func changeOptOuts(_ count: Int, seed: UInt64) -> [OptOutStep] {
    var dice = Dice(mix(seed, salt("opt-outs of contact")))
    let columns = OptOutMutation.pairs.compactMap { pair in
      stores[consents.table].definition.position(wire: pair.column).map { (pair, place: $0) }
    }
    var people = choose(count * 8, consents.table, &dice).keys
    var steps: [OptOutStep] = []
    while steps.count < count, !people.isEmpty {
      let isOut = dice.percent(50)
      let start = dice.below(columns.count)
      // Somebody among the next few who is not yet what this one is to be.
      var chosen: (person: Int, column: Int)?
      for person in people.indices.prefix(8) where chosen == nil {
        guard let row = stores[consents.table].row(people[person]) else { continue }
        for turn in columns.indices where chosen == nil {
          let column = (start + turn) % columns.count
          let flag = row.value(columns[column].place).flag ?? false
          if flag != (isOut != columns[column].0.isInverted) { chosen = (person, column) }
        }
      }
      guard let chosen else {
        people.removeFirst()
        continue
      }
      let (pair, place) = columns[chosen.column]
      let step = OptOutStep(
        key: people.remove(at: chosen.person), name: pair.column, value: isOut != pair.isInverted)
      change(consents.table, step.key, [place: .bool(step.value)])
      steps.append(step)
    }
    return steps
  }
}

extension CampaignService {
  /// - Parameter first: changes in Dynamics; the same people change the same here.
  fileprivate func changeOptOuts(
    _ count: Int, seed: UInt64, first: [OptOutStep]
  ) -> [OptOutStep] {
    var dice = Dice(mix(seed, salt("opt-outs of profile")))
    var steps: [OptOutStep] = []
    func flip(_ key: RowKey, _ place: Int) -> Bool {
      guard let row = optOuts(of: [key])[0] else { return false }
      let value = !row.value(place)
      guard setOptOut(place, of: key, to: value) else { return false }
      steps.append(OptOutStep(key: key, name: OptOutSettings.attributes[place], value: value))
      return true
    }
    for step in first {
      let pair = OptOutMutation.pairs.first { $0.column == step.name }
      let place = pair.flatMap { OptOutSettings.attributes.firstIndex(of: $0.attribute) }
      if let place { _ = flip(step.key, place) }
    }
    var people = drawProfiles(count * 8, &dice)
    people.removeAll { key in first.contains { $0.key == key } }
    while steps.count < count, !people.isEmpty {
      let isOut = dice.percent(50)
      let start = dice.below(OptOutSettings.attributes.count)
      var chosen: (person: Int, place: Int)?
      for (person, row) in optOuts(of: Array(people.prefix(8))).enumerated() where chosen == nil {
        for turn in OptOutSettings.attributes.indices where chosen == nil {
          let place = (start + turn) % OptOutSettings.attributes.count
          if let row, row.value(place) != isOut { chosen = (person, place) }
        }
      }
      guard let chosen else {
        people.removeFirst()
        continue
      }
      _ = flip(people.remove(at: chosen.person), chosen.place)
    }
    return steps
  }
}
