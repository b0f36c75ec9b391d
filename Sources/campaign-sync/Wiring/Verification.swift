import Core
import Dataverse
import Ledger

/// Two sides compared: how many records, and the fields of those that were looked at.
struct Verification {
  struct Difference {
    var key: String
    /// "missing", "several records", or the names of fields.
    var what: String
  }

  static let shownAtMost = 20

  let job: String
  /// Rows of the table.
  private(set) var rows = 0
  /// Rows that the ledger takes to be in Campaign; nil where the job has never run.
  private(set) var known: Int?
  private(set) var compared = 0
  private(set) var equal = 0
  private(set) var different = 0
  private(set) var pending = 0
  private(set) var rejected = 0
  private(set) var filteredOut = 0
  /// Gone from Dynamics between the two reads.
  private(set) var gone = 0
  /// Changes that wait for the next delta, where Dynamics says so.
  private(set) var backlog: Int?
  private(set) var shown: [Difference] = []
  private var waiting: Set<String> = []

  var differs: Bool { different > 0 }

  private init(job: String) { self.job = job }

  /// - Parameter sample: nil for all records.
  static func make(
    _ sides: BothSides, _ state: JobState, sample: Int?, seed: UInt64
  ) async throws(SyncError) -> Verification {
    var verification = Verification(job: sides.settings.name)
    try await verification.look(into: state, sides)
    if let sample {
      try await verification.compareSample(of: sample, seed, sides)
    } else {
      try await verification.compareAll(sides)
    }
    return verification
  }

  private mutating func look(into state: JobState, _ sides: BothSides) async throws(SyncError) {
    guard SQLiteLedger.exists(in: state.folder) else { return }
    let ledger = try SQLiteLedger.look(in: state.folder)
    known = try await ledger.knownCount()
    var after: String?
    while true {
      let batch = try await ledger.pending(after: after, limit: 500)
      guard let last = batch.last else { break }
      after = last.rejection.key
      for record in batch { waiting.insert(record.rejection.key) }
    }
    if let token = try state.checkpoints.load()?.state.delta.token {
      let query = TableQuery(entitySet: sides.table.entitySet, columns: [sides.table.primaryId])
      backlog = try? await sides.dynamics.pendingChanges(query, from: token.link)
    }
  }

  private mutating func compareSample(
    of size: Int, _ seed: UInt64, _ sides: BothSides
  ) async throws(SyncError) {
    var sample = FairSample<RowKey>(size: size, seed: seed)
    let query = TableQuery(entitySet: sides.table.entitySet, columns: [sides.table.primaryId])
    for try await page in sides.dynamics.scan(query, from: nil) {
      for row in 0..<page.rows {
        if let key = RowKey(page.bytes(of: page[row, 0])) { sample.offer(key) }
      }
      if StopFlag.isUp { throw .stopped }
    }
    rows = sample.seen
    var index = 0
    while index < sample.items.count {
      let keys = Array(sample.items[index..<min(index + 100, sample.items.count)])
      index += keys.count
      let outcomes = try await sides.read(keys)
      gone += outcomes.count { $0 == nil }
      try await compare(outcomes.compactMap(\.self), sides)
    }
  }

  private mutating func compareAll(_ sides: BothSides) async throws(SyncError) {
    for try await page in sides.dynamics.scan(sides.query, from: nil) {
      rows += page.rows
      for start in stride(from: 0, to: page.rows, by: 200) {
        let slice = start..<min(start + 200, page.rows)
        try await compare(slice.map { sides.plan.record(page, row: $0) }, sides)
      }
    }
  }

  private mutating func compare(
    _ outcomes: [RecordOutcome], _ sides: BothSides
  ) async throws(SyncError) {
    if StopFlag.isUp { throw .stopped }
    var mapped: [MappedRow] = []
    for outcome in outcomes {
      switch outcome {
      case .filteredOut, .parentless: filteredOut += 1
      case .rejected: rejected += 1
      case .mapped(let row):
        if waiting.contains(row.key.description) {
          pending += 1
        } else {
          mapped.append(row)
        }
      }
    }
    compared += mapped.count
    for (row, found) in zip(mapped, try await sides.find(mapped)) {
      switch found {
      case .equal: equal += 1
      case .missing: add(row, "missing in Campaign")
      case .several: add(row, "several records in Campaign")
      case .different(let names): add(row, names.joined(separator: ", "))
      }
    }
  }

  private mutating func add(_ row: MappedRow, _ what: String) {
    different += 1
    guard shown.count < Verification.shownAtMost else { return }
    shown.append(Difference(key: row.key.description, what: what))
  }
}

extension Verification {
  var lines: [String] {
    let others: [(Int, String)] = [
      (pending, "pending"), (rejected, "rejected by the mapping"), (filteredOut, "filtered out"),
      (gone, "gone meanwhile"),
    ]
    var line =
      "\(job): \(differs ? "DIFFERENT" : "equal"): \(TimeText.count(rows)) rows in Dynamics, "
      + (known.map { "\(TimeText.count($0)) known in Campaign" } ?? "never loaded")
      + "; \(TimeText.count(compared)) compared, \(TimeText.count(different)) different"
    for (count, word) in others where count > 0 { line += ", \(TimeText.count(count)) \(word)" }
    if let backlog, backlog > 0 {
      line += "; \(TimeText.count(backlog)) changes wait for the next delta"
    }
    var lines = [line]
    lines += shown.map { "  \($0.key)  \($0.what)" }
    if different > shown.count { lines.append("  and \(different - shown.count) more") }
    if differs { lines.append("  next: campaign-sync inspect \(job) KEY shows one record") }
    return lines
  }

  var json: JSONValue {
    func number(_ count: Int?) -> JSONValue { count.map { .number(String($0)) } ?? .null }
    return [
      "job": .string(job), "equal": .bool(!differs), "rows": number(rows), "known": number(known),
      "compared": number(compared), "different": number(different), "pending": number(pending),
      "rejected": number(rejected), "filteredOut": number(filteredOut), "gone": number(gone),
      "backlog": number(backlog),
      "differences": .array(
        shown.map { ["key": .string($0.key), "what": .string($0.what)] }),
    ]
  }
}
