import Core

/// Something about one person's consent that may not be.
package struct OptOutDifference: Sendable, Equatable {
  package var key: RowKey
  /// `denyListEmail`; nil where it is about the contact itself.
  package var attribute: String?
  /// True is opted out.
  package var dynamics: Bool?
  package var campaign: Bool?
  /// `modifiedon`, and the attribute's time.
  package var dynamicsTime: Instant?
  package var campaignTime: Instant?
  package var why: String

  /// `<key> denyListEmail: Dynamics out 2026-02-03T08:40:12Z, Campaign in: why`.
  package var line: String {
    func side(_ name: String, _ value: Bool?, _ time: Instant?) -> String {
      let word = value.map { $0 ? "out" : "in" } ?? "unknown"
      return "\(name) \(word)" + (time.map { " \(CampaignTime.text($0))" } ?? "")
    }
    guard let attribute else { return "\(key): \(why)" }
    return "\(key) \(attribute): " + side("Dynamics", dynamics, dynamicsTime) + ", "
      + side("Campaign", campaign, campaignTime) + ": " + why
  }

  package var json: JSONValue {
    func flag(_ value: Bool?) -> JSONValue { value.map(JSONValue.bool) ?? .null }
    func time(_ time: Instant?) -> JSONValue {
      time.map { .string(CampaignTime.text($0)) } ?? .null
    }
    return [
      "key": .string(key.description), "attribute": attribute.map(JSONValue.string) ?? .null,
      "dynamics": flag(dynamics), "campaign": flag(campaign), "dynamicsTime": time(dynamicsTime),
      "campaignTime": time(campaignTime), "why": .string(why), "line": .string(line),
    ]
  }
}

/// Whether people's consent is as it may be.
package struct OptOutComparisonResult: Sendable, Equatable {
  package var contacts = 0
  /// Profiles of those contacts.
  package var profiles = 0
  package var optOuts = 0
  /// Opted in by the tool or by its import, against the rule.
  package var optedIn = 0
  package var differing = 0
  /// Contacts that nobody but the tool created.
  package var stubs = 0
  /// Differences of which Campaign has exported nothing yet.
  package var notExported = 0
  /// Differences of people who changed their mind where that side does not lead.
  package var changedSince = 0
  /// Differences of which no export says since when.
  package var unknown = 0
  /// The first few.
  package var differences: [OptOutDifference] = []
  var limit = 20

  package var isEqual: Bool { optedIn == 0 && differing == 0 && stubs == 0 }

  mutating func note(_ difference: OptOutDifference) {
    if differences.count < limit { differences.append(difference) }
  }

  /// One line: `equal: 20,000 contacts = 20,000 profiles, 2 opt-outs each`.
  package var sentence: String {
    var notes: [String] = []
    if notExported > 0 { notes.append("\(grouped(notExported)) not exported yet") }
    if changedSince > 0 { notes.append("\(grouped(changedSince)) changed where nobody asks") }
    if unknown > 0 { notes.append("\(grouped(unknown)) of unknown time") }
    let more = notes.isEmpty ? "" : " (" + notes.joined(separator: "; ") + ")"
    if isEqual {
      return "equal: \(grouped(contacts)) contacts = \(grouped(profiles)) profiles, "
        + "\(optOuts) opt-outs each" + more
    }
    var faults: [String] = []
    if optedIn > 0 { faults.append("\(grouped(optedIn)) opted in against the rule") }
    if differing > 0 { faults.append("\(grouped(differing)) differ") }
    if stubs > 0 { faults.append("\(grouped(stubs)) contacts that nobody created") }
    return "different: " + faults.joined(separator: ", ") + more
  }

  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    return [
      "equal": .bool(isEqual), "sentence": .string(sentence), "contacts": number(contacts),
      "profiles": number(profiles), "optOuts": number(optOuts), "optedIn": number(optedIn),
      "differing": number(differing), "stubs": number(stubs), "notExported": number(notExported),
      "changedSince": number(changedSince), "unknown": number(unknown),
      "differences": .array(differences.map(\.json)),
    ]
  }

  private func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
