import Core

/// A parsed `$filter`: columns by position, literals already of the column's type.
indirect enum FilterExpression: Sendable {
  enum Comparison: String, Sendable { case eq, ne, gt, ge, lt, le }
  enum Match: String, Sendable { case contains, startswith, endswith }
  enum Operand: Sendable {
    case column(Int)
    case literal(FieldValue)
  }

  case and(FilterExpression, FilterExpression)
  case or(FilterExpression, FilterExpression)
  case not(FilterExpression)
  case compare(Operand, Comparison, Operand)
  case match(Match, Int, LikePattern)
  case oneOf(Int, [FieldValue])
  case within(Int, FieldValue, FieldValue)
  /// One of the choices of a multi-select column.
  case holdsAny(Int, [String])

  /// - Parameter guids: the order in which `gt`, `ge`, `lt` and `le` compare guids.
  func matches(_ guids: GuidOrder, _ value: (Int) -> FieldValue) -> Bool {
    switch self {
    case .and(let one, let other): one.matches(guids, value) && other.matches(guids, value)
    case .or(let one, let other): one.matches(guids, value) || other.matches(guids, value)
    case .not(let inner): !inner.matches(guids, value)
    case .compare(let one, let comparison, let other):
      FilterExpression.holds(
        FilterExpression.read(one, value), comparison, FilterExpression.read(other, value), guids)
    case .match(_, let column, let pattern):
      value(column).text.map { pattern.matches($0) } ?? false
    case .oneOf(let column, let values):
      values.contains { FieldOrder.compare(value(column), $0) == 0 }
    case .within(let column, let low, let high):
      FilterExpression.holds(value(column), .ge, low, guids)
        && FilterExpression.holds(value(column), .le, high, guids)
    case .holdsAny(let column, let wanted):
      value(column).text.map { held in
        held.split(separator: ",").contains { wanted.contains(String($0)) }
      } ?? false
    }
  }

  private static func read(_ operand: Operand, _ value: (Int) -> FieldValue) -> FieldValue {
    switch operand {
    case .column(let position): value(position)
    case .literal(let literal): literal
    }
  }

  /// Null equals only null; `ne` also takes the rows without a value.
  private static func holds(
    _ one: FieldValue, _ comparison: Comparison, _ other: FieldValue, _ guids: GuidOrder
  ) -> Bool {
    let order = FieldOrder.compare(one, other, guids)
    switch comparison {
    case .eq: return order == 0 || one == .null && other == .null
    case .ne: return !(order == 0 || one == .null && other == .null)
    case .gt: return order.map { $0 > 0 } ?? false
    case .ge: return order.map { $0 >= 0 } ?? false
    case .lt: return order.map { $0 < 0 } ?? false
    case .le: return order.map { $0 <= 0 } ?? false
    }
  }

  /// What a conjunction says about the primary key: the part of the table that must be read.
  ///
  /// - Shape: ranks of the order `guids`.
  func keyBounds(
    of primary: Int, in guids: GuidOrder = .sql
  ) -> (lower: GuidRank?, upper: GuidRank?) {
    switch self {
    case .and(let one, let other):
      let first = one.keyBounds(of: primary, in: guids)
      let second = other.keyBounds(of: primary, in: guids)
      return (
        [first.lower, second.lower].compactMap(\.self).max(),
        [first.upper, second.upper].compactMap(\.self).min()
      )
    case .compare(.column(primary), let comparison, .literal(.key(let key))):
      let rank = guids.rank(key)
      switch comparison {
      case .eq: return (rank, rank)
      case .gt, .ge: return (rank, nil)
      case .lt, .le: return (nil, rank)
      case .ne: return (nil, nil)
      }
    default: return (nil, nil)
    }
  }

  /// True where a guid is compared other than for being the same.
  var hasGuidRange: Bool {
    switch self {
    case .and(let one, let other), .or(let one, let other):
      one.hasGuidRange || other.hasGuidRange
    case .not(let inner): inner.hasGuidRange
    case .compare(let one, let comparison, let other):
      comparison != .eq && comparison != .ne
        && [one, other].contains { if case .literal(.key) = $0 { true } else { false } }
    case .within(_, .key, _): true
    default: false
    }
  }
}

