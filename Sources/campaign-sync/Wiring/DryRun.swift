import Core
import Dataverse
import Digests
import Jobs
import Ledger

/// What the next run of a job would do, found out without doing it.
struct DryRun {
  /// Rows looked up in Campaign; those beyond are estimated from these.
  static let lookedUpAtMost = 1000

  let job: String
  /// `IngressState.Phase`; nil where the job has never run.
  private(set) var phase: String?
  /// What comes next, in words.
  private(set) var next = ""
  /// Rows of the changes, or of the table where the job is not loaded.
  private(set) var rows = 0
  /// False where `rows` is what Dynamics said of the table, up to a day ago.
  private(set) var isCounted = true
  /// Rows that were mapped to find out.
  private(set) var mapped = 0
  private(set) var filteredOut = 0
  private(set) var rejects: [String: Int] = [:]
  /// Proven equal by the ledger: no call.
  private(set) var proven = 0
  private(set) var created = 0
  private(set) var updated = 0
  private(set) var unchanged = 0
  private(set) var lookedUp = 0
  /// Rows beyond those looked up; their share of each outcome is in the counts above.
  private(set) var estimated = 0
  private(set) var deletions = 0
  private(set) var knownDeletions = 0
  private(set) var retried = 0
  /// Parts at most, before compression.
  private(set) var parts: Int?
  /// Pages that the run would read.
  private(set) var pages = 0
  private(set) var drift: [String] = []
  /// Choices with another label than when the job was loaded.
  private(set) var labelDrift: [LabelDrift] = []

  private let settings: IngressSettings
  private var several = 0
  /// Rows that the ledger does not prove; the chain is in the order of changes, so any first ones
  /// would speak for their like only.
  private var open = FairSample<MappedRow>(size: DryRun.lookedUpAtMost, seed: 1)

  private init(_ settings: IngressSettings) {
    job = settings.name
    self.settings = settings
  }

  static func make(
    _ state: JobState, _ connections: Connections
  ) async throws(SyncError) -> DryRun {
    var dryRun = DryRun(state.settings)
    let organization = try await connections.dynamics().organization()
    let checkpoint = try state.checkpoint(organization: organization.id)
    let sides = try await BothSides(state.settings, connections)
    dryRun.phase = checkpoint?.state.phase.rawValue
    if let now = ChoiceLabels(state.settings, table: sides.table) {
      dryRun.labelDrift = checkpoint?.state.labels?.changes(to: now) ?? []
    }
    switch checkpoint?.state.phase {
    case nil, .exporting: try await dryRun.estimateLoad(sides, checkpoint?.state)
    case .sealing, .staging, .loading:
      if let standing = checkpoint?.state { dryRun.tellLoad(standing) }
    case .loaded:
      if let standing = checkpoint?.state {
        try await dryRun.follow(standing, sides, try SQLiteLedger.open(in: state.folder))
      }
    }
    return dryRun
  }

  var rejected: Int { rejects.values.reduce(0, +) }
  /// In Adobe's units: create 1, update 2, a look-up that finds nothing to change 1.
  var engineCalls: Int { isByFile ? 0 : created + 2 * updated + unchanged }
  private var isByFile: Bool {
    let isFollowing = phase == IngressState.Phase.loaded.rawValue
    return (isFollowing ? settings.delta : settings.initial) == .file
  }
  var appliesDeletes: Bool { settings.deletes.apply }
  /// Pages, a look-up for each row that is not proven, and the writes.
  var requests: Int {
    isByFile ? pages : pages + created * 2 + updated * 2 + unchanged
  }
}

extension DryRun {
  /// The size of a full load, from what Dynamics says of the table and one page of it.
  private mutating func estimateLoad(
    _ sides: BothSides, _ standing: IngressState?
  ) async throws(SyncError) {
    next = standing == nil ? "full load" : "the full load goes on"
    var page: Page?
    for try await first in sides.dynamics.scan(sides.query, from: nil) {
      page = first
      break
    }
    guard let page else { return }
    let isWhole = page.next == nil
    let counted = isWhole ? page.rows : try await sides.dynamics.approximateCount(sides.table)
    rows = max(counted ?? page.rows, page.rows)
    isCounted = isWhole
    var buffer = RowBuffer()
    let written = sides.plan.append(page, to: &buffer)
    mapped = page.rows
    filteredOut = written.tally.filteredOut
    for rejection in written.rejections { rejects[rejection.reason, default: 0] += 1 }
    pages = page.rows == 0 ? 1 : (rows + page.rows - 1) / page.rows
    if settings.initial == .file, page.rows > 0 {
      let bytes = buffer.bytes.count * rows / page.rows
      parts = max(1, (bytes + settings.csv.partSize - 1) / settings.csv.partSize)
    } else if settings.initial == .api, page.rows > 0 {
      created = written.tally.mapped * rows / page.rows
    }
  }

