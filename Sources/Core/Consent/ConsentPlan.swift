/// Where in one opt-out file everything stands.
package struct ConsentPlan: Sendable {
  package enum Verdict: Sendable, Equatable {
    /// A profile that does not come from Dynamics: its key is empty, or is no guid.
    case stranger
    case row(ConsentRow)
    /// The row has more or fewer fields than the header.
    case broken(Rejection)
  }

  private struct Place: Sendable {
    var attribute: ConsentAttribute
    var value: Int
    var time: Int
  }

  private let file: RemoteFile
  private let zone: TimeZoneRules
  private let width: Int
  private let key: Int
  private let places: [Place]

  /// - Parameter header: the first row of the file.
  /// - Errors: `configuration`: every column that the job names and the header does not have.
  package init(
    _ settings: OptOutSettings, header: CSVRow, file: RemoteFile, zone: TimeZoneRules
  ) throws(SyncError) {
    let names = header.texts.map(ExportHeader.trimmed)
    var missing: [String] = []
    func place(_ name: String) -> Int {
      if let place = names.firstIndex(of: name) { return place }
      if !missing.contains(name) { missing.append(name) }
      return 0
    }
    guard let files = settings.files else {
      throw SyncError(.bug, "read \(file.name)", "the job reads no opt-out files")
    }
    let key = place(files.key)
    var places: [Place] = []
    for field in settings.fields {
      guard let attribute = ConsentAttribute(field.campaign) else { continue }
      // An instance calls them one way or the other, and so does its export.
      let name = [field.campaign, attribute.name, attribute.otherName].first(where: names.contains)
      let column = name ?? field.campaign
      let time = files.modified.replacing("{campaign}", with: column)
      places.append(Place(attribute: attribute, value: place(column), time: place(time)))
    }
    guard missing.isEmpty else {
      throw ExportHeader.missing(missing, of: file.name, names, keys: "`from` and `fields`")
    }
    (self.file, self.zone, self.key, self.places) = (file, zone, key, places)
    width = names.count
  }

  package func judge(_ row: CSVRow) -> Verdict {
    guard row.count == width else {
      return .broken(
        Rejection(
          key: "\(file.name)@\(row.start)", what: .consent, rule: Rejection.rowBroken,
          reason: "the row has \(row.count) fields, the header \(width)",
          line: EventRow.line(of: row.texts)))
    }
    guard let contact = RowKey(row.text(key)) else { return .stranger }
    var consents = ConsentRow(contact: contact)
    for place in places {
      switch ConsentPlan.value(row.text(place.value)) {
      case .some(let value?):
        var time = ConsentPlan.time(row.text(place.time), zone)
        // Nothing changes after it was exported: such a time is another clock's, or another zone's.
        if let known = time, known.seconds > file.modified + ConsentPlan.clockDrift { time = nil }
        consents.observations[place.attribute] = ConsentObservation(
          value: value, at: time, file: file.modified)
      case .some(nil): break
      case nil: consents.unreadable += 1
      }
    }
    if consents.unreadable > 0 {
      consents.rejection = Rejection(
        key: Rejection.keyOfValues(contact), what: .consent, rule: Rejection.unreadable,
        reason: "\(consents.unreadable) of its values are neither true nor false",
        line: EventRow.line(of: row.texts))
    }
    return .row(consents)
  }

  /// Seconds that the clocks of Campaign and of its SFTP server may differ.
  static let clockDrift: Int64 = 300

  /// Inner nil: an empty field, which says nothing; outer nil: it cannot be read.
  private static func value(_ text: String) -> Bool?? {
    switch text.lowercased() {
    case "true", "1": .some(true)
    case "false", "0": .some(false)
    case "": .some(nil)
    default: nil
    }
  }

  /// Nil where it is missing, cannot be read, or the clocks showed it twice or never.
  private static func time(_ text: String, _ zone: TimeZoneRules) -> Instant? {
    guard case .at(let instant) = EventTime(text, zone, whereTwice: .unreadable) else { return nil }
    return Instant(milliseconds: instant.milliseconds + Int64(milliseconds(text)))
  }

  /// Of the fraction behind the seconds, if there is one.
  private static func milliseconds(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    guard bytes.count > 20, bytes[19] == 0x2E else { return 0 }
    let digits = bytes[20...].prefix { (0x30...0x39).contains($0) }.prefix(3)
    let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    return digits.count == 3 ? number : digits.count == 2 ? number * 10 : number * 100
  }
}

/// What one row of an opt-out file says.
package struct ConsentRow: Sendable, Equatable {
  package var contact: RowKey
  /// Only attributes of which it says something.
  package var observations: [ConsentAttribute: ConsentObservation] = [:]
  /// Values that cannot be read, and count as unknown.
  package var unreadable = 0
  /// What is to be kept of the row for them.
  package var rejection: Rejection?

  package init(contact: RowKey) { self.contact = contact }
}

extension ConsentAttribute {
  /// `blackListEmail` for `denyListEmail`; the same where there is no other.
  package var otherName: String {
    name.hasPrefix("denyList") ? "blackList" + name.dropFirst("denyList".count) : name
  }
}

extension Rejection {
  /// The rule of a row with values that nobody can read: it is kept until a row of the contact comes
  /// that says everything.
  package static let unreadable = "unreadable"

  /// Beside what may be pending of the contact itself.
  package static func keyOfValues(_ contact: RowKey) -> String { "\(contact)#values" }
}
