/// One condition of a filter, on one column of the page.
struct FilterStep: Sendable {
  typealias Comparison = IngressSettings.Filter.Comparison

  /// What a cell is compared with; ranges lie in the filter's memory.
  enum Wanted: Sendable {
    /// `isEmpty` and `isNotEmpty` compare with nothing.
    case nothing
    /// Folded code points.
    case text(Range<Int>)
    case number(Range<Int>)
    case moment(Int, isShifted: Bool)
    case day(Int)
    case flag(Bool)
    case identifier(RowKey)
    /// The values of a multi-select, divided by commas.
    case choices(Range<Int>)
  }

  var column: Int
  var comparison: Comparison
  var wanted: Wanted

  /// Whether a value that is less (below 0), equal (0) or greater meets the comparison.
  @inline(__always)
  func accepts(order: Int) -> Bool {
    switch comparison {
    case .equals: order == 0
    case .notEquals: order != 0
    case .greaterThan: order > 0
    case .atLeast: order >= 0
    case .lessThan: order < 0
    case .atMost: order <= 0
    case .contains, .startsWith, .endsWith, .isEmpty, .isNotEmpty: false
    }
  }

  func accepts(_ text: FoldedText, _ wanted: ArraySlice<UInt32>) -> Bool {
    switch comparison {
    case .contains: text.contains(wanted)
    case .startsWith: text.starts(with: wanted)
    case .endsWith: text.ends(with: wanted)
    default: accepts(order: text.order(to: wanted))
    }
  }

  /// Equal is the same set, in whatever order; `contains` finds one whole value among those of the
  /// cell: 2 is in `1,2` and not in `12`.
  func accepts(choices cell: UnsafePointer<UInt8>, _ count: Int, _ wanted: ArraySlice<UInt8>)
    -> Bool
  {
    let values = UnsafeBufferPointer(start: cell, count: count)
    let chosen = values.split(separator: 0x2C)
    guard comparison == .contains else {
      let all = wanted.split(separator: 0x2C)
      let isEqual =
        chosen.allSatisfy { one in all.contains { $0.elementsEqual(one) } }
        && all.allSatisfy { one in chosen.contains { $0.elementsEqual(one) } }
      return accepts(order: isEqual ? 0 : 1)
    }
    return chosen.contains { $0.elementsEqual(wanted) }
  }
}

extension FieldStep.Source {
  /// The comparisons that a column of this kind knows, in the order of the documents.
  var comparisons: [FilterStep.Comparison] {
    let order: [FilterStep.Comparison] = [.greaterThan, .atLeast, .lessThan, .atMost]
    let between: [FilterStep.Comparison] =
      switch self {
      case .text: order + [.contains, .startsWith, .endsWith]
      case .number, .moment, .local, .day: order
      case .multi: [.contains]
      case .flag, .choice, .identifier: []
      }
    return [.equals, .notEquals] + between + [.isEmpty, .isNotEmpty]
  }
}
