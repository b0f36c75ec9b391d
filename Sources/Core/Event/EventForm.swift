/// Turns rows of exports into activities of one table.
package struct EventForm: Sendable {
  package enum Decision: Sendable, Equatable {
    case activity(Activity)
    /// No contact of Dynamics can have this id: a test address, or another system's recipient.
    case stranger
    case rejected(RowKey, rule: String, reason: String)

    /// Of the activity; nil where there can be none.
    package var id: RowKey? {
      switch self {
      case .activity(let activity): activity.id
      case .rejected(let id, _, _): id
      case .stranger: nil
      }
    }
  }

  private let event: String
  private let campaign: String
  private let zone: TimeZoneRules
  package let table: ActivityTable
  private let uuid: @Sendable (RowKey, [UInt8]) -> RowKey

  /// Of all ids of events; never changes.
  private static let namespace = RowKey(high: 0x8f3a_1c52_6d0b_4e7a, low: 0x9b64_27c1_e05d_83f6)

  /// - Parameters:
  ///   - campaign: the Campaign organisation, as the job's identity has it.
  ///   - uuid: a version 5 UUID of a namespace and a name.
  package init(
    _ settings: EgressSettings, campaign: String, zone: TimeZoneRules, table: ActivityTable,
    uuid: @escaping @Sendable (RowKey, [UInt8]) -> RowKey
  ) {
    event = settings.event.rawValue
    self.campaign = campaign
    self.zone = zone
    self.table = table
    self.uuid = uuid
  }

  package func decide(_ row: EventRow) -> Decision {
    guard let contact = row.contact else { return .stranger }
    let id = id(of: row, contact)
    func rejected(_ rule: String, _ reason: String) -> Decision {
      .rejected(id, rule: rule, reason: reason)
    }
    if row.id.isEmpty { return rejected("noId", "the column of `id` is empty") }
    let moment: Instant
    switch EventTime(row["at"], zone) {
    case .at(let time): moment = time
    case .unreadable: return rejected("notATime", "the text of `at` is no date and time")
    case .skipped:
      return rejected(
        "noSuchTime", "the time of `at` lies in the hour that the clocks of the zone skip")
    }
    let subject = "Campaign Name: \(row["campaign"]); Delivery Name: \(row["delivery"])"
    if let length = table.subjectLength, subject.utf16.count > length {
      return rejected("tooLong", EventForm.tooLong("the subject", subject, "subject", length))
    }
    var texts: [String: String] = [:]
    for (role, column) in table.columns where role != "at" && !row[role].isEmpty {
      if let length = column.maxLength, row[role].utf16.count > length {
        return rejected(
          "tooLong", EventForm.tooLong("the text of `\(role)`", row[role], column.name, length))
      }
      texts[role] = row[role]
    }
    return .activity(
      Activity(id: id, subject: subject, contact: contact, at: moment, texts: texts))
  }

  /// The same event, the same id: whichever file it came in, and however often.
  ///
  /// - Shape: each part with its length before it, so that no two tuples are one name.
  func id(of row: EventRow, _ contact: RowKey) -> RowKey {
    let parts = [campaign, event, row.id, row["delivery"], contact.description]
    return uuid(EventForm.namespace, parts.flatMap { Array("\($0.utf8.count):\($0)".utf8) })
  }

  /// Dynamics counts UTF-16 units.
  private static func tooLong(
    _ what: String, _ text: String, _ column: String, _ length: Int
  ) -> String {
    "\(what) has \(text.utf16.count) characters, \(column) holds \(length)"
  }
}
