import Core

/// What fills a column of a generated row.
///
/// - Units: `empty` is the percentage of the rows that have null there.
package enum Recipe: Sendable {
  case nothing
  case key, version, created, modified, fullName, address
  case given(empty: Int), middle(empty: Int), family(empty: Int)
  case oneOf([String], empty: Int)
  case mail(number: Int, empty: Int)
  case phone(number: Int, empty: Int)
  case street(empty: Int), city(empty: Int), country(empty: Int), postalCode(empty: Int)
  case memo(empty: Int)
  /// `C00000042`: unique, from the slot.
  case serial(String)
  case choice([Int64], empty: Int)
  case severalChoices([Int64], empty: Int)
  case flag(percent: Int, empty: Int)
  case whole(ClosedRange<Int64>, empty: Int)
  case decimal(scale: Int, ClosedRange<Int64>, empty: Int)
  case day(ClosedRange<Int>, empty: Int)
  case moment(ClosedRange<Int64>, empty: Int)
  case state, status
  case reference(String, empty: Int)
  /// The number of another column, as it stands.
  case copy(String)
  case constant(FieldValue)

  var empty: Int {
    switch self {
    case .given(let empty), .middle(let empty), .family(let empty), .oneOf(_, let empty),
      .mail(_, let empty), .phone(_, let empty), .street(let empty), .city(let empty),
      .country(let empty), .postalCode(let empty), .memo(let empty), .choice(_, let empty),
      .severalChoices(_, let empty), .flag(_, let empty), .whole(_, let empty),
      .decimal(_, _, let empty), .day(_, let empty), .moment(_, let empty),
      .reference(_, let empty):
      empty
    default: 0
    }
  }
}
