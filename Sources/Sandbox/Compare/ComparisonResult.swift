import Core

/// Whether Campaign holds what the job file promises.
package struct ComparisonResult: Sendable, Equatable {
  package var table: String
  package var resource: String
  package var fieldCount: Int
  /// Dynamics rows.
  package var rows = 0
  /// Campaign records with a key.
  package var records = 0
  package var equal = 0
  /// Rows the mapping must refuse: absent in Campaign, or as they were.
  package var rejected = 0
  package var missing = 0
  package var extra = 0
  package var differing = 0
  /// How often each field differs.
  package var fields: [String: Int] = [:]
  /// Values that an update leaves alone and that are not the newest.
  package var leftAlone = 0
  /// Rows that the filter does not let through.
  package var filteredOut = 0
  /// Of those, how many were in Campaign before and stay there.
  package var kept = 0
  /// Rows whose parent is not in Campaign.
  package var waiting = 0
  /// Records of rows that Dynamics has no more, where the job does not delete.
  package var deletedAndKept = 0
  /// The first few keys of what is wrong.
  package var keys: [String] = []

  package init(table: String, resource: String, fieldCount: Int) {
    self.table = table
    self.resource = resource
    self.fieldCount = fieldCount
  }

  package var isEqual: Bool { missing == 0 && extra == 0 && differing == 0 }

  /// One line: `equal: 20,000 contacts = 20,000 profiles, 6 fields each`.
  package var sentence: String {
    var notes: [String] = []
    if rejected > 0 { notes.append("\(grouped(rejected)) rejected as they must be") }
    if filteredOut > 0 {
      let stay = kept > 0 ? ", \(grouped(kept)) of them kept" : ""
      notes.append("\(grouped(filteredOut)) filtered out\(stay)")
    }
    if waiting > 0 { notes.append("\(grouped(waiting)) waiting for their parent") }
    if deletedAndKept > 0 {
      notes.append("\(grouped(deletedAndKept)) deleted in Dynamics and kept")
    }
    if leftAlone > 0 { notes.append("\(grouped(leftAlone)) values left alone by updates") }
    let more = notes.isEmpty ? "" : " (" + notes.joined(separator: "; ") + ")"
    if isEqual {
      return "equal: \(grouped(rows)) \(table)s = \(grouped(records)) \(resource)s, "
        + "\(fieldCount) fields each" + more
    }
    var faults: [String] = []
    if missing > 0 { faults.append("\(grouped(missing)) missing") }
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
      "equal": .bool(isEqual), "sentence": .string(sentence), "rows": number(rows),
      "records": number(records), "equalRows": number(equal), "rejected": number(rejected),
      "missing": number(missing), "extra": number(extra), "differing": number(differing),
      "leftAlone": number(leftAlone), "fields": .object(names),
      "filteredOut": number(filteredOut), "kept": number(kept), "waiting": number(waiting),
      "deletedAndKept": number(deletedAndKept), "keys": .array(keys.map(JSONValue.string)),
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
