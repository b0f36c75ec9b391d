import Core
import Testing

/// What every `Ledger` promises; each case is checked on a ledger of its own.
package enum LedgerContract: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case emptyAtFirst, sentThenProven, sentAgainIsNoLongerProven, recordingTwiceIsOnce
  case forgottenIsUnknown, countsDifferentRows, pendingKeepsFirstAndCountsAttempts
  case provenClearsPending, settledClearsPending, pendingComesInPages, filesAreReplaced
  case aListTellsWhatIsUnread, aListIsCutIntoPieces
  case aScanTellsWhatIsAbsent, parentsAreReplaced, heldRowsAreCounted, departuresKeepTheirOrder
  case eventsAreRememberedForSomeDays, linesOfEventsAreKept
  case consentsAreReplacedByAttribute, dueContactsComeInPages, decisionsAreKept
  case aSeenRowIsNotDeleted, whatLeftTheFilterIsDeletedThoughSeen, deletionsWaitAreReleasedAndEnd

  package var testDescription: String { rawValue }

  package func check(
    _ ledger: any Ledger & ParentRecords & ArrivedEvents & ConsentRecords & KeyList
  ) async throws {
    switch self {
    case .emptyAtFirst: try await emptyAtFirst(ledger)
    case .sentThenProven:
      try ledger.record([.sent(one), .sent(two), .proven(one, digest: digest)], at: early)
      #expect(try await ledger.known([one, two, three]) == [one: .proven(digest), two: .sent])
    case .sentAgainIsNoLongerProven:
      try ledger.record([.proven(one, digest: digest)], at: early)
      try ledger.record([.sent(one)], at: late)
      #expect(try await ledger.known([one]) == [one: .sent])
    case .recordingTwiceIsOnce:
      for _ in 1...2 { try ledger.record([.sent(one), .proven(two, digest: digest)], at: early) }
      #expect(try await ledger.knownCount() == 2)
    case .forgottenIsUnknown:
      try ledger.record([.sent(one), .sent(two), .forgotten(one), .forgotten(three)], at: early)
      #expect(try await ledger.known([one, two]) == [two: .sent])
      #expect(try await ledger.knownCount() == 1)
    case .countsDifferentRows:
      let keys = (1...500).map { RowKey(high: UInt64($0) &* 0x9E37_79B9_7F4A_7C15, low: 7) }
      try ledger.record([.sentAll(keys)], at: early)
      try ledger.record(keys.prefix(100).map { .proven($0, digest: digest) }, at: late)
      #expect(try await ledger.knownCount() == 500)
      #expect(try await ledger.known(keys).count == 500)
    case .pendingKeepsFirstAndCountsAttempts: try await keepsFirst(ledger)
    case .provenClearsPending:
      try ledger.record([reject(one.description), reject(two.description)], at: early)
      try ledger.record([.proven(one, digest: digest), .sent(two)], at: late)
      #expect(try await ledger.pending(after: nil, limit: 9).map(\.rejection.key) == ["\(two)"])
    case .settledClearsPending:
      try ledger.record([reject("a"), reject("b"), .settled("a"), .settled("c")], at: early)
      #expect(try await ledger.pending(after: nil, limit: 9).map(\.rejection.key) == ["b"])
      #expect(try await ledger.pendingCount() == 1)
      let keyless = Rejection(key: "x", rule: Rejection.keyless, reason: "no key")
      try ledger.record([.pending(keyless)], at: early)
      try ledger.record([.keylessSettled], at: late)
      #expect(try await ledger.pending(after: nil, limit: 9).map(\.rejection.key) == ["b"])
    case .pendingComesInPages: try await comesInPages(ledger)
    case .filesAreReplaced: try await replacesFiles(ledger)
    case .aListTellsWhatIsUnread: try await tellsUnread(ledger)
    case .aListIsCutIntoPieces: try await cutsList(ledger)
    case .aScanTellsWhatIsAbsent: try await tellsAbsent(ledger)
    case .parentsAreReplaced: try await replacesParents(ledger)
    case .heldRowsAreCounted: try await countsHeld(ledger)
    case .departuresKeepTheirOrder: try await keepsDepartures(ledger)
    case .eventsAreRememberedForSomeDays: try await remembersEvents(ledger)
    case .linesOfEventsAreKept:
      let event = Rejection(
        key: "8003", what: .event, rule: "noContact", reason: "no contact",
        parent: ParentKey(job: "contact", key: one), line: "8003;\"a\nb\"")
      try ledger.record([.pending(event)], at: early)
      #expect(try await ledger.pending(after: nil, limit: 9).map(\.rejection) == [event])
      #expect(try await ledger.heldCount() == 1)
    case .consentsAreReplacedByAttribute: try await replacesConsents(ledger)
    case .dueContactsComeInPages: try await pagesDue(ledger)
    case .decisionsAreKept: try await keepsDecisions(ledger)
    case .aSeenRowIsNotDeleted: try await keepsSeenRows(ledger)
    case .whatLeftTheFilterIsDeletedThoughSeen:
      try ledger.record([.rowsSeen([one]), .filteredOutWait([one, two])], at: early)
      #expect(try await waiting(ledger) == [one, two])
      try ledger.record([.deletionsDropped([one])], at: early)
      #expect(try await waiting(ledger) == [two])
    case .deletionsWaitAreReleasedAndEnd: try await releases(ledger)
    }
  }

  private func remembersEvents(_ ledger: any Ledger & ArrivedEvents) async throws {
    let old = FileMark(
      name: "old.csv", size: 9, modified: 1, offset: 9, isDone: true, head: "0a")
    var here = old
    here.name = "here.csv"
    let start = Instant(seconds: 1_700_000_000)
    try ledger.record([.arrived([one]), .file(old), .file(here)], at: start)
    let later = start + .seconds(3 * 86_400)
    try ledger.record([.arrived([two])], at: later)
    #expect(try await ledger.arrived([one, two, three]) == [one, two])
    #expect(try await ledger.file("old.csv") == old)
    try ledger.record([.forgotEvents(before: later, listed: ["here.csv"])], at: later)
    #expect(try await ledger.arrived([one, two]) == [two])
    #expect(try await ledger.file("old.csv") == nil)
    #expect(try await ledger.file("here.csv") == here)
  }

  private func emptyAtFirst(_ ledger: any Ledger) async throws {
    #expect(try await ledger.known([one]).isEmpty)
    #expect(try await ledger.knownCount() == 0)
    #expect(try await ledger.pendingCount() == 0)
    #expect(try await ledger.pending(after: nil, limit: 10).isEmpty)
    #expect(try await ledger.file("a.csv") == nil)
    try ledger.record([], at: early)
  }

  private func keepsFirst(_ ledger: any Ledger) async throws {
    let again = Rejection(key: "a", rule: "refused", reason: "refused", excerpt: "what it said")
    try ledger.record([reject("a")], at: early)
    try ledger.record([.pending(again)], at: late)
    let expected = PendingRecord(rejection: again, first: early, attempts: 2)
    #expect(try await ledger.pending(after: nil, limit: 10) == [expected])
  }

  private func comesInPages(_ ledger: any Ledger) async throws {
    let keys = ["a", "b", "c", "d", "ä"]
    try ledger.record(keys.map(reject), at: early)
    try ledger.record(
      [.pending(Rejection(key: "b", what: .delete, rule: "guard", reason: "guarded"))], at: early)
    var seen: [String] = []
    while true {
      let page = try await ledger.pending(after: seen.last, limit: 1)
      if page.isEmpty { break }
      seen += page.map(\.rejection.key)
    }
    #expect(seen == ["a", "b", "b", "c", "d", "ä"])
  }

  private func replacesFiles(_ ledger: any Ledger) async throws {
    var mark = FileMark(name: "a.csv", size: 100, modified: 5, offset: 10, isDone: false)
    try ledger.record([.file(mark)], at: early)
    #expect(try await ledger.file("a.csv") == mark)
    (mark.offset, mark.isDone) = (100, true)
    try ledger.record([.file(mark)], at: late)
    #expect(try await ledger.file("a.csv") == mark)
    #expect(try await ledger.file("b.csv") == nil)
  }

  private func keepsSeenRows(_ ledger: any Ledger) async throws {
    try ledger.record([.rowsSeen([one]), .deletionsWait([one, two])], at: early)
    #expect(try await waiting(ledger) == [two])
    try ledger.record([.rowsSeen([two]), .deletionsDropped([one])], at: early)
    try ledger.record([.deletionsWait([one, two])], at: early)
    #expect(try await waiting(ledger).isEmpty, "the row wins whatever the order")
    try ledger.record([.chainBegan, .deletionsWait([one])], at: late)
    #expect(try await waiting(ledger) == [one])
    try ledger.record([.chainBegan], at: late)
    #expect(try await waiting(ledger) == [one], "what waits outlives its chain")
  }

  private func releases(_ ledger: any Ledger) async throws {
    let all = [one, two, three]
    try ledger.record(all.map { .proven($0, digest: digest) } + [.deletionsWait(all)], at: early)
    try ledger.record([reject("\(one)"), .deletionsReleased(approved: false)], at: early)
    #expect(try await ledger.known([one]) == [one: .sent], "what goes is doubted")
    #expect(try await ledger.deletionCounts(since: early) == DeletionCounts(released: 3))
    var seen: [Deletion] = []
    while true {
      let some = try await ledger.deletions(released: true, after: seen.last?.key, limit: 1)
      if some.isEmpty { break }
      seen += some
    }
    #expect(Set(seen.map(\.key)) == Set(all) && seen.allSatisfy { !$0.isApproved })
    for _ in 1...2 {
      try ledger.record([.deleted(one, approved: false), .deleted(two, approved: true)], at: late)
    }
    #expect(try await ledger.deletionCounts(since: late) == DeletionCounts(released: 1, recent: 1))
    #expect(try await ledger.deletionCounts(since: late + .seconds(1)).recent == 0)
    #expect(try await ledger.knownCount() == 1)
    #expect(try await ledger.pendingCount() == 0)
    try ledger.record([.rowsSeen([three])], at: late)
    #expect(try await ledger.deletionCounts(since: late).released == 0)
    try ledger.record([.deletionsWait([two]), .deletionsReleased(approved: true)], at: late)
    let approved = try await ledger.deletions(released: true, after: nil, limit: 9)
    #expect(approved == [Deletion(key: two, isApproved: true)])
  }

  private func waiting(_ ledger: any Ledger) async throws -> Set<RowKey> {
    Set(try await ledger.deletions(released: false, after: nil, limit: 9).map(\.key))
  }

  private func tellsAbsent(_ ledger: any Ledger & ParentRecords) async throws {
    try ledger.record([.sentAll([one, two, three])], at: early)
    #expect(try await ledger.absent(after: nil, limit: 9).isEmpty, "no scan, no absence")
    #expect(try await ledger.lastScan() == 0)
    for _ in 1...2 { try ledger.record([.scanBegan(1)], at: early) }
    try ledger.record([.scanned([one]), .proven(two, digest: digest)], at: early)
    #expect(try await ledger.absent(after: nil, limit: 9) == [three])
    #expect(try await ledger.absent(after: three, limit: 9).isEmpty)
    try ledger.record([.scanBegan(2), .scanned([three])], at: late)
    #expect(try await ledger.lastScan() == 2)
    var seen: [RowKey] = []
    while let next = try await ledger.absent(after: seen.last, limit: 1).first { seen.append(next) }
    #expect(seen.count == 2 && Set(seen) == [one, two])
    let held = Rejection(key: "\(one)", rule: "parent", reason: "it waits")
    try ledger.record(
      [.proven(one, digest: digest), .scanBegan(3), .orphaned(one, held)], at: late)
    #expect(try await ledger.known([one]) == [one: .sent])
    #expect(try await ledger.absent(after: nil, limit: 9).contains(one), "nobody has scanned it")
    let serial = try await ledger.serial()
    try ledger.record([.proven(two, digest: digest), .allDoubted], at: late)
    #expect(try await ledger.known([two]) == [two: .sent])
    #expect(try await ledger.serial() != serial)
  }

  private func replacesParents(_ ledger: any Ledger) async throws {
    for _ in 1...2 {
      try ledger.record(
        [.linked(one, parents: [two, three]), .linked(two, parents: [three])], at: early)
    }
    #expect(try await Set(ledger.parents(of: [one, three])[one] ?? []) == [two, three])
    #expect(try await Set(ledger.children(of: three, after: nil, limit: 9)) == [one, two])
    let first = try await ledger.children(of: three, after: nil, limit: 1)
    #expect(try await ledger.children(of: three, after: first.last, limit: 9).count == 1)
    try ledger.record([.linked(one, parents: [two])], at: late)
    #expect(try await ledger.parents(of: [one])[one] == [two])
    #expect(try await Set(ledger.children(of: three, after: nil, limit: 9)) == [one, two])
    let former = try await ledger.children(of: three, after: nil, limit: 1)
    #expect(try await ledger.children(of: three, after: former.last, limit: 9).count == 1)
    try ledger.record([.linked(one, parents: []), .forgotten(two)], at: late)
    #expect(try await ledger.parents(of: [one, two]).isEmpty)
    #expect(try await ledger.children(of: two, after: nil, limit: 9) == [one], "formerly")
    #expect(try await ledger.children(of: three, after: nil, limit: 9) == [one])
    try ledger.record([.forgotten(one)], at: late)
    #expect(try await ledger.children(of: two, after: nil, limit: 9).isEmpty)
    try ledger.record([.linked(one, parents: [two]), .linked(two, parents: [three])], at: late)
    try ledger.record([.linked(one, parents: [three])], at: late)
    let muchLater = late + LedgerEntry.formerFor + .seconds(1)
    try ledger.record([.linked(two, parents: [one])], at: muchLater)
    #expect(try await ledger.children(of: two, after: nil, limit: 9).isEmpty, "too long ago")
    #expect(try await Set(ledger.children(of: three, after: nil, limit: 9)) == [one, two])
  }

  private func countsHeld(_ ledger: any Ledger & ParentRecords) async throws {
    let parent = ParentKey(job: "contacts", key: two)
    var held = Rejection(key: "a", rule: "parent", reason: "it waits", parent: parent)
    try ledger.record([.pending(held), reject("b")], at: early)
    #expect(try await ledger.heldCount() == 1)
    #expect(try await ledger.pendingCount() == 2)
    #expect(try await ledger.pending(after: nil, limit: 1).first?.rejection == held)
    held.parent = nil
    try ledger.record([.pending(held)], at: late)
    #expect(try await ledger.heldCount() == 0, "refused now, and no longer held")
    let waits = Rejection(key: "\(one)", rule: "parent", reason: "it waits", parent: parent)
    try ledger.record([.sentAll([one, two]), .pending(waits)], at: late)
    #expect(try await ledger.standing([one, two, three]) == [two])
    #expect(try await ledger.held([one, two, three]) == [one])
    try ledger.record([.staged([two, three])], at: early)
    #expect(try await ledger.staged([one, two, three]) == [two, three])
    #expect(try await ledger.standing([two]).isEmpty, "it may not have arrived")
    try ledger.record([.stagedArrived], at: late)
    #expect(try await ledger.standing([two]) == [two])
  }

  private func keepsDepartures(_ ledger: any Ledger & ParentRecords) async throws {
    try ledger.record([.sentAll([one, two])], at: early)
    for _ in 1...2 { try ledger.record([.deleted(two, approved: false)], at: early) }
    try ledger.record([.deleted(three, approved: false), .forgotten(one)], at: early)
    #expect(try await ledger.departed(after: 0, limit: 9) == [Departure(position: 1, key: two)])
    let parent = ParentKey(job: "contacts", key: two)
    var held = Rejection(key: "\(one)", rule: "parent", reason: "it waits", parent: parent)
    let orphan = LedgerEntry.orphaned(one, held)
    try ledger.record([.sent(two), .deleted(two, approved: true), orphan, orphan], at: late)
    let later = [(2, two), (3, one), (4, one)].map { Departure(position: $0, key: $1) }
    #expect(try await ledger.departed(after: 1, limit: 9) == later)
    #expect(try await ledger.known([one]) == [one: .sent])
    held.parent = ParentKey(job: "contacts", key: three)
    try ledger.record([.orphaned(one, held)], at: late)
    let waiting = try await ledger.pending(after: nil, limit: 9)
    #expect(waiting.map(\.rejection.parent) == [parent], "what waits goes on waiting for the same")
    try await keepsDeparturesOfWhatIsBack(ledger)
  }

  private func keepsDeparturesOfWhatIsBack(_ ledger: any Ledger & ParentRecords) async throws {
    let all = [one, two, three]
    let last = try await ledger.departed(after: 0, limit: 99).count
    try ledger.record([.sentAll(all), .deletionsWait(all)], at: late)
    try ledger.record([.deletionsDropped([one]), .deletionsWait([one])], at: late)
    #expect(try await ledger.departed(after: last, limit: 9).isEmpty, "nothing was released")
    try ledger.record([.deletionsReleased(approved: false)], at: late)
    for _ in 1...2 {
      try ledger.record([.rowsSeen([one]), .deletionsDropped([two])], at: late)
      try ledger.record([.deletionFailed(three)], at: late)
    }
    let maybeGone = [(last + 1, one), (last + 2, two)].map { Departure(position: $0, key: $1) }
    #expect(try await ledger.departed(after: last, limit: 9) == maybeGone)
    #expect(try await ledger.deletionCounts(since: late).released == 0)
  }

  private func reject(_ key: String) -> LedgerEntry {
    .pending(Rejection(key: key, rule: "tooLong", reason: "firstName is longer than 30"))
  }

  private var one: RowKey { RowKey(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10) }
  private var two: RowKey { RowKey(high: .max, low: .max) }
  private var three: RowKey { RowKey(high: 0, low: 0) }
  private var digest: RowDigest { RowDigest(high: 0xFEDC_BA98_7654_3210, low: 1) }
  private var early: Instant { Instant(seconds: 1_700_000_000) }
  private var late: Instant { Instant(seconds: 1_700_000_900) }
}
