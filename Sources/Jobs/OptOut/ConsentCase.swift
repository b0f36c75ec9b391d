import Core

/// One contact that is decided about: what both sides say, what is to be written, how it ended.
struct ConsentCase: Sendable {
  /// What a look-up by the key has found in Campaign.
  private enum Profile: Sendable {
    /// Nobody looked: what is known already asks for no write.
    case unasked
    case none
    case one(ResourceRecord)
    case several([ResourceRecord])
  }

  /// What keeps a decision from being carried out.
  private enum Obstacle: String {
    case noContact, noProfile, severalRecords, refused
  }

  let contact: RowKey
  private(set) var decisions: [ConsentDecision] = []
  /// What is to be written to the contact.
  private(set) var toRow: ContactChange?
  /// What is to be written to the profile.
  private(set) var toProfile: (record: ResourceRecord, fields: [FieldValue])?
  private(set) var isOvertaken = false

  private var records: [ConsentAttribute: ConsentRecord]
  private let tried: [ConsentAttribute: ConsentDecision]
  private var profile = Profile.unasked
  private let row: ContactConsent?
  private let target: OptOutTarget
  private var obstacle: Obstacle?
  private var excerpt: String?
  private var code: String?
  private var tally = Tally()

  /// - Parameter tried: decisions of which nobody knows whether they were carried out.
  init(
    _ contact: RowKey, _ records: [ConsentAttribute: ConsentRecord],
    tried: [ConsentAttribute: ConsentDecision], _ row: ContactConsent?, _ target: OptOutTarget
  ) {
    self.contact = contact
    self.records = records
    self.tried = tried
    self.row = row
    self.target = target
  }

  /// Whether something may have to be written, as far as is known: only then Campaign is asked.
  ///
  /// What is known may be old. Where it asks for nothing, nothing is written, and what has changed
  /// since in Campaign comes with an export.
  func needsProfile(for rule: ConsentRule) -> Bool {
    target.pairs.enumerated().contains { index, pair in
      guard let record = records[pair.attribute], let trigger = record.due else { return false }
      guard let known = record.knownInCampaign else { return true }
      let dynamics = row.flatMap { pair.turned($0.values[index]) }
      let order = ConsentRule.Order(campaign: record.time(of: known), dynamics: row?.modified)
      return rule.decide(trigger, campaign: known, dynamics: dynamics, order: order) != .init()
    }
  }

  mutating func take(_ found: [ResourceRecord]) {
    profile = found.count > 1 ? .several(found) : found.first.map(Profile.one) ?? .none
  }

  /// Decides every attribute that is due, also those that wait.
  mutating func decide(by rule: ConsentRule, at now: Instant) {
    for (index, pair) in target.pairs.enumerated() {
      guard var record = records[pair.attribute], let trigger = record.due else { continue }
      let campaign = value(of: pair, record)
      let dynamics = row.flatMap { pair.turned($0.values[index]) }
      let before = tried[pair.attribute]
      var time = record.time(of: campaign)
      if let before, before.campaignTime == time, mayBeUndone(before, dynamics) { time = nil }
      let order = ConsentRule.Order(campaign: time, dynamics: row?.modified)
      let becomes = rule.decide(trigger, campaign: campaign, dynamics: dynamics, order: order)
      record.dynamics = row == nil ? .never : .init(dynamics)
      switch profile {
      case .one, .unasked, .several: record.campaign = .init(campaign)
      case .none: record.campaign = .never
      }
      records[pair.attribute] = record
      if let before, becomes == .init(), before.stands(campaign: campaign, dynamics: dynamics) {
        var done = before
        done.outcome = .written
        tally.updated += 1
        decisions.append(done)
        continue
      }
      decisions.append(
        ConsentDecision(
          contact: contact, attribute: pair.attribute, at: now, direction: rule.direction,
          trigger: trigger, campaign: campaign, dynamics: dynamics, campaignTime: time,
          dynamicsTime: row?.modified, becomes: becomes, outcome: plan(becomes, pair)))
    }
  }

  /// An opt-in that may have been written already, and the row is opted out and another one since: one
  /// change is not written twice, over what somebody may have said after the first time.
  private func mayBeUndone(_ before: ConsentDecision, _ dynamics: Bool?) -> Bool {
    before.becomes.dynamics == false && dynamics == true && before.dynamicsTime != row?.modified
  }

  /// Nil where Campaign says nothing.
  ///
  /// A profile that is gone cannot say any more that the person opted out; the export that it was in
  /// still does. Of several profiles one is enough, and all of them have to say that it did not.
  private func value(of pair: OptOutTarget.Pair, _ record: ConsentRecord) -> Bool? {
    switch profile {
    case .unasked: return record.knownInCampaign
    case .none: return record.observed?.value == true ? true : nil
    case .one(let found): return found.flag(pair.field)
    case .several(let found):
      let values = Set(found.map { $0.flag(pair.field) })
      return values.contains(true) ? true : values == [false] ? false : nil
    }
  }

  /// Notes what is to be written of one decision.
  private mutating func plan(
    _ becomes: ConsentRule.Outcome, _ pair: OptOutTarget.Pair
  ) -> ConsentDecision.Outcome {
    var outcome = ConsentDecision.Outcome.nothing
    if let value = pair.turned(becomes.dynamics) {
      guard let row else { return wait(.noContact) }
      var change =
        toRow ?? ContactChange(contact: contact, version: row.version, values: [:])
      change.values[pair.column] = value
      toRow = change
      outcome = .begun
    }
    if let value = becomes.campaign {
      switch profile {
      case .none, .unasked: return wait(.noProfile)
      case .several: return wait(.severalRecords)
      case .one(let record):
        let fields = toProfile?.fields ?? []
        toProfile = (
          record, fields + [FieldValue(pair.field, .boolean, value ? "true" : "false")]
        )
        outcome = .begun
      }
    }
    return outcome
  }

