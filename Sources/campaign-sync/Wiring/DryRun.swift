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
  /// Of a loaded job.
  private(set) var deletions: ForeseenDeletions?
  /// Why every row would be read, and not the changes alone.
  private(set) var recovery: RecoverySlot.Reason?
  private(set) var retried = 0
  /// Parts at most, before compression.
  private(set) var parts: Int?
  /// Pages that the run would read.
  private(set) var pages = 0
  private(set) var drift: [String] = []
  /// Choices with another label than when the job was loaded.
  private(set) var labelDrift: [LabelDrift] = []

  /// Rows whose parent the parent's job does not know.
  private(set) var held = 0
  /// Parents that the parent's job does not know: each is looked for in Campaign.
  private var absentParents = 0
  private let settings: IngressSettings
  private let parents: StandingParents
  private var several = 0
  /// Rows that the ledger does not prove; the chain is in the order of changes, so any first ones
  /// would speak for their like only.
  private var open = FairSample<MappedRow>(size: DryRun.lookedUpAtMost, seed: 1)

  private init(_ settings: IngressSettings, _ parents: StandingParents) {
    job = settings.name
    self.settings = settings
    self.parents = parents
  }

  static func make(
    _ state: JobState, _ connections: Connections
  ) async throws(SyncError) -> DryRun {
    var dryRun = DryRun(state.settings, try StandingParents(state))
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
      if let checkpoint {
        let standing = state.asItWouldGoOn(checkpoint, sides)
        try await dryRun.follow(standing, sides, try SQLiteLedger.look(in: state.folder))
      }
    }
    return dryRun
  }

  var rejected: Int { rejects.values.reduce(0, +) }
  /// In Adobe's units: create 1, update 2, a look-up that finds nothing to change 1, a delete 1.
  var engineCalls: Int {
    deleted + (isByFile ? 0 : created + 2 * updated + unchanged + absentParents)
  }
  /// Deletions go by API, also where the changes go by file.
  var deleted: Int { appliesDeletes ? deletions?.made ?? 0 : 0 }
  /// A recovery goes by API, whatever the job file says of its changes.
  private var isByFile: Bool {
    let isFollowing = phase == IngressState.Phase.loaded.rawValue
    return (isFollowing ? settings.delta : settings.initial) == .file && recovery == nil
  }
  var appliesDeletes: Bool { settings.deletes.apply }
  /// Pages, a look-up for each row that is not proven, and the writes; a deletion is looked up too.
  var requests: Int {
    let looked = appliesDeletes ? (deletions?.absent ?? 0) + (deletions?.unknown ?? 0) : 0
    let writes = isByFile ? 0 : created * 2 + updated * 2 + unchanged + absentParents
    return pages + writes + looked + deleted * 2
  }
}

extension DryRun {
  /// The size of a full load, from what Dynamics says of the table and one page of it.
  private mutating func estimateLoad(
    _ sides: BothSides, _ standing: IngressState?
  ) async throws(SyncError) {
    let isReplay = standing?.absence != nil
    let isNew = standing == nil || standing?.isMarkedForReplay == true
    next = isNew ? "full load\(isReplay ? " (replay)" : "")" : "the full load goes on"
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
      // Loaded before: at least looked up.
      let loaded = written.tally.mapped * rows / page.rows
      if isReplay { unchanged = loaded } else { created = loaded }
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
    rows = standing.export.writtenRows
    parts = standing.phase == .staging ? waiting : standing.export.marks.count
  }

  /// Reads the chain as the run would, from the same link, and keeps nothing of it; where the token
  /// tells nothing any more, every row of the table.
  private mutating func follow(
    _ standing: IngressState, _ sides: BothSides, _ ledger: SQLiteLedger
  ) async throws(SyncError) {
    retried = try await ledger.pendingCount()
    var foreseen = try await ForeseenDeletions(settings, ledger)
    recovery = standing.recovery?.reason
    if recovery == nil {
      recovery = try await readChanges(standing, &foreseen, sides, ledger)
    }
    if let recovery {
      next = recovery.words + ": every row is read and compared"
      drift = []
      try await read(sides.dynamics.scan(sides.query, from: nil), &foreseen, sides, ledger)
    } else {
      next = "changes since the checkpoint" + (settings.delta == .file ? ", by file" : "")
    }
    try await foreseen.judge(
      ledger, after: recovery == nil ? standing : nil, now: SystemClock().now)
    deletions = foreseen
    try await lookUp(sides)
  }

