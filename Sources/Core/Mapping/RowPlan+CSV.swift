extension RowPlan {
  /// Appends the rows of one page as CSV.
  ///
  /// - Shape: a line per row; fields in the order of `header`; lines end in LF; UTF-8, no BOM.
  /// - Units: times are UTC; a number keeps the text it came with.
  /// Only rows written leave bytes.
  ///
  /// - Parameter held: rows to be left out, if they pass the filter.
  package func append(
    _ page: Page, to rows: inout RowBuffer, without held: Set<RowKey> = []
  ) -> WrittenPage {
    precondition(page.columns == columns.count, "the page has other columns than the plan")
    var written = WrittenPage()
    written.keys.reserveCapacity(page.rows)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: scratchCount) { scratch in
      page.text.withUnsafeBufferPointer { text in
        page.cells.withUnsafeBufferPointer { cells in
          steps.withUnsafeBufferPointer { steps in
            guard let scratch = scratch.baseAddress else { return }
            var pass = RowPass(self, steps, text, scratch, held)
            for row in 0..<page.rows {
              let first = row * page.columns
              let cells = UnsafeBufferPointer(rebasing: cells[first..<first + page.columns])
              let mark = rows.beginRow()
              switch pass.write(cells, to: &rows) {
              case .written(let key): written.keys.append(key)
              case .badKey:
                rows.cutBack(to: mark)
                written.rejections.append(rejection(keyOf: cells[0], in: page))
              case .badField(let key, let field, let rule):
                rows.cutBack(to: mark)
                written.rejections.append(rejection(key.description, rule, field: field))
              case .filteredOut(let key):
                rows.cutBack(to: mark)
                written.filtered.append(key)
              case .parentless(let key):
                rows.cutBack(to: mark)
                written.parentless.append(key)
              case .held(let key):
                rows.cutBack(to: mark)
                written.held.append(key)
              case .undecided(let key, let condition, let rule):
                rows.cutBack(to: mark)
                written.rejections.append(
                  rejection(key.description, rule, condition: condition))
              }
            }
            written.tally.replacedCharacters = pass.replaced
            written.tally.cut = pass.cuts
          }
        }
      }
    }
    written.tally.read = page.rows
    written.tally.mapped = written.keys.count
    written.tally.rejected = written.rejections.count
    written.tally.filteredOut = written.filtered.count + written.parentless.count
    written.tally.held = written.held.count
    return written
  }

  func converter(
    _ text: UnsafeBufferPointer<UInt8>, _ scratch: UnsafeMutablePointer<UInt8>,
    _ form: Moment.Form
  ) -> CellConverter {
    CellConverter(
      text: text.baseAddress ?? UnsafePointer(scratch), textCount: text.count, scratch: scratch,
      scratchCount: scratchCount, tables: tables, literals: literals,
      textTime: dialect.timeForm, fieldTime: form)
  }
}

/// What became of the rows of a page.
package struct WrittenPage: Sendable {
  package var tally = Tally()
  package var rejections: [Rejection] = []
  /// Rows written.
  package var keys: [RowKey] = []
  /// Rows that the filter keeps out.
  package var filtered: [RowKey] = []
  /// Rows that name no parent where one is required.
  package var parentless: [RowKey] = []
  /// Rows left out as asked.
  package var held: [RowKey] = []
}

/// One pass over a page: what does not change from row to row.
private struct RowPass {
  enum Outcome {
    case written(RowKey)
    case badKey
    case badField(RowKey, Int, MappingRule)
    case filteredOut(RowKey)
    case parentless(RowKey)
    case held(RowKey)
    case undecided(RowKey, Int, MappingRule)
  }

  private let steps: UnsafeBufferPointer<FieldStep>
  private let filter: RowFilter?
  private let held: Set<RowKey>
  private let required: [Int]
  private let separator: UInt8
  private let writer: FieldWriter
  private let fixedBound: Int
  private var converter: CellConverter
  private(set) var replaced = 0
  private(set) var cuts = 0

  init(
    _ plan: RowPlan, _ steps: UnsafeBufferPointer<FieldStep>, _ text: UnsafeBufferPointer<UInt8>,
    _ scratch: UnsafeMutablePointer<UInt8>, _ held: Set<RowKey>
  ) {
    self.steps = steps
    self.held = held
    required = plan.required
    filter = plan.filter
    separator = plan.dialect.separator
    writer = FieldWriter(plan.dialect)
    fixedBound = plan.fixedBound
    converter = plan.converter(text, scratch, plan.dialect.timeForm)
  }

  @inline(__always)
  mutating func write(_ cells: UnsafeBufferPointer<Cell>, to rows: inout RowBuffer) -> Outcome {
    var outcome = Outcome.badKey
    var replaced = 0
    converter.cuts = 0
    rows.write(upTo: bound(cells)) { start in
      var out = start
      outcome = fill(cells, &out, &replaced)
      return out - start
    }
    if case .written = outcome {
      self.replaced += replaced
      cuts += converter.cuts
    }
    return outcome
  }

  @inline(__always)
  private func bound(_ cells: UnsafeBufferPointer<Cell>) -> Int {
    var bound = fixedBound
    for step in steps { bound &+= 2 &* Int(cells[step.column].length) }
    return bound
  }

  @inline(__always)
  private mutating func fill(
    _ cells: UnsafeBufferPointer<Cell>, _ out: inout UnsafeMutablePointer<UInt8>,
    _ replaced: inout Int
  ) -> Outcome {
    let key = cells[0]
    guard key.kind == .text, key.length == 36,
      let guid = GuidText(converter.text + Int(key.offset))
    else { return .badKey }
    let rowKey = guid.key
    guid.write(to: out)
    out += 36
    if let filter {
      switch filter.judge(cells, converter.text) {
      case .passes: break
      case .filteredOut: return .filteredOut(rowKey)
      case .rejected(let condition, let rule): return .undecided(rowKey, condition, rule)
      }
    }
    if !required.isEmpty, required.contains(where: { cells[$0].kind == .null }) {
      return .parentless(rowKey)
    }
    if !held.isEmpty, held.contains(rowKey) { return .held(rowKey) }
    for index in steps.indices {
      let step = steps[index]
      let cell = cells[step.column]
      out[0] = separator
      out += 1
      if cell.kind == .text && Int(cell.length) <= step.plainBytes {
        let offset = Int(cell.offset)
        out = writer.write(
          converter.text + offset, Int(cell.length), readable: converter.textCount &- offset,
          to: out, &replaced)
        continue
      }
      if cell.kind == .null && step.null < 0 { continue }
      switch converter.convert(step, cell) {
      case .null: break
      case .bytes(_, let count, _) where step.onlyOptsOut && count == FlagText.falseCount: break
      case .bytes(let bytes, let count, let readable):
        out = writer.write(bytes, count, readable: readable, to: out, &replaced)
      case .literal(let literal): out = copy(literal, to: out, &replaced)
      case .rejected(let rule): return .badField(rowKey, index, rule)
      }
    }
    out[0] = 0x0A
    out += 1
    return .written(rowKey)
  }

  @inline(__always)
  private mutating func copy(
    _ index: Int, to out: UnsafeMutablePointer<UInt8>, _ replaced: inout Int
  ) -> UnsafeMutablePointer<UInt8> {
    let count = converter.literals[index].csv.count
    converter.literals[index].csv.withUnsafeBufferPointer { bytes in
      if let start = bytes.baseAddress { out.update(from: start, count: count) }
    }
    replaced += converter.literals[index].replaced
    converter.cuts += converter.literals[index].cut
    return out + count
  }
}
