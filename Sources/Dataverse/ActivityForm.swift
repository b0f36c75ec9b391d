import Core

/// Activities of one table as the JSON of their writes.
///
/// - Shape: one line without line ends; times in UTC, whole seconds.
struct ActivityForm: Sendable {
  private let table: ActivityTable
  private let type: [UInt8]
  /// Names, quoted and with their colon: escaped once, not for each activity.
  private let regarding: [UInt8]
  private let texts: [(role: String, name: [UInt8])]
  private let times: [(name: [UInt8], isDay: Bool)]
  /// Owner and state, the same for all.
  private let tail: [UInt8]
  private let completion: [UInt8]

  /// - Parameter owner: nil: whoever sends the request.
  init(_ table: ActivityTable, owner: RowKey?) {
    self.table = table
    type = ActivityForm.text("@odata.type", "Microsoft.Dynamics.CRM.\(table.logicalName)")
    regarding = ActivityForm.name("\(table.regarding)@odata.bind")
    texts = table.columns.filter { $0.key != "at" }.sorted { $0.key < $1.key }
      .map { ($0.key, ActivityForm.name($0.value.name)) }
    var times = table.timeColumns.map { (name: $0, isDay: false) }
    if let at = table.columns["at"], !table.timeColumns.contains(at.name) {
      times.append((at.name, at.kind == .dateTime(.dateOnly)))
    }
    self.times = times.map { (ActivityForm.name($0.name), $0.isDay) }
    var completion = Array(",\"statecode\":1".utf8)
    if let status = table.completedStatus { completion += ",\"statuscode\":\(status)".utf8 }
    var tail: [UInt8] = []
    if let owner {
      tail += [0x2C] + ActivityForm.text("ownerid@odata.bind", "/systemusers(\(owner))")
    }
    if table.state == .completed, table.createsCompleted { tail += completion }
    self.tail = tail
    self.completion = completion
  }

  /// - Parameter isTarget: of a bulk message, where each names its type.
  func create(_ activity: Activity, isTarget: Bool, to bytes: inout [UInt8]) {
    open(activity, isTarget: isTarget, &bytes)
    bytes += ",\"subject\":".utf8
    ActivityForm.append(activity.subject, to: &bytes)
    bytes.append(0x2C)
    bytes += regarding
    bytes += "\"/contacts(".utf8
    bytes += activity.contact.description.utf8
    bytes += ")\"".utf8
    let moment = InstantText.moment(activity.at)
    for time in times {
      bytes.append(0x2C)
      bytes += time.name
      bytes.append(0x22)
      bytes += (time.isDay ? InstantText.day(activity.at) : moment).utf8
      bytes.append(0x22)
    }
    for column in texts {
      guard let text = activity.texts[column.role] else { continue }
      bytes.append(0x2C)
      bytes += column.name
      ActivityForm.append(text, to: &bytes)
    }
    bytes += tail
    bytes.append(0x7D)
  }

  /// The second write: the state, and nothing else.
  func complete(_ activity: Activity, isTarget: Bool, to bytes: inout [UInt8]) {
    guard isTarget else {
      bytes.append(0x7B)
      bytes += completion.dropFirst()
      bytes.append(0x7D)
      return
    }
    open(activity, isTarget: true, &bytes)
    bytes += completion
    bytes.append(0x7D)
  }

  private func open(_ activity: Activity, isTarget: Bool, _ bytes: inout [UInt8]) {
    bytes.append(0x7B)
    if isTarget {
      bytes += type
      bytes.append(0x2C)
    }
    bytes += "\"activityid\":\"".utf8
    bytes += activity.id.description.utf8
    bytes.append(0x22)
  }

  /// A quoted text: copied whole where nothing in it is to be escaped, as in most.
  private static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    let isPlain = text.withUTF8 { utf8 in
      guard utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }) else { return false }
      bytes.append(0x22)
      bytes.append(contentsOf: utf8)
      bytes.append(0x22)
      return true
    }
    if !isPlain { JSONValue.write(text.utf8, to: &bytes) }
  }

  private static func name(_ name: String) -> [UInt8] {
    var bytes: [UInt8] = []
    JSONValue.write(name.utf8, to: &bytes)
    return bytes + [0x3A]
  }

  private static func text(_ name: String, _ value: String) -> [UInt8] {
    var bytes = self.name(name)
    JSONValue.write(value.utf8, to: &bytes)
    return bytes
  }
}
