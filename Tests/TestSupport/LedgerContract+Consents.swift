import Core
import Testing

/// What a ledger promises of opt-outs.
extension LedgerContract {
  private var mail: ConsentAttribute { ConsentAttribute.allCases[1] }
  private var fax: ConsentAttribute { ConsentAttribute.allCases[2] }

  private func record(
    _ contact: RowKey, _ attribute: ConsentAttribute, _ change: (inout ConsentRecord) -> Void
  ) -> ConsentRecord {
    var record = ConsentRecord(contact, attribute)
    change(&record)
    return record
  }

  func replacesConsents(_ ledger: any Ledger & ConsentRecords) async throws {
    let contacts = [RowKey(high: 1, low: 1), RowKey(high: 2, low: 2)]
    let first = record(contacts[0], mail) {
      $0.observed = ConsentObservation(value: true, at: Instant(milliseconds: 1_234_567), file: 9)
      $0.dynamics = .optedIn
      $0.due = .campaign
    }
    let other = record(contacts[0], fax) {
      $0.observed = ConsentObservation(value: false, at: nil, file: -1)
      $0.campaign = .nothing
    }
    for _ in 1...2 {
      try ledger.record([.consents([first, other])], at: Instant(seconds: 1))
    }
    #expect(try await ledger.consents(of: contacts) == [contacts[0]: [mail: first, fax: other]])
    let later = record(contacts[0], mail) {
      $0.campaign = .optedOut
      $0.dynamics = .nothing
    }
    let second = record(contacts[1], mail) { $0.due = .bulk }
    try ledger.record([.consents([later, second])], at: Instant(seconds: 2))
    #expect(
      try await ledger.consents(of: contacts)
        == [contacts[0]: [mail: later, fax: other], contacts[1]: [mail: second]])
    try ledger.record([.consentsForgotten([contacts[0]])], at: Instant(seconds: 3))
    #expect(try await ledger.consents(of: contacts) == [contacts[1]: [mail: second]])
    try ledger.record([.allConsentsForgotten], at: Instant(seconds: 4))
    #expect(try await ledger.consents(of: contacts).isEmpty)
  }

  func pagesDue(_ ledger: any Ledger & ConsentRecords) async throws {
    let contacts = (1...25).map { RowKey(high: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, low: 7) }
    let records = contacts.enumerated().flatMap { index, contact in
      [mail, fax].map { attribute in
        record(contact, attribute) {
          $0.due = index % 5 == 0 ? nil : ConsentRule.Trigger.allCases[index % 4]
          $0.waits = index % 5 == 1
        }
      }
    }
    try ledger.record([.consents(records)], at: Instant(seconds: 1))
    var due: [RowKey] = []
    while true {
      let page = try await ledger.due(after: due.last, limit: 3)
      #expect(page.count <= 3)
      if page.isEmpty { break }
      due += page
    }
    let expected = contacts.enumerated().filter { $0.offset % 5 > 1 }.map(\.element)
    #expect(due.count == 15 && Set(due) == Set(expected))
    #expect(try await ledger.dueCount() == 15)
    #expect(
      try await ledger.consents(of: contacts).values.flatMap(\.values).count(where: \.waits) == 10)
    for trigger in ConsentRule.Trigger.allCases {
      #expect(records.contains { $0.due == trigger })
    }
    #expect(
      try await ledger.consents(of: contacts).values.flatMap(\.values).count {
        $0.due == .bulk
      } == records.count { $0.due == .bulk })
  }

  func keepsDecisions(_ ledger: any Ledger & ConsentRecords) async throws {
    let contacts = [RowKey(high: 1, low: 1), RowKey(high: 2, low: 2)]
    func decision(
      _ contact: RowKey, _ second: Int64, _ outcome: ConsentDecision.Outcome
    ) -> ConsentDecision {
      ConsentDecision(
        contact: contact, attribute: mail, at: Instant(seconds: second), direction: .bidirectional,
        trigger: .firstSight, campaign: true, dynamics: nil,
        campaignTime: Instant(milliseconds: 1_500), dynamicsTime: nil,
        becomes: .init(dynamics: true), outcome: outcome)
    }
    let first = decision(contacts[0], 10, .begun)
    try ledger.record(
      [.decided([first, decision(contacts[1], 20, .nothing)])], at: Instant(seconds: 1))
    let ended = decision(contacts[0], 10, .written)
    let again = decision(contacts[0], 30, .waiting)
    for _ in 1...2 { try ledger.record([.decided([ended, again])], at: Instant(seconds: 2)) }
    #expect(try await ledger.decisions(of: contacts[0], limit: 9) == [again, ended])
    #expect(try await ledger.decisions(of: contacts[0], limit: 1) == [again])
    #expect(
      try await ledger.decisions(of: nil, limit: 9)
        == [again, decision(contacts[1], 20, .nothing), ended])
    try ledger.record([.forgotDecisions(before: Instant(seconds: 20))], at: Instant(seconds: 3))
    #expect(try await ledger.decisions(of: nil, limit: 9).map(\.at.seconds) == [30, 20])
  }
}
