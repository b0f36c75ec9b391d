import Core

/// The part of the ledger that remembers opt-outs: what each side was seen to say, and what was decided.
final class ConsentWriter {
  private let upsert, forget, insertDecision, forgetDecisions: Statement

  init(_ database: Database) throws(SyncError) {
    upsert = try database.prepare(
      "INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    forget = try database.prepare("DELETE FROM consents WHERE contact = ?")
    insertDecision = try database.prepare(
      "INSERT OR REPLACE INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    forgetDecisions = try database.prepare("DELETE FROM decisions WHERE at < ?")
  }

  func put(_ records: [ConsentRecord]) throws(SyncError) {
    for record in records {
      upsert.bind(1, record.contact.rank.high, record.contact.rank.low)
      upsert.bind(2, record.attribute.place)
      upsert.bind(3, ConsentCode.code(record.observed?.value))
      upsert.bind(4, record.observed?.at?.milliseconds)
      upsert.bind(5, record.observed?.file)
      upsert.bind(6, record.dynamics.rawValue)
      upsert.bind(7, record.campaign.rawValue)
      upsert.bind(8, record.due.map { Int64($0.strength) })
      upsert.bind(9, record.waits ? 1 : 0)
      try upsert.run()
    }
  }

  func forget(_ contacts: [RowKey]) throws(SyncError) {
    for contact in contacts {
      forget.bind(1, contact.rank.high, contact.rank.low)
      try forget.run()
    }
  }

  func put(_ decisions: [ConsentDecision]) throws(SyncError) {
    for decision in decisions {
      insertDecision.bind(1, decision.contact.rank.high, decision.contact.rank.low)
      insertDecision.bind(2, decision.attribute.place)
      insertDecision.bind(3, decision.at.milliseconds)
      insertDecision.bind(4, decision.direction.rawValue)
      insertDecision.bind(5, decision.trigger.rawValue)
      insertDecision.bind(6, ConsentCode.code(decision.campaign))
      insertDecision.bind(7, ConsentCode.code(decision.dynamics))
      insertDecision.bind(8, decision.campaignTime?.milliseconds)
      insertDecision.bind(9, decision.dynamicsTime?.milliseconds)
      insertDecision.bind(10, ConsentCode.code(decision.becomes.campaign))
      insertDecision.bind(11, ConsentCode.code(decision.becomes.dynamics))
      insertDecision.bind(12, decision.outcome.rawValue)
      try insertDecision.run()
    }
  }

  func forgetDecisions(before moment: Instant) throws(SyncError) {
    forgetDecisions.bind(1, moment.milliseconds)
    try forgetDecisions.run()
  }
}

/// How opt-outs are kept: 1 is opted out, 0 is opted in, null is unknown.
enum ConsentCode {
  static func code(_ value: Bool?) -> Int64? { value.map { $0 ? 1 : 0 } }

  static func trigger(_ strength: Int64) -> ConsentRule.Trigger? {
    ConsentRule.Trigger.allCases.first { $0.strength == Int(strength) }
  }
}