extension FilterExpression {
  /// The keys of which a row must have one, where the filter says that and nothing else: a database
  /// looks them up.
  func keys(of primary: Int) -> Set<RowKey>? {
    var keys: Set<RowKey> = []
    return collect(primary, &keys) ? keys : nil
  }

  private func collect(_ primary: Int, _ keys: inout Set<RowKey>) -> Bool {
    switch self {
    case .or(let one, let other):
      return one.collect(primary, &keys) && other.collect(primary, &keys)
    case .compare(.column(primary), .eq, .literal(.key(let key))):
      keys.insert(key)
      return true
    case .oneOf(primary, let values):
      let found = values.compactMap(\.key)
      keys.formUnion(found)
      return found.count == values.count
    default: return false
    }
  }
}

/// The order of values of one column, as the database has it.
enum FieldOrder {
  /// Below, at or above zero; nil where one is null or the types do not meet.
  static func compare(
    _ one: FieldValue, _ other: FieldValue, _ guids: GuidOrder = .sql
  ) -> Int? {
    switch (one, other) {
    case (.whole(let one), .whole(let other)): order(one, other)
    case (.bool(let one), .bool(let other)): order(one ? 1 : 0, other ? 1 : 0)
    case (.moment(let one), .moment(let other)): order(one, other)
    case (.day(let one), .day(let other)): order(one, other)
    case (.text(let one), .text(let other)): order(fold(one), fold(other))
    case (.number, .number), (.number, .whole), (.whole, .number):
      order(double(one), double(other))
    default:
      if let one = one.key, let other = other.key {
        order(guids.rank(one), guids.rank(other))
      } else {
        nil
      }
    }
  }

  /// For sorting: nulls come first.
  static func sorts(
    _ one: FieldValue, before other: FieldValue, _ guids: GuidOrder
  ) -> Int {
    if one == .null { return other == .null ? 0 : -1 }
    if other == .null { return 1 }
    return compare(one, other, guids) ?? 0
  }

  private static func order<Value: Comparable>(_ one: Value, _ other: Value) -> Int {
    one < other ? -1 : one == other ? 0 : 1
  }

  private static func double(_ value: FieldValue) -> Double {
    switch value {
    case .whole(let number): Double(number)
    case .number(let text): Double(text) ?? 0
    default: 0
    }
  }

  /// Texts compare without case, but with accents; trailing blanks do not count.
  static func fold(_ text: String) -> String {
    var folded = text.lowercased()[...]
    while folded.last == " " { folded.removeLast() }
    return String(folded)
  }
}

/// A pattern of SQL's LIKE: `%`, `_` and `[ab]` are wildcards.
struct LikePattern: Sendable {
  private enum Piece: Sendable, Equatable {
    case any, one
    case character(Character)
    case set([Character])
  }
  private var pieces: [Piece] = []

  init(_ text: String, as match: FilterExpression.Match) {
    if match != .startswith { pieces.append(.any) }
    var rest = text.lowercased()[...]
    while let character = rest.popFirst() {
      switch character {
      case "%": pieces.append(.any)
      case "_": pieces.append(.one)
      case "[":
        if let end = rest.firstIndex(of: "]") {
          pieces.append(.set(Array(rest[..<end])))
          rest = rest[rest.index(after: end)...]
        } else {
          pieces.append(.character(character))
        }
      default: pieces.append(.character(character))
      }
    }
    if match != .endswith { pieces.append(.any) }
  }

  func matches(_ text: String) -> Bool {
    let characters = Array(text.lowercased())
    var (place, piece, star, mark) = (0, 0, -1, 0)
    while place < characters.count {
      if piece < pieces.count, pieces[piece] == .any {
        (star, mark) = (piece, place)
        piece += 1
      } else if piece < pieces.count, fits(pieces[piece], characters[place]) {
        place += 1
        piece += 1
      } else if star >= 0 {
        mark += 1
        (piece, place) = (star + 1, mark)
      } else {
        return false
      }
    }
    while piece < pieces.count, pieces[piece] == .any { piece += 1 }
    return piece == pieces.count
  }

  private func fits(_ piece: Piece, _ character: Character) -> Bool {
    switch piece {
    case .any: false
    case .one: true
    case .character(let wanted): wanted == character
    case .set(let set): set.contains(character)
    }
  }
}
