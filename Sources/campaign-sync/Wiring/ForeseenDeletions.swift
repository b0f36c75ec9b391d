import Core
import Jobs
import Ledger

/// The deletions that the next run would judge, found out without it.
struct ForeseenDeletions {
  private let settings: IngressSettings
  /// Kept in the ledger by earlier runs, less what is back.
  private var waiting: Set<RowKey> = []
  /// Dynamics says of these that they are gone.
  private(set) var reported: Set<RowKey> = []
  /// Judged by a run that ended early: they go on without a second judgement.
  private var released: Set<RowKey> = []
  /// Known rows that left the filter, or lost a parent that they need.
  private(set) var leaving: Set<RowKey> = []
  /// Known rows that were read.
  private var met = 0
  /// Known rows that a full scan did not have, whether or not they are gone.
  private(set) var absent = 0
  /// Those of `reported` that the ledger knows.
  private(set) var known = 0
  /// What the guard would say; nil where it would let all pass.
  private(set) var tripped: DeleteGuard.Tripped?
  /// All that would be judged.
  private(set) var count = 0

  /// Reported ones that the ledger does not know: looked up, and dropped where Campaign has none.
  var unknown: Int { reported.count - known }
  /// Those that would be made; above the guard's limit only what an earlier run released.
  var made: Int { (tripped == nil ? count : 0) + released.count }
  /// Kept by earlier runs.
  var kept: Int { waiting.count + released.count }

  init(_ settings: IngressSettings, _ ledger: SQLiteLedger) async throws(SyncError) {
    self.settings = settings
    guard settings.deletes.apply else { return }
    waiting = try await Self.deletions(released: false, ledger)
    released = try await Self.deletions(released: true, ledger)
  }

  private static func deletions(
    released: Bool, _ ledger: SQLiteLedger
  ) async throws(SyncError) -> Set<RowKey> {
    var all: Set<RowKey> = []
    var last: RowKey?
    while true {
      let slice = try await ledger.deletions(released: released, after: last, limit: 1000)
      guard let final = slice.last else { return all }
      last = final.key
      all.formUnion(slice.map(\.key))
    }
  }

  /// A page's rows win over the deletions of the same chain, and over those that wait.
  mutating func add(_ page: Page) {
    reported.formUnion(page.removed)
    if reported.isEmpty, waiting.isEmpty, released.isEmpty { return }
    for row in 0..<page.rows {
      guard let key = RowKey(page.bytes(of: page[row, 0])) else { continue }
      reported.remove(key)
      waiting.remove(key)
      released.remove(key)
    }
  }

  mutating func add(read known: Int) { met += known }

  mutating func add(leaving key: RowKey) { leaving.insert(key) }

  /// The chain was broken off: it is read in another way.
  mutating func forget() {
    reported = []
    leaving = []
    met = 0
  }

  /// - Parameter standing: nil after a full scan: what was not met is absent.
  mutating func judge(
    _ ledger: SQLiteLedger, after standing: IngressState?, now: Instant
  ) async throws(SyncError) {
    let all = try await ledger.knownCount()
    if let standing {
      if let absence = standing.absence { try await countAbsent(ledger, after: absence.last) }
    } else {
      absent = all - met
    }
    known = try await self.known(Array(reported), ledger).count
    guard settings.deletes.apply else { return }
    let gone = waiting.union(leaving).union(try await self.known(Array(reported), ledger))
    let isCounted = standing == nil ? try await self.known(Array(gone), ledger) : []
    // What was not met and waits already is one deletion, not two.
    count = gone.count + absent - isCounted.subtracting(leaving).count
    let recent = try await ledger.deletionCounts(since: now + (.zero - DeleteGuard.window)).recent
    let verdict = DeleteGuard(job: settings.name, settings.deletes)
      .judge(DeleteGuard.Counts(waiting: count, recent: recent, known: all))
    if case .tripped(let tripped) = verdict { self.tripped = tripped }
  }

  private mutating func countAbsent(
    _ ledger: SQLiteLedger, after start: RowKey?
  ) async throws(SyncError) {
    var last = start
    while true {
      let keys = try await ledger.absent(after: last, limit: 1000)
      guard let final = keys.last else { return }
      last = final
      absent += keys.count
    }
  }

  private func known(
    _ keys: [RowKey], _ ledger: SQLiteLedger
  ) async throws(SyncError) -> Set<RowKey> {
    var known: Set<RowKey> = []
    for start in stride(from: 0, to: keys.count, by: 500) {
      let slice = Array(keys[start..<min(start + 500, keys.count)])
      known.formUnion(try await ledger.known(slice).keys)
    }
    return known
  }
}