  /// - Returns: why the token tells nothing; nil where it does.
  private mutating func readChanges(
    _ standing: IngressState, _ foreseen: inout ForeseenDeletions, _ sides: BothSides,
    _ ledger: SQLiteLedger
  ) async throws(SyncError) -> RecoverySlot.Reason? {
    guard let token = standing.delta.token else {
      throw SyncError(
        .storage, "plan \(job)", "the checkpoint holds no delta token",
        next: "campaign-sync checkpoint show \(job)")
    }
    let query = standing.query ?? sides.query
    drift = DryRun.drift(from: query.columns, to: sides.plan.columns)
    // As the run does it: a chain that cannot be continued begins again at its token.
    for link in [standing.collect?.link, standing.delta.link, token.link].compactMap(\.self) {
      do throws(SyncError) {
        try await read(sides.dynamics.changes(query, from: link), &foreseen, sides, ledger)
        return nil
      } catch {
        guard error.isLinkRefused || error.isTokenExpired else { throw error }
        forget()
        foreseen.forget()
        if link == token.link { return error.isTokenExpired ? .tokenExpired : .tokenRefused }
      }
    }
    return nil
  }

  private mutating func forget() {
    (rows, mapped, filteredOut, proven, held, absentParents) = (0, 0, 0, 0, 0, 0)
    rejects = [:]
    open = FairSample(size: DryRun.lookedUpAtMost, seed: 1)
  }

  private mutating func read(
    _ pages: PageStream, _ foreseen: inout ForeseenDeletions, _ sides: BothSides,
    _ ledger: SQLiteLedger
  ) async throws(SyncError) {
    let digests = RowDigester(key: ledger.digestKey)
    for try await page in pages {
      if StopFlag.isUp { throw .stopped }
      self.pages += 1
      rows += page.rows
      foreseen.add(page)
      if drift.isEmpty { try await judge(page, &foreseen, sides, ledger, digests) }
    }
  }

  private mutating func judge(
    _ page: Page, _ foreseen: inout ForeseenDeletions, _ sides: BothSides, _ ledger: SQLiteLedger,
    _ digests: RowDigester
  ) async throws(SyncError) {
    let deletesFilteredOut =
      settings.deletes.apply && settings.filter?.whenFilteredOut == .delete
    let deletesParentless =
      settings.deletes.apply && settings.parents.contains(where: \.isRequired)
    for start in stride(from: 0, to: page.rows, by: 200) {
      let range = start..<min(start + 200, page.rows)
      let known = try await ledger.known(
        range.compactMap { RowKey(page.bytes(of: page[$0, 0])) })
      foreseen.add(read: known.count)
      var unproven: [MappedRow] = []
      for row in range {
        mapped += 1
        switch sides.plan.record(page, row: row) {
        case .filteredOut(let key):
          filteredOut += 1
          if deletesFilteredOut, known[key] != nil { foreseen.add(leaving: key) }
        case .parentless(let key):
          filteredOut += 1
          if deletesParentless, known[key] != nil { foreseen.add(leaving: key) }
        case .rejected(let rejection): rejects[rejection.reason, default: 0] += 1
        case .mapped(let row):
          if known[row.key] == .proven(digests.digest(row.canonicalBytes)) {
            proven += 1
          } else {
            unproven.append(row)
          }
        }
      }
      let waits = try await parents.missing(for: unproven)
      held += waits.count
      absentParents += Set(waits.values).count
      for row in unproven where waits[row.key] == nil { open.offer(row) }
    }
  }

  /// Looks up what is not proven, and spreads what was not looked up as what was.
  private mutating func lookUp(_ sides: BothSides) async throws(SyncError) {
    lookedUp = open.items.count
    estimated = open.seen - lookedUp
    for found in try await sides.find(open.items, mayOptIn: recovery == nil) {
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
