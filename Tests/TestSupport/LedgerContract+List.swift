import Core
import Testing

extension LedgerContract {
  private static let before = Instant(seconds: 1_700_000_000)

  /// In the order of Dynamics.
  private static let keys = (0..<10).map { RowKey(rank: (7, UInt64($0 + 1) << 60)) }

  func tellsUnread(_ ledger: any Ledger & KeyList) async throws {
    let keys = Self.keys
    let whole = KeyRange()
    #expect(try await ledger.unread(in: whole, limit: 99).isEmpty)
    try ledger.record([.sentAll([keys[1], keys[8]])], at: Self.before)
    let scan = LedgerEntry.scanBegan(1)
    for _ in 1...2 { try ledger.record([scan, .listed(Array(keys.dropFirst()))], at: Self.before) }
    #expect(try await ledger.listedCount() == 9)
    #expect(try await ledger.knownCount() == 2, "what is listed is not known")
    // Known from before is not read by this scan.
    #expect(try await ledger.unread(in: whole, limit: 99) == Array(keys.dropFirst()))
    for _ in 1...2 {
      try ledger.record(
        [.sentAll([keys[1], keys[2]]), .crossedOff([keys[3], keys[0]])], at: Self.before)
    }
    #expect(try await ledger.unread(in: whole, limit: 99) == Array(keys[4...]))
    #expect(try await ledger.unread(in: whole, limit: 2) == Array(keys[4...5]))
    let middle = KeyRange(low: keys[5], high: keys[7])
    #expect(try await ledger.unread(in: middle, limit: 99) == [keys[5], keys[6]])
    #expect(try await ledger.unread(in: KeyRange(high: keys[5]), limit: 99) == [keys[4]])
    #expect(try await ledger.unread(in: KeyRange(low: keys[8]), limit: 99) == [keys[8], keys[9]])
    for _ in 1...2 { try ledger.record([.listCleared], at: Self.before) }
    #expect(try await ledger.unread(in: whole, limit: 99).isEmpty)
    #expect(try await ledger.listedCount() == 0)
    #expect(try await ledger.knownCount() == 3, "what was read stays")
  }

  func cutsList(_ ledger: any Ledger & KeyList) async throws {
    let keys = Self.keys
    #expect(try await ledger.boundaries(of: 4).isEmpty)
    try ledger.record([.listed(Array(keys.reversed()))], at: Self.before)
    #expect(try await ledger.boundaries(of: 1).isEmpty)
    #expect(try await ledger.boundaries(of: 3) == [keys[3], keys[6]])
    #expect(try await ledger.boundaries(of: 5) == [keys[2], keys[4], keys[6], keys[8]])
    #expect(try await ledger.boundaries(of: 10) == Array(keys.dropFirst()))
    #expect(try await ledger.boundaries(of: 11).isEmpty, "shorter than its pieces")
  }
}
