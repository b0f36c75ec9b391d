/// The mapping of one job, compiled against both schemas: one step per field.
///
/// A row is filtered, then each cell goes through choice, replacement and conversion, then it is
/// quoted (`append`) or becomes values for the API (`record`); both ways share the steps.
///
/// - Null: an empty field in a file; by API `""` for a text or a date, `0` for a number, `false`
///   for a boolean, and nothing at all for an enumeration and an opt-out. An empty text is a null.
/// - Opt-outs: `true` or empty in a file, never `false`; those of an opt-out job come after the
///   fields, and go to new records only.
/// - Numbers: exact text in text and number fields, but a number field gets exponents written out
///   (`1.5E+3` -> `1500`); an integer field gets whole numbers only (`20000.0000` -> `20000`).
/// - Times: a time becomes the date of its UTC day in a date field; in a text field it is written
///   in the form of `csv.dateTime`, by file and by API.
/// - Replacements: match the whole text that `choices` yields, also of a multi-select.
/// - Source: `spec` of both systems; design sections 3, 4 and 10; `docs/jobs.md`.
package struct RowPlan: Sendable {
  /// Wire names for `$select`, the primary id first; cells of a page follow them.
  package let columns: [String]
  /// The names as the job file writes them, the key first.
  package let header: [String]
  package let dialect: CSVDialect
  /// The Campaign field of the key, as the API knows it.
  package let key: String

  let filter: RowFilter?
  /// Columns of the filter's conditions, as the job file writes them.
  let filterNames: [String]
  let fields: [PlannedField]
  /// The column of each parent's key, in the order of the job file.
  let parents: [PlannedParent]
  let steps: [FieldStep]
  let tables: [ByteTable]
  let literals: [Literal]
  let scratchCount: Int
  /// Bytes of a row beyond twice its cells.
  let fixedBound: Int

  /// - Errors: `configuration`, with every finding.
  package init(
    _ settings: IngressSettings, table: TableSchema, resource: ResourceSchema
  ) throws(SyncError) {
    var builder = RowPlanBuilder(settings, table: table, resource: resource)
    builder.build()
    guard builder.findings.isEmpty else { throw .mapping(settings.name, builder.findings) }
    columns = builder.columns
    header = settings.header
    dialect = builder.dialect
    key = builder.key
    filter = builder.filter
    filterNames = builder.filterNames
    fields = builder.fields
    parents = builder.parents
    steps = builder.steps
    tables = builder.tables
    literals = builder.literals
    scratchCount = builder.scratchCount
    fixedBound = builder.fixedBound
  }

  /// Everything that the schemas refute, in the order of the job file; empty where `init` succeeds.
  package static func findings(
    _ settings: IngressSettings, table: TableSchema, resource: ResourceSchema
  ) -> [MappingFinding] {
    var builder = RowPlanBuilder(settings, table: table, resource: resource)
    builder.build()
    return builder.findings
  }

  /// The header line of every part, with its LF.
  package var headerLine: [UInt8] { dialect.headerLine(header) }

  func rejection(_ key: String, _ rule: MappingRule, field: Int) -> Rejection {
    let field = fields[field]
    return Rejection(
      key: key, rule: rule.rawValue, reason: "\(field.from) -> \(field.to): \(rule.reason)")
  }

  /// A row that the filter could not judge.
  func rejection(_ key: String, _ rule: MappingRule, condition: Int) -> Rejection {
    Rejection(
      key: key, rule: rule.rawValue, reason: "filter by \(filterNames[condition]): \(rule.reason)")
  }

  func rejection(keyOf cell: Cell, in page: Page) -> Rejection {
    let isText = cell.kind == .text || cell.kind == .number
    let text = isText ? String(decoding: page.bytes(of: cell).prefix(100), as: UTF8.self) : ""
    return Rejection(
      key: text, rule: Rejection.keyless,
      reason: "\(columns[0]): \(MappingRule.keyIsNoGuid.reason)")
  }
}

/// What is known of a mapped field beside its step.
struct PlannedField: Sendable {
  /// As the job file writes them.
  var from: String
  var to: String
  /// As the API of this instance knows the field.
  var name: String
  var target: FieldStep.Target
  var isCreateOnly: Bool
  /// One of the opt-out attributes: null never says "opted in".
  var isOptOut: Bool
  /// An opt-out that an opt-out job decides: a new record gets it, no update has it.
  var isInsertOnly = false
}

/// The column that holds the key of a parent.
struct PlannedParent: Sendable {
  var job: String
  var column: Int
  var isRequired: Bool
}
