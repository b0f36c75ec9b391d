/// Compiles a job file against both schemas and notes everything that does not fit.
struct RowPlanBuilder {
  let settings: IngressSettings
  let table: TableSchema
  let resource: ResourceSchema
  let dialect: CSVDialect

  var findings: [MappingFinding] = []
  private(set) var key = ""
  private(set) var columns: [String] = []
  private(set) var fields: [PlannedField] = []
  private(set) var parents: [PlannedParent] = []
  private(set) var steps: [FieldStep] = []
  var filter: RowFilter?
  var filterNames: [String] = []
  var tables: [ByteTable] = []
  var literals: [Literal] = []
  /// The longest joined labels of a multi-select.
  var longestLabels = 0

  init(_ settings: IngressSettings, table: TableSchema, resource: ResourceSchema) {
    self.settings = settings
    self.table = table
    self.resource = resource
    dialect = CSVDialect(settings.csv)
  }

  /// Memory for what a step writes: the longest number, time or joined labels, and an overrun.
  var scratchCount: Int { max(NumberText.size, Moment.size, 64, longestLabels) + 8 }

  var fixedBound: Int {
    let literal = literals.map(\.csv.count).max() ?? 0
    let field = max(literal, FieldWriter.bound(scratchCount)) + 1
    return 64 + field * steps.count
  }

  mutating func build() {
    columns = [table.primaryId]
    checkKey()
    var lines: [String: Int] = [:]
    for mapping in settings.fields {
      let column = column(mapping.from, at: mapping.position)
      let field = field(of: mapping)
      if let field {
        if field.name == key {
          note(mapping, "\(mapping.to) is the key and gets the primary id of every row")
        } else if let line = lines[field.name] {
          note(mapping, "\(mapping.to) is already fed by line \(line)")
        } else {
          lines[field.name] = mapping.position.line
        }
      }
      if let column, let field {
        add(mapping, column, field)
        addParent(mapping, column)
      }
    }
    for optOut in settings.optOuts { addInsertOnly(optOut, &lines) }
    if !CSVDialect.separators.contains(dialect.separator) {
      findings.append(
        MappingFinding(settings.position, "csv.separator", expected: "one of ; , tab |"))
    }
    addFilter()
  }

  private mutating func checkKey() {
    guard let field = resource.field(settings.key) else {
      noteUnknownField(settings.key, settings.position)
      return
    }
    key = field.name
    if field.isReadOnly {
      findings.append(MappingFinding(settings.position, "\(settings.key) is read-only"))
    } else if field.kind != .text {
      findings.append(
        MappingFinding(settings.position, "\(settings.key) cannot be a key", expected: "a text"))
    } else if let length = field.maxLength, length < 36 {
      findings.append(
        MappingFinding(
          settings.position, "\(settings.key) holds \(length) characters",
          expected: "36, for a guid"))
    }
  }

  mutating func column(_ name: String, at position: SourcePosition) -> ColumnSchema? {
    var problem = "\(table.logicalName) has no column \(name)"
    let column = table.column(name)
    if let column, column.isReadable, column.kind != .other { return column }
    if let column {
      problem =
        column.kind == .other
        ? "\(name) is not a column with one plain value" : "\(name) cannot be read"
    }
    let names = table.columns.map(\.name)
    let nearest = column == nil ? Nearest.name(to: name, among: names) : nil
    findings.append(MappingFinding(position, problem, nearest: nearest))
    return nil
  }

  private mutating func field(of mapping: FieldMapping) -> FieldSchema? {
    guard let field = resource.field(mapping.to) else {
      noteUnknownField(mapping.to, mapping.position)
      return nil
    }
    switch field.kind {
    case .link, .collection, .other:
      note(mapping, "\(mapping.to) is not a field with one plain value", expected: "a field")
      return nil
    default: break
    }
    guard !field.isReadOnly else {
      note(mapping, "\(mapping.to) is read-only")
      return nil
    }
    return field
  }

  private mutating func noteUnknownField(_ name: String, _ position: SourcePosition) {
    let names = resource.fields.filter { !$0.isReadOnly }.flatMap {
      [$0.name, $0.alias ?? $0.name]
    }
    findings.append(
      MappingFinding(
        position, "\(resource.name) has no field \(name)",
        nearest: Nearest.name(to: name, among: names)))
  }

  /// An opt-out of the opt-out job, for records that do not exist yet.
  private mutating func addInsertOnly(
    _ optOut: OptOutSettings.Field, _ lines: inout [String: Int]
  ) {
    let mapping = FieldMapping(
      from: optOut.dynamics, to: optOut.campaign,
      replace: optOut.invert ? ["true": "false", "false": "true"] : [:], position: optOut.position)
    let column = column(mapping.from, at: mapping.position)
    let field = field(of: mapping)
    if let column, column.kind != .boolean {
      note(mapping, "\(mapping.from) is no opt-out", expected: "a two-option column")
      return
    }
    guard let column, let field else { return }
    if let line = lines.updateValue(mapping.position.line, forKey: field.name) {
      note(mapping, "\(mapping.to) is already fed by line \(line)")
    } else {
      add(mapping, column, field, isInsertOnly: true)
    }
  }

