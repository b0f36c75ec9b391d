import Campaign
import Core
import Dataverse
import Jobs
import Ledger

/// What both sides say of one person, what is remembered, and every decision in words.
struct OptOutInspection {
  let job: String
  let contact: RowKey
  private var target: OptOutTarget
  private var row: ContactConsent?
  private var profiles: [ResourceRecord] = []
  private var records: [ConsentAttribute: ConsentRecord] = [:]
  private var decisions: [ConsentDecision] = []
  private var pending: [PendingRecord] = []

  /// The newest decisions that are shown.
  private static let most = 100

  init(
    of contact: RowKey, _ state: OptOutJobState, _ profiles: ProfileKey, _ connections: Connections
  ) async throws(SyncError) {
    guard state.settings.readsCampaign else {
      throw SyncError(
        .configuration, "inspect \(state.name)", state.settings.idleWords ?? "nothing flows",
        code: SyncError.usageCode, next: "inspect the ingress job of contact: docs/jobs.md")
    }
    (job, self.contact) = (state.name, contact)
    let dynamics = try connections.dynamics()
    target = try await OptOutTargets(state, profiles, dynamics, try connections.campaign()).target()
    let consents = try connections.consents(first: dynamics)
    row = try await consents.read([contact], columns: target.pairs.map(\.column))[contact]
    self.profiles = try await target.profiles.find(
      key: contact.description, fields: target.pairs.map(\.field))
    guard SQLiteLedger.exists(in: state.place.folder) else { return }
    let ledger = try SQLiteLedger.look(in: state.place.folder)
    records = try await ledger.consents(of: [contact])[contact] ?? [:]
    decisions = try await ledger.decisions(of: contact, limit: OptOutInspection.most)
    pending = try await ledger.pending(of: contact.description)
  }

  var lines: [String] {
    var lines = ["\(job) \(contact)"]
    let time = row?.modified.map { ", changed \(TimeText.utc($0))" } ?? ""
    lines.append("  Dynamics  \(row == nil ? "has no such contact" : "has the contact\(time)")")
    lines.append("  Campaign  \(campaignWords)")
    for (index, pair) in target.pairs.enumerated() {
      let dynamics = row.map { ConsentWords.value(pair.turned($0.values[index])) } ?? "nothing"
      lines.append(
        "  \(pair.attribute.name): Dynamics \(dynamics), Campaign \(campaign(pair))"
          + observed(records[pair.attribute]))
    }
    for record in pending {
      lines.append(
        "  pending   \(record.rejection.rule): \(record.rejection.reason) "
          + "(since \(TimeText.utc(record.first)), \(record.attempts) attempts)")
    }
    lines.append("  decisions \(decisions.count)")
    lines += decisions.map { "  \(TimeText.utc($0.at))  \(ConsentWords.sentence($0))" }
    return lines
  }

  private var campaignWords: String {
    switch profiles.count {
    case 0: "has no such profile"
    case 1: "has the profile"
    default: "has several profiles with this key"
    }
  }

  private func campaign(_ pair: OptOutTarget.Pair) -> String {
    guard profiles.count == 1 else { return "nothing" }
    switch profiles[0].values[pair.field] {
    case "true": return ConsentWords.value(true)
    case "false": return ConsentWords.value(false)
    default: return ConsentWords.value(nil)
    }
  }

  private func observed(_ record: ConsentRecord?) -> String {
    guard let observed = record?.observed else { return "; in no export so far" }
    let time = observed.at.map { "since \(TimeText.utc($0))" } ?? "since nobody knows when"
    let due = record?.due == nil ? "" : "; to be decided"
    return "; exports show \(ConsentWords.value(observed.value)) \(time)\(due)"
  }