  private mutating func wait(_ obstacle: Obstacle) -> ConsentDecision.Outcome {
    self.obstacle = self.obstacle ?? obstacle
    return .waiting
  }

  // MARK: how the writes ended

  mutating func profile(_ outcome: WriteOutcome) {
    switch outcome {
    case .done:
      tally.updated += 1
      tally.engineCalls += 2
      end(.written) { $0.becomes.campaign != nil }
    case .refused(let code, let excerpt): refuse(code, excerpt) { $0.becomes.campaign != nil }
    case .absent:
      obstacle = obstacle ?? .noProfile
      end(.waiting) { $0.becomes.campaign != nil }
    case .unknown: isOvertaken = true  // it stays begun: what it did is seen when it is read again
    }
  }

  mutating func row(_ outcome: ContactWrite) {
    switch outcome {
    case .written:
      tally.updated += 1
      end(.written) { $0.becomes.dynamics != nil }
    case .overtaken: end(.overtaken) { $0.becomes.dynamics != nil }
    case .unknown: isOvertaken = true
    case .missing:
      obstacle = obstacle ?? .noContact
      end(.waiting) { $0.becomes.dynamics != nil }
    case .refused(let code, let excerpt): refuse(code, excerpt) { $0.becomes.dynamics != nil }
    }
  }

  private mutating func refuse(
    _ code: String, _ excerpt: String, _ isAbout: (ConsentDecision) -> Bool
  ) {
    obstacle = .refused
    (self.code, self.excerpt) = (code, excerpt)
    end(.refused, isAbout)
  }

  /// A decision that was carried out on one side only is not carried out.
  private mutating func end(
    _ outcome: ConsentDecision.Outcome, _ isAbout: (ConsentDecision) -> Bool
  ) {
    if outcome == .overtaken { isOvertaken = true }
    for index in decisions.indices where isAbout(decisions[index]) {
      guard [.begun, .written].contains(decisions[index].outcome) else { continue }
      decisions[index].outcome = outcome
    }
  }

  // MARK: what is remembered

  /// What the ledger is to hear of the contact.
  func settle(_ sum: inout Tally, _ entries: inout [LedgerEntry]) {
    sum += tally
    guard !decisions.isEmpty else { return }
    let worthwhile = decisions.filter(\.isWorthKeeping)
    if !worthwhile.isEmpty { entries.append(.decided(worthwhile)) }
    if isGone {
      entries += [.consentsForgotten([contact]), .settled(contact.description)]
      return
    }
    var changed: [ConsentRecord] = []
    for decision in decisions {
      guard var record = records[decision.attribute] else { continue }
      switch decision.outcome {
      case .nothing: (record.due, record.waits) = (nil, false)
      case .begun, .overtaken: break
      case .waiting, .refused:
        record.waits = true
        record.dynamics = .never
      case .written:
        (record.due, record.waits) = (nil, false)
        for value in [decision.becomes.dynamics, decision.becomes.campaign].compactMap(\.self) {
          if value { sum.optedOut += 1 } else { sum.optedIn += 1 }
        }
        if let value = decision.becomes.dynamics { record.dynamics = .init(value) }
        if let value = decision.becomes.campaign { record.campaign = .init(value) }
      }
      changed.append(record)
    }
    entries.append(.consents(changed))
    switch obstacle {
    case nil:
      if !isOvertaken { entries.append(.settled(contact.description)) }
      if tally.updated == 0 { sum.unchanged += 1 }
    case let obstacle?:
      if obstacle == .refused { sum.rejected += 1 } else { sum.unmatched += 1 }
      entries.append(.pending(rejection(obstacle)))
    }
  }

  /// Dynamics removed the contact, and nothing of it is on the way: there is nobody to decide about.
  private var isGone: Bool {
    row == nil && decisions.allSatisfy { [.dynamics, .bulk].contains($0.trigger) }
  }

  private func rejection(_ obstacle: Obstacle) -> Rejection {
    let reason =
      switch obstacle {
      case .noContact: "Dynamics does not have the contact; nothing is created for an opt-out"
      case .noProfile: "Campaign does not have the profile; ingress creates it with its opt-outs"
      case .severalRecords: "several Campaign records have this key: merge them in Campaign"
      case .refused: "the opt-out was refused (\(code ?? "no code"))"
      }
    return Rejection(
      key: contact.description, what: .consent, rule: obstacle.rawValue, reason: reason,
      excerpt: excerpt)
  }
}

extension ResourceRecord {
  /// Nil where the field is empty, or not there.
  fileprivate func flag(_ field: String) -> Bool? {
    values[field].flatMap { $0 == "true" ? true : $0 == "false" ? false : nil }
  }
}

extension ConsentDecision {
  /// Both sides are as it wanted them.
  fileprivate func stands(campaign: Bool?, dynamics: Bool?) -> Bool {
    (becomes.campaign == nil || becomes.campaign == campaign)
      && (becomes.dynamics == nil || becomes.dynamics == dynamics)
  }
}
