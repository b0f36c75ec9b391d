import Core

/// Whether Dynamics holds what a job file promises of the exported events.
package struct EventComparisonResult: Sendable, Equatable {
  package var event: String
  package var table: String
  /// Events of contacts that Dynamics has, each once.
  package var events = 0
  package var activities = 0
  package var missing = 0
  /// Activities that repeat one which is as it should be.
  package var doubled = 0
  /// Activities of no exported event.
  package var extra = 0
  package var differing = 0
  /// How often each column differs; `regardingobjectid`: it is on another contact's timeline.
  package var fields: [String: Int] = [:]
  /// Exported rows that an earlier one had already.
  package var repeated = 0
  package var rejected = 0
  package var unmatched = 0
  /// Events of contacts that were not there all the time, without an activity.
  package var optional = 0
  /// Activities that went with their contact.
  package var buried = 0
  /// Ids of events and of activities of the first few faults.
  package var keys: [String] = []

  package init(event: String, table: String) {
    self.event = event
    self.table = table
  }

  package var isEqual: Bool { missing == 0 && doubled == 0 && extra == 0 && differing == 0 }

  /// One line: `equal: 1,234 click events = 1,234 activities`.
  package var sentence: String {
    var notes: [String] = []
    if repeated > 0 { notes.append("\(grouped(repeated)) exported again") }
    if rejected > 0 { notes.append("\(grouped(rejected)) rejected as they must be") }
    if unmatched > 0 { notes.append("\(grouped(unmatched)) without a contact") }
    if optional > 0 { notes.append("\(grouped(optional)) whose contact came later") }
    if buried > 0 { notes.append("\(grouped(buried)) gone with their contact") }
    let more = notes.isEmpty ? "" : " (" + notes.joined(separator: "; ") + ")"
    if isEqual {
      return "equal: \(grouped(events)) \(event) events = \(grouped(activities)) activities" + more
    }
    var faults: [String] = []
    if missing > 0 { faults.append("\(grouped(missing)) missing") }
    if doubled > 0 { faults.append("\(grouped(doubled)) doubled") }
    if extra > 0 { faults.append("\(grouped(extra)) extra") }
    if differing > 0 {
      let names = fields.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        .map { "\($0.key) \(grouped($0.value))" }
      faults.append("\(grouped(differing)) differ (\(names.joined(separator: ", ")))")
    }
    return "different: " + faults.joined(separator: ", ") + more
  }

  package var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(String(value)) }
    let names = fields.sorted { $0.key < $1.key }.map { JSONValue.Member($0, number($1)) }
    return [
      "equal": .bool(isEqual), "sentence": .string(sentence), "events": number(events),
      "activities": number(activities), "missing": number(missing), "doubled": number(doubled),
      "extra": number(extra), "differing": number(differing), "fields": .object(names),
      "repeated": number(repeated), "rejected": number(rejected), "unmatched": number(unmatched),
      "optional": number(optional), "buried": number(buried),
      "keys": .array(keys.map(JSONValue.string)),
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