  private mutating func add(
    _ mapping: FieldMapping, _ column: ColumnSchema, _ field: FieldSchema,
    isInsertOnly: Bool = false
  ) {
    guard let source = column.kind.source, let target = field.kind.target else { return }
    var step = FieldStep(column: position(of: column), source: source, target: target)
    guard step.canConvert else {
      note(
        mapping, "\(mapping.from) (\(column.kind.words)) does not fit \(mapping.to)",
        expected: "a column that makes \(field.kind.words)")
      return
    }
    if target == .text {
      step.maxLength = mapping.maxLength ?? field.maxLength ?? .max
      step.isCut = mapping.tooLong == .cut
    } else if mapping.maxLength != nil {
      note(mapping, "maxLength is for texts, and \(mapping.to) is \(field.kind.words)")
    }
    if case .enumeration(let names) = field.kind, !names.isEmpty {
      // The sentinel of byte enumerations is shown, and must never be written.
      let written = names.filter { $0 != "__Invalid_value__" }
      step.names = addTable(written.map { (Array($0.utf8), 0) })
    }
    step.onlyOptsOut = field.isOptOut && target == .boolean
    addChoices(to: &step, mapping, column, field)
    steps.append(step)
    fields.append(
      PlannedField(
        from: mapping.from, to: mapping.to, name: field.name, target: target,
        isCreateOnly: !mapping.applyUpdates, isOptOut: field.isOptOut,
        isInsertOnly: isInsertOnly))
  }

  /// A field of `parents:` gets the key of a parent: from a lookup, as it is.
  private mutating func addParent(_ mapping: FieldMapping, _ column: ColumnSchema) {
    guard let parent = settings.parents.first(where: { $0.field == mapping.to }) else { return }
    guard column.kind.source == .identifier, mapping.replace.isEmpty else {
      note(
        mapping, "\(mapping.to) is linked to the job \(parent.job)",
        expected: "a lookup column without `replace`")
      return
    }
    // Keys of another table are never found among the parent's: each row would wait for ever.
    if case .lookup(let targets) = column.kind, !targets.isEmpty, !parent.table.isEmpty,
      !targets.contains(parent.table)
    {
      note(
        mapping,
        "\(mapping.from) is a lookup of \(targets.joined(separator: ", ")), and the parent job "
          + "\(parent.job) brings \(parent.table)",
        expected: "a lookup of \(parent.table), or the job of its table")
      return
    }
    parents.append(
      PlannedParent(
        job: parent.job, column: position(of: column), isRequired: parent.isRequired))
  }

  mutating func position(of column: ColumnSchema) -> Int {
    if let known = columns.firstIndex(of: column.wireName) { return known }
    columns.append(column.wireName)
    return columns.count - 1
  }

  mutating func addTable(_ entries: [(key: [UInt8], value: Int)]) -> Int32 {
    tables.append(ByteTable(entries))
    return Int32(tables.count - 1)
  }

  mutating func note(
    _ mapping: FieldMapping, _ problem: String, expected: String? = nil, nearest: String? = nil
  ) {
    findings.append(
      MappingFinding(mapping.position, problem, expected: expected, nearest: nearest))
  }
}

extension ColumnSchema.Kind {
  var source: FieldStep.Source? {
    switch self {
    case .boolean: .flag
    case .integer, .bigInteger, .decimal, .money, .double: .number
    case .string, .memo: .text
    case .dateTime(.userLocal): .moment
    case .dateTime(.timeZoneIndependent): .local
    case .dateTime(.dateOnly): .day
    case .picklist, .state, .status: .choice
    case .multiSelect: .multi
    case .lookup, .uniqueIdentifier: .identifier
    case .other: nil
    }
  }

  var words: String {
    switch source {
    case .flag: "two options"
    case .choice: "a choice"
    case .multi: "a multi-select"
    case .number: "a number"
    case .text: "a text"
    case .moment, .local: "a time"
    case .day: "a date"
    case .identifier: "an id"
    case nil: "no plain value"
    }
  }
}

extension FieldSchema.Kind {
  fileprivate var target: FieldStep.Target? {
    switch self {
    case .text: .text
    case .integer: .integer
    case .number: .number
    case .boolean: .boolean
    case .date: .date
    case .dateTime: .dateTime
    case .enumeration: .enumeration
    case .link, .collection, .other: nil
    }
  }

  var words: String {
    switch self {
    case .text: "a text"
    case .integer: "a whole number"
    case .number: "a number"
    case .boolean: "a boolean"
    case .date: "a date"
    case .dateTime: "a time"
    case .enumeration: "an enumeration"
    case .link, .collection, .other: "no plain value"
    }
  }
}

extension FieldSchema {
  fileprivate var isOptOut: Bool {
    alias != nil || name == "ccpaOptOut" || name.hasPrefix("denyList")
      || name.hasPrefix("blackList")
  }
}
