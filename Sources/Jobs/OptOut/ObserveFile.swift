import Core

/// Some rows of an opt-out file, and where they end.
struct ConsentSlice: ExportSlice {
  var rows: [ConsentRow] = []
  var broken: [Rejection] = []
  /// Profiles that do not come from Dynamics.
  var strangers = 0
  var end: UInt64
  var count: Int { rows.count }

  init(end: UInt64) { self.end = end }

  /// Of rows with fields too many or too few, and of those with values that cannot be read.
  var rejections: [Rejection] { broken + rows.compactMap(\.rejection) }

  var tally: Tally {
    var tally = Tally()
    tally.read = rows.count + broken.count + strangers
    tally.filteredOut = strangers
    tally.rejected = rejections.count
    return tally
  }

  mutating func take(_ row: CSVRow, _ plan: ConsentPlan) {
    switch plan.judge(row) {
    case .stranger: strangers += 1
    case .row(let row): rows.append(row)
    case .broken(let rejection): broken.append(rejection)
    }
  }
}

extension OptOutJob {
  /// One complete opt-out file -> observations in the ledger.
  ///
  /// - Returns: what is wrong with this file; it is left where it stands, and others are not.
  func observe(
    _ file: RemoteFile, _ emit: Emit<OptOutState>
  ) async throws(SyncError) -> SyncError? {
    let export = ports.export
    var excess: SyncError?
    let read = try await export.attempt { () async throws(SyncError) in
      guard var mark = try await export.begin(file) else { return }
      guard let header = try await export.header(of: file) else {
        return try await finish(mark, emit)
      }
      let plan = try ConsentPlan(settings, header: header, file: file, zone: ports.zone)
      mark.offset = max(mark.offset, header.end)
      let slices = try ExportSlices<ConsentSlice>(file, export, from: mark.offset) {
        $1.take($0, plan)
      }
      let incomplete = try await incomplete()
      var sum = Tally()
      var unreadable = 0
      while let slice = try await slices.next() {
        guard try await export.isUnchanged(file) else { return }
        mark.offset = slice.end
        sum += slice.tally
        do throws(SyncError) {
          try ports.limit.check(sum, slice.rejections, of: file.name)
        } catch {
          excess = error
          return
        }
        unreadable += slice.rows.reduce(0) { $0 + $1.unreadable }
        try await record(slice, mark, incomplete, emit)
      }
      if unreadable > 0 {
        export.note(
          "\(file.name): \(unreadable) values cannot be read and count as unknown; their rows are pending"
        )
      }
      guard try await export.isUnchanged(file) else { return }
      try await finish(mark, emit)
    }
    if case .failure(let fault) = read { return fault }
    return excess
  }

  private func finish(_ mark: FileMark, _ emit: Emit<OptOutState>) async throws(SyncError) {
    var done = mark
    done.isDone = true
    var tally = Tally()
    tally.files = 1
    try await emit(
      Advance(tally: tally, settle: Settlement(entries: [.file(done)]), now: true) { state in
        state.waiting.removeAll { $0.name == mark.name }
      })
  }

  /// Keys of what is pending since a row could not be read in full.
  private func incomplete() async throws(SyncError) -> Set<String> {
    var keys: Set<String> = []
    var last: String?
    while true {
      let pending = try await ports.ledger.pending(after: last, limit: 1_000).map(\.rejection)
      guard let final = pending.last else { return keys }
      last = final.key
      keys.formUnion(pending.filter { $0.rule == Rejection.unreadable }.map(\.key))
    }
  }

  private func record(
    _ slice: ConsentSlice, _ mark: FileMark, _ incomplete: Set<String>, _ emit: Emit<OptOutState>
  ) async throws(SyncError) {
    var known = try await ports.ledger.consents(of: slice.rows.map(\.contact))
    var changed: [RowKey: Set<ConsentAttribute>] = [:]
    for row in slice.rows {
      for (attribute, seen) in row.observations {
        var record = known[row.contact]?[attribute] ?? ConsentRecord(row.contact, attribute)
        guard record.take(seen) else { continue }
        known[row.contact, default: [:]][attribute] = record
        changed[row.contact, default: []].insert(attribute)
      }
    }
    let records = changed.flatMap { contact, attributes in
      attributes.compactMap { known[contact]?[$0] }
    }
    let whole = slice.rows.filter { $0.rejection == nil }
      .map { Rejection.keyOfValues($0.contact) }.filter(incomplete.contains)
    let entries =
      whole.map(LedgerEntry.settled) + slice.rejections.map(LedgerEntry.pending)
      + [.consents(records), .file(mark)]
    try await emit(Advance(tally: slice.tally, settle: Settlement(entries: entries), now: true))
  }
}
