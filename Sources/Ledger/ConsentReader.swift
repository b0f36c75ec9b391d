import Core

/// What the ledger of an opt-out job knows; used by the connection that reads.
final class ConsentReader {
  private let selectRecords, selectDue, countDue, selectDecisions, selectNewest: Statement

  init(_ database: Database) throws(SyncError) {
    selectRecords = try database.prepare(
      """
      SELECT attribute, observed, observedAt, file, dynamics, campaign, due, waits FROM consents
      WHERE contact = ?
      """)
    selectDue = try database.prepare(
      """
      SELECT DISTINCT contact FROM consents WHERE due IS NOT NULL AND waits = 0 AND contact > ?
      ORDER BY contact LIMIT ?
      """)
    countDue = try database.prepare(
      "SELECT count(DISTINCT contact) FROM consents WHERE due IS NOT NULL AND waits = 0")
    let columns = """
      SELECT contact, attribute, at, direction, cause, campaign, dynamics, campaignAt, dynamicsAt,
      toCampaign, toDynamics, outcome FROM decisions
      """
    selectDecisions = try database.prepare(
      "\(columns) WHERE contact = ? ORDER BY at DESC, attribute LIMIT ?")
    selectNewest = try database.prepare("\(columns) ORDER BY at DESC, contact, attribute LIMIT ?")
  }

  func records(
    of contacts: [RowKey]
  ) throws(SyncError) -> [RowKey: [ConsentAttribute: ConsentRecord]] {
    var records: [RowKey: [ConsentAttribute: ConsentRecord]] = [:]
    for contact in contacts {
      selectRecords.bind(1, contact.rank.high, contact.rank.low)
      while try selectRecords.step() {
        guard let attribute = ConsentAttribute(place: Int(selectRecords.integer(0))) else {
          continue
        }
        var record = ConsentRecord(contact, attribute)
        if let value = selectRecords.number(1) {
          record.observed = ConsentObservation(
            value: value == 1, at: instant(selectRecords, 2), file: selectRecords.integer(3))
        }
        record.dynamics = .init(rawValue: Int(selectRecords.integer(4))) ?? .never
        record.campaign = .init(rawValue: Int(selectRecords.integer(5))) ?? .never
        record.due = selectRecords.number(6).flatMap(ConsentCode.trigger)
        record.waits = selectRecords.integer(7) == 1
        records[contact, default: [:]][attribute] = record
      }
    }
    return records
  }

  func due(after contact: RowKey?, limit: Int) throws(SyncError) -> [RowKey] {
    selectDue.bind(1, after: contact)
    selectDue.bind(2, limit)
    var contacts: [RowKey] = []
    while try selectDue.step() {
      if let words = selectDue.words(0) { contacts.append(RowKey(rank: words)) }
    }
    return contacts
  }

  func dueCount() throws(SyncError) -> Int {
    defer { countDue.reset() }
    return try countDue.step() ? Int(countDue.integer(0)) : 0
  }

  func decisions(of contact: RowKey?, limit: Int) throws(SyncError) -> [ConsentDecision] {
    let statement = contact == nil ? selectNewest : selectDecisions
    if let contact {
      statement.bind(1, contact.rank.high, contact.rank.low)
      statement.bind(2, limit)
    } else {
      statement.bind(1, limit)
    }
    var decisions: [ConsentDecision] = []
    while try statement.step() {
      if let decision = decision(statement) { decisions.append(decision) }
    }
    return decisions
  }

  private func decision(_ row: Statement) -> ConsentDecision? {
    guard let words = row.words(0),
      let attribute = ConsentAttribute(place: Int(row.integer(1))), let at = instant(row, 2),
      let direction = row.text(3).flatMap(OptOutSettings.Direction.init),
      let trigger = row.text(4).flatMap(ConsentRule.Trigger.init),
      let outcome = row.text(11).flatMap(ConsentDecision.Outcome.init)
    else { return nil }
    func flag(_ column: Int32) -> Bool? { row.number(column).map { $0 == 1 } }
    return ConsentDecision(
      contact: RowKey(rank: words), attribute: attribute, at: at, direction: direction,
      trigger: trigger, campaign: flag(5), dynamics: flag(6), campaignTime: instant(row, 7),
      dynamicsTime: instant(row, 8),
      becomes: ConsentRule.Outcome(dynamics: flag(10), campaign: flag(9)), outcome: outcome)
  }

  private func instant(_ row: Statement, _ column: Int32) -> Instant? {
    row.number(column).map { Instant(milliseconds: $0) }
  }
}
