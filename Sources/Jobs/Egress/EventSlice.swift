import Core

/// Some rows of a file of events, and where they end.
struct EventSlice: ExportSlice {
  var rows: [EventRow] = []
  var broken: [Rejection] = []
  /// Rows that are no event of this job.
  var others = 0
  var end: UInt64
  var count: Int { rows.count }

  init(end: UInt64) { self.end = end }

  mutating func take(_ row: CSVRow, _ plan: EventPlan) {
    switch plan.judge(row) {
    case .other: others += 1
    case .event(let event): rows.append(event)
    case .broken(let rejection): broken.append(rejection)
    }
  }
}
