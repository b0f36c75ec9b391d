import Core

/// Some rows of a file of events, and where they end.
struct EventSlice: ExportSlice {
  var rows: [EventRow] = []
  var broken: [Rejection] = []
  /// Rows that are no event of this job.
  var others = 0
  /// Log ids of rows that were broken when they came before, and are whole.
  var mended: [String] = []
  var end: UInt64
  var count: Int { rows.count }

  init(end: UInt64) { self.end = end }

  /// - Parameter brokenBefore: log ids.
  mutating func take(_ row: CSVRow, _ plan: EventPlan, _ brokenBefore: Set<String> = []) {
    if !brokenBefore.isEmpty, let key = plan.key(of: row), brokenBefore.contains(key) {
      mended.append(key)
    }
    switch plan.judge(row) {
    case .other: others += 1
    case .event(let event): rows.append(event)
    case .broken(let rejection): broken.append(rejection)
    }
  }
}
