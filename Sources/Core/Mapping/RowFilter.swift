/// Which rows pass: the conditions of `filter:`, compiled against the table.
///
/// - Null, and an empty text, which is the same: meets `isEmpty` and no other comparison.
/// - Texts: letter case is ignored, by code point (`FoldedText`); so are greater and less.
/// - Numbers: compared as the decimals they are, whatever their scale.
/// - Times: compared in whole seconds, a date alone being its midnight: in UTC, or as the clock
///   shows them where the column has no time zone.
/// - A value that is not of its column's type decides nothing: the row is rejected, unless the
///   other conditions have decided already.
struct RowFilter: Sendable {
  enum Verdict {
    case passes, filteredOut
    /// By the condition of that number.
    case rejected(Int, MappingRule)
  }

  let isAny: Bool
  private(set) var steps: [FilterStep] = []
  /// What the conditions compare with, end to end.
  private var bytes: [UInt8] = []
  private var scalars: [UInt32] = []

  init(isAny: Bool) { self.isAny = isAny }

  mutating func add(_ step: FilterStep) { steps.append(step) }

  mutating func keep(_ text: [UInt8]) -> Range<Int> {
    bytes += text
    return bytes.count - text.count..<bytes.count
  }

  mutating func keep(folded text: String) -> Range<Int> {
    let folded = FoldedText.scalars(of: text)
    scalars += folded
    return scalars.count - folded.count..<scalars.count
  }

  /// Judges one row.
  ///
  /// - Parameter text: of the page.
  func judge(_ cells: UnsafeBufferPointer<Cell>, _ text: UnsafePointer<UInt8>) -> Verdict {
    var undecided: Verdict?
    for (index, step) in steps.enumerated() {
      switch test(step, cells[step.column], text) {
      case .met: if isAny { return .passes }
      case .unmet: if !isAny { return .filteredOut }
      case .rejected(let rule): undecided = undecided ?? .rejected(index, rule)
      }
    }
    return undecided ?? (isAny ? .filteredOut : .passes)
  }

  private enum Outcome {
    case met, unmet
    case rejected(MappingRule)

    init(_ isMet: Bool) { self = isMet ? .met : .unmet }
  }

  private func test(
    _ step: FilterStep, _ cell: Cell, _ text: UnsafePointer<UInt8>
  ) -> Outcome {
    let isFlag = cell.kind == .yes || cell.kind == .no
    if cell.kind == .missing { return .rejected(.missingColumn) }
    if cell.kind == .json { return .rejected(.unexpectedType) }
    let isNull = !isFlag && (cell.kind == .null || cell.length == 0)
    switch step.comparison {
    case .isEmpty: return Outcome(isNull)
    case .isNotEmpty: return Outcome(!isNull)
    default: break
    }
    if isNull { return .unmet }
    if case .flag(let wanted) = step.wanted {
      guard isFlag else { return .rejected(.unexpectedType) }
      return Outcome(step.accepts(order: wanted == (cell.kind == .yes) ? 0 : 1))
    }
    guard !isFlag else { return .rejected(.unexpectedType) }
    return test(step, text + Int(cell.offset), Int(cell.length))
  }

  private func test(
    _ step: FilterStep, _ cell: UnsafePointer<UInt8>, _ count: Int
  ) -> Outcome {
    switch step.wanted {
    case .nothing, .flag: return .unmet
    case .text(let range):
      return Outcome(step.accepts(FoldedText(cell, count), scalars[range]))
    case .number(let range):
      guard let number = NumberText(cell, count) else { return .rejected(.notANumber) }
      let order = bytes.withUnsafeBufferPointer { bytes in
        bytes.baseAddress.flatMap { NumberText($0 + range.lowerBound, range.count) }
          .map(number.order(to:))
      }
      return Outcome(order.map(step.accepts(order:)) ?? false)
    case .moment(let wanted, let isShifted):
      guard let moment = Moment(cell, count, isShifted: isShifted) else {
        return .rejected(.notADate)
      }
      return Outcome(step.accepts(order: moment.seconds - wanted))
    case .day(let wanted):
      guard let moment = Moment(cell, count, isShifted: false) else { return .rejected(.notADate) }
      return Outcome(step.accepts(order: moment.midnight - wanted))
    case .identifier(let wanted):
      guard let key = RowKey(UnsafeBufferPointer(start: cell, count: count)) else {
        return .rejected(.unexpectedType)
      }
      return Outcome(step.accepts(order: key == wanted ? 0 : 1))
    case .choices(let range):
      return Outcome(step.accepts(choices: cell, count, bytes[range]))
    }
  }
}
