import Core
import Dataverse
import Disk

/// A synthetic file with the columns of a job, for Campaign's Load file to learn its structure from.
///
/// - Shape: the same plan and dialect as a real part; no value comes from Dynamics.
struct SampleFile {
  let workspace: Workspace
  let settings: IngressSettings

  init(_ workspace: Workspace, job: String) throws(SyncError) {
    self.workspace = workspace
    settings = try workspace.ingress(job)
  }

  /// - Returns: the path of the file.
  func write(rows: Int) async throws(SyncError) -> String {
    let patience = Patience.ofRun(SystemClock(), deadline: .seconds(300))
    let connections = try Connections(workspace.environment, patience: patience)
    let table = try await connections.dynamics().table(settings.table)
    let resource = try await connections.campaign().resource(settings.resource)
    var settings = settings
    // What passes the filter is nothing that synthetic values could know.
    settings.filter = nil
    let plan = try RowPlan(settings, table: table, resource: resource)
    var buffer = RowBuffer()
    _ = plan.append(SampleFile.page(plan.columns, of: table, rows: rows), to: &buffer)
    let environment = workspace.environment
    let folder = "\(environment.spoolPath)/\(environment.name)/\(settings.name)"
    try makeFolder(folder)
    let path = folder + "/\(settings.name)-sample.csv"
    try replaceFile(at: path, with: plan.headerLine + buffer.bytes)
    return path
  }

  /// Rows whose values only show the type and the length of each column.
  static func page(_ columns: [String], of table: TableSchema, rows: Int) -> Page {
    var page = Page(columns: columns.count)
    for row in 0..<rows {
      for (index, name) in columns.enumerated() {
        let kind = index == 0 ? .uniqueIdentifier : table.column(name)?.kind ?? .string
        add(value(kind, table.column(name), row), to: &page)
      }
    }
    return page
  }

  private static func add(_ value: (Cell.Kind, String), to page: inout Page) {
    let offset = page.text.count
    page.text += value.1.utf8
    page.cells.append(
      Cell(value.0, offset: UInt32(offset), length: UInt32(page.text.count - offset)))
  }

  private static func value(
    _ kind: ColumnSchema.Kind, _ column: ColumnSchema?, _ row: Int
  ) -> (Cell.Kind, String) {
    switch kind {
    case .boolean: (row % 2 == 0 ? .yes : .no, "")
    case .integer, .bigInteger: (.number, String(row))
    case .decimal, .money, .double: (.number, "\(row).50")
    case .dateTime(.dateOnly): (.text, "1990-01-\(RunName.padded(row % 28 + 1, 2))")
    case .dateTime: (.text, "2026-01-\(RunName.padded(row % 28 + 1, 2))T08:30:00Z")
    case .picklist, .state, .status:
      column?.options.first.map { (.number, $0.value) } ?? (.null, "")
    case .multiSelect: column?.options.first.map { (.text, $0.value) } ?? (.null, "")
    case .lookup, .uniqueIdentifier:
      (
        .text,
        RowKey(high: 0x0000_0000_0000_4000, low: 0x8000_0000_0000_0000 + UInt64(row)).description
      )
    case .string, .memo: (.text, String("sample \(row)".prefix(column?.maxLength ?? 20)))
    case .other: (.null, "")
    }
  }
}