  /// A load that is past its export needs no more rows.
  private mutating func tellLoad(_ standing: IngressState) {
    let waiting = standing.stage.sealed.count - standing.stage.published.count
    switch standing.phase {
    case .loading:
      next =
        standing.load.signalled == nil
        ? "signal the import workflow" : "LOADING: look for the proof of the import"
    case .staging: next = "publish \(waiting) of \(standing.stage.sealed.count) parts, then signal"
    default: next = "seal \(standing.export.marks.count) parts, publish them, then signal"
    }
    rows = standing.export.rows
    parts = standing.phase == .staging ? waiting : standing.export.marks.count
  }

  /// Reads the chain as the run would, from the same link, and keeps nothing of it.
  private mutating func follow(
    _ standing: IngressState, _ sides: BothSides, _ ledger: SQLiteLedger
  ) async throws(SyncError) {
    next = "changes since the checkpoint" + (settings.delta == .file ? ", by file" : "")
    guard let token = standing.delta.token else {
      throw SyncError(
        .storage, "plan \(job)", "the checkpoint holds no delta token",
        next: "campaign-sync checkpoint show \(job)")
    }
    let query = standing.query ?? sides.query
    drift = DryRun.drift(from: query.columns, to: sides.plan.columns)
    retried = try await ledger.pendingCount()
    var removed: Set<RowKey> = []
    do throws(SyncError) {
      let link = standing.collect?.link ?? standing.delta.link ?? token.link
      try await read(sides.dynamics.changes(query, from: link), &removed, sides, ledger)
    } catch {
      // As the run does it: a chain that cannot be continued begins again at its token.
      guard error.isLinkRefused, standing.collect?.link ?? standing.delta.link != nil else {
        throw error
      }
      forget()
      removed = []
      try await read(sides.dynamics.changes(query, from: token.link), &removed, sides, ledger)
    }
    deletions = removed.count
    let gone = Array(removed)
    for start in stride(from: 0, to: gone.count, by: 500) {
      let slice = Array(gone[start..<min(start + 500, gone.count)])
      knownDeletions += try await ledger.known(slice).count
    }
    try await lookUp(sides)
  }

  private mutating func forget() {
    (rows, mapped, filteredOut, proven) = (0, 0, 0, 0)
    rejects = [:]
    open = FairSample(size: DryRun.lookedUpAtMost, seed: 1)
  }

  private mutating func read(
    _ pages: PageStream, _ removed: inout Set<RowKey>, _ sides: BothSides, _ ledger: SQLiteLedger
  ) async throws(SyncError) {
    let digests = RowDigester(key: ledger.digestKey)
    for try await page in pages {
      if StopFlag.isUp { throw .stopped }
      self.pages += 1
      rows += page.rows
      removed.formUnion(page.removed)
      for row in 0..<page.rows where !removed.isEmpty {
        // A row wins over a deletion of the same chain.
        if let key = RowKey(page.bytes(of: page[row, 0])) { removed.remove(key) }
      }
      if drift.isEmpty { try await judge(page, sides, ledger, digests) }
    }
  }

  private mutating func judge(
    _ page: Page, _ sides: BothSides, _ ledger: SQLiteLedger, _ digests: RowDigester
  ) async throws(SyncError) {
    for start in stride(from: 0, to: page.rows, by: 200) {
      var rows: [MappedRow] = []
      for row in start..<min(start + 200, page.rows) {
        mapped += 1
        switch sides.plan.record(page, row: row) {
        case .filteredOut, .parentless: filteredOut += 1
        case .rejected(let rejection): rejects[rejection.reason, default: 0] += 1
        case .mapped(let row): rows.append(row)
        }
      }
      let known = try await ledger.known(rows.map(\.key))
      for row in rows {
        if known[row.key] == .proven(digests.digest(row.canonicalBytes)) {
          proven += 1
        } else {
          open.offer(row)
        }
      }
    }
  }

  /// Looks up what is not proven, and spreads what was not looked up as what was.
  private mutating func lookUp(_ sides: BothSides) async throws(SyncError) {
    lookedUp = open.items.count
    estimated = open.seen - lookedUp
    for found in try await sides.find(open.items) {
      switch found {
      case .missing: created += 1
      case .equal: unchanged += 1
      case .different: updated += 1
      case .several: several += 1
      }
    }
    func share(_ count: Int) -> Int {
      lookedUp == 0 ? 0 : count + (count * estimated + lookedUp / 2) / lookedUp
    }
    (created, updated, unchanged) = (share(created), share(updated), share(unchanged))
    if several > 0 { rejects["several Campaign records have this key"] = share(several) }
  }

  /// How today's columns differ from those that the checkpoint's link answers with.
  private static func drift(from old: [String], to new: [String]) -> [String] {
    let gone = old.filter { !new.contains($0) }.map { "\($0) is no longer read" }
    let added = new.filter { !old.contains($0) }.map { "\($0) is read now" }
    let moved =
      gone.isEmpty && added.isEmpty && old != new ? ["the columns changed their order"] : []
    return gone + added + moved
  }
}