  var json: JSONValue {
    func flag(_ value: Bool?) -> JSONValue { value.map(JSONValue.bool) ?? .null }
    func time(_ instant: Instant?) -> JSONValue {
      instant.map { .string(TimeText.utc($0)) } ?? .null
    }
    return [
      "job": .string(job), "key": .string(contact.description),
      "inDynamics": .bool(row != nil), "profiles": .number(String(profiles.count)),
      "attributes": .array(
        target.pairs.enumerated().map { index, pair in
          let observed = records[pair.attribute]?.observed
          return [
            "attribute": .string(pair.attribute.name),
            "dynamics": flag(row.flatMap { pair.turned($0.values[index]) }),
            "campaign": flag(
              profiles.count == 1 ? profiles[0].values[pair.field].map { $0 == "true" } : nil),
            "observed": flag(observed?.value), "observedAt": time(observed?.at),
            "due": .bool(records[pair.attribute]?.due != nil),
          ]
        }),
      "pending": .array(
        pending.map { record in
          [
            "rule": .string(record.rejection.rule), "reason": .string(record.rejection.reason),
            "first": .string(TimeText.utc(record.first)),
            "attempts": .number(String(record.attempts)),
          ]
        }),
      "decisions": .array(
        decisions.map { one in
          [
            "at": .string(TimeText.utc(one.at)), "attribute": .string(one.attribute.name),
            "direction": .string(one.direction.rawValue), "cause": .string(one.trigger.rawValue),
            "campaign": flag(one.campaign), "dynamics": flag(one.dynamics),
            "campaignTime": time(one.campaignTime), "dynamicsTime": time(one.dynamicsTime),
            "toCampaign": flag(one.becomes.campaign), "toDynamics": flag(one.becomes.dynamics),
            "outcome": .string(one.outcome.rawValue), "says": .string(ConsentWords.sentence(one)),
          ]
        }),
    ]
  }
}

/// Opt-outs for a person.
enum ConsentWords {
  static func value(_ value: Bool?) -> String {
    value.map { $0 ? "opted out" : "opted in" } ?? "says nothing"
  }

  /// A decision in one line: the cause, both values and times, the order, what becomes, how it ended.
  static func sentence(_ one: ConsentDecision) -> String {
    let campaign = value(one.campaign) + (one.campaignTime.map { " (\(TimeText.utc($0)))" } ?? "")
    let dynamics =
      value(one.dynamics) + (one.dynamicsTime.map { " (row of \(TimeText.utc($0)))" } ?? "")
    return
      "\(one.attribute.name): \(cause(one.trigger)). Campaign \(campaign), Dynamics \(dynamics); "
      + "\(order(one)): \(becomes(one)). \(outcome(one.outcome))."
  }

  private static func cause(_ trigger: ConsentRule.Trigger) -> String {
    switch trigger {
    case .campaign: "a change in Campaign"
    case .firstSight: "seen in an export for the first time"
    case .dynamics: "a change in Dynamics"
    case .bulk: "a reading of all contacts"
    }
  }

  private static func order(_ one: ConsentDecision) -> String {
    switch one.order {
    case .campaignNewer: "Campaign is newer"
    case .same: "both in the same second"
    case .dynamicsNewer: "Dynamics is newer"
    case .unknown: "nobody knows which is newer"
    }
  }

  private static func becomes(_ one: ConsentDecision) -> String {
    var parts: [String] = []
    if let dynamics = one.becomes.dynamics { parts.append("Dynamics becomes \(value(dynamics))") }
    if let campaign = one.becomes.campaign { parts.append("Campaign becomes \(value(campaign))") }
    return parts.isEmpty ? "nothing changes" : parts.joined(separator: ", ")
  }

  private static func outcome(_ outcome: ConsentDecision.Outcome) -> String {
    switch outcome {
    case .nothing: "Nothing to write"
    case .begun: "Begun, and decided again by the next run"
    case .written: "Written"
    case .waiting: "It waits: a side does not have the record"
    case .refused: "It was refused, and waits"
    case .overtaken: "A side changed meanwhile: decided again"
    }
  }
}
