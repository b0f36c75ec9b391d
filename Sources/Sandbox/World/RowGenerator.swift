import Core

/// The content of generated rows, as a function of (seed, slot, column): nothing is kept.
struct RowGenerator: Sendable {
  let seed: UInt64
  let keys: KeySpace
  /// Version of the table's first row; its rows have the next `keys.count` ones.
  let firstVersion: Int64
  /// The keys of the tables that lookups point at.
  let targets: [String: KeySpace]
  /// Rows of a thousand whose first name is longer than Campaign takes.
  let tooLongPerMille: Int
  private let salts: [UInt64]
  private let spread: Int
  /// What undoes the multiplication by `spread`, in the numbers below the table's count.
  private let gather: Int

  init(
    seed: UInt64, table: TableDefinition, keys: KeySpace, firstVersion: Int64,
    targets: [String: KeySpace], tooLongPerMille: Int
  ) {
    self.seed = mix(seed, salt(table.logicalName))
    self.keys = keys
    self.firstVersion = firstVersion
    self.targets = targets
    self.tooLongPerMille = tooLongPerMille
    salts = table.columns.map { salt($0.name) }
    spread = keys.count % 7919 == 0 ? 7907 : 7919
    gather = RowGenerator.inverse(of: spread, modulo: keys.count)
  }

  /// Versions of generated rows do not follow their keys.
  func version(_ slot: Int) -> Int64 {
    guard keys.count > 0, slot < keys.count else { return firstVersion }
    return firstVersion + Int64(slot * spread % keys.count)
  }

  /// The versions that the rows were born with.
  var versions: Range<Int64> { firstVersion..<firstVersion + Int64(keys.count) }

  /// The row that was born with a version.
  func slot(version: Int64) -> Int {
    (Int(version - firstVersion) * gather) % keys.count
  }

  /// - Source: the extended Euclidean algorithm.
  private static func inverse(of number: Int, modulo count: Int) -> Int {
    var (rest, next) = (count, number)
    var (factor, following) = (0, 1)
    while next != 0 {
      let quotient = rest / next
      (rest, next) = (next, rest - quotient * next)
      (factor, following) = (following, factor - quotient * following)
    }
    return factor < 0 ? factor + count : factor
  }

  private func culture(_ slot: Int) -> Culture {
    let draw = mix(seed, UInt64(slot) << 8) % UInt64(Vocabulary.byPercent.count)
    return Vocabulary.cultures[Vocabulary.byPercent[Int(draw)]]
  }

  /// The value of a column that depends on nothing but its slot.
  func value(_ recipe: Recipe, column: Int, slot: Int) -> FieldValue {
    let chance = mix(seed ^ salts[column], UInt64(slot))
    if recipe.empty > 0, Int(chance >> 32) % 100 < recipe.empty { return .null }
    let draw = Int(truncatingIfNeeded: mix(chance, 3) >> 1)
    switch recipe {
    case .given, .middle, .family, .oneOf, .mail, .phone, .street, .city, .country, .postalCode,
      .memo, .serial, .severalChoices:
      return .text(text(recipe, slot: slot, draw: draw))
    case .choice(let values, _): return .whole(values[draw % values.count])
    case .flag(let percent, _): return .bool(draw % 100 < percent)
    case .whole(let range, _):
      return .whole(range.lowerBound + Int64(draw % (range.count)))
    case .decimal(let scale, let range, _):
      let unscaled = range.lowerBound + Int64(draw % range.count)
      return .number(RowGenerator.decimal(unscaled, scale: scale))
    case .day(let range, _): return .day(range.lowerBound + draw % range.count)
    case .moment(let range, _): return .moment(range.lowerBound + Int64(draw % range.count))
    case .state: return .whole(draw % 100 < 4 ? 1 : 0)
    case .created: return .moment(slot < keys.count ? keys.created(slot) : 0)
    case .modified:
      guard slot < keys.count else { return .moment(0) }
      let created = keys.created(slot)
      let end: Int64 = 1_748_736_000
      return .moment(created + Int64(draw) % max(1, end - created))
    case .reference(let table, _):
      guard let space = targets[table], space.count > 0 else { return .null }
      return .reference(space.rank(draw % space.count).key, table: table)
    case .constant(let value): return value
    case .key, .version, .fullName, .address, .status, .copy, .nothing: return .null
    }
  }

  private func text(_ recipe: Recipe, slot: Int, draw: Int) -> String {
    switch recipe {
    case .given:
      if draw % 1000 < tooLongPerMille {
        return "Wolfeschlegelsteinhausenbergerdorff-\(slot % 1000)"
      }
      let names = culture(slot).given
      return names[draw % names.count]
    case .middle:
      let names = culture(slot + 1).given
      return draw % 3 == 0 ? "J." : names[draw % names.count]
    case .family:
      let names = culture(slot).family
      return names[draw % names.count]
    case .oneOf(let texts, _): return texts[draw % texts.count]
    case .mail(let number, _):
      let name = Vocabulary.mailNames[draw % Vocabulary.mailNames.count]
      let domain = Vocabulary.domains[draw / 16 % Vocabulary.domains.count]
      // One address in five hundred is shared by two people.
      let owner = draw % 500 == 0 ? slot / 2 : slot
      return "\(name).\(owner)" + (number > 1 ? ".\(number)" : "") + "@" + domain
    case .phone:
      let digits = String(1_000_000 + draw % 8_999_999)
      let area = String(20 + draw / 7 % 79)
      return draw % 4 == 0
        ? "0\(area)/\(digits)" : culture(slot).dial + " \(area) \(digits)"
    case .street:
      let streets = culture(slot).streets
      return streets[draw % streets.count] + " \(1 + draw / 5 % 240)"
    case .city:
      let cities = culture(slot).cities
      return cities[draw % cities.count]
    case .country: return culture(slot).country
    case .postalCode:
      return draw % 3 == 0
        ? "SW1A \(draw % 9)AA" : String(String(100_000 + draw % 99_999).dropFirst())
    case .memo: return memo(draw)
    case .serial(let prefix): return prefix + String(String(100_000_000 + slot).dropFirst())
    case .severalChoices(let values, _):
      let first = draw % values.count
      let last = min(values.count, first + 1 + draw / 11 % values.count)
      return values[first..<last].map(String.init).joined(separator: ",")
    default: return ""
    }
  }

  /// Mostly a line or two; one in forty runs up to the length of the column.
  private func memo(_ draw: Int) -> String {
    var dice = Dice(UInt64(draw))
    let lines = draw % 40 == 0 ? 80 : 1 + draw % 3
    var text = draw % 23 == 0 ? " " : ""
    // Counted along: to count the whole text's units for each line is most of the work.
    var length = text.utf16.count
    for line in 0..<lines where length < 1900 {
      let end = line == 0 ? "" : draw % 5 == 0 ? "\n" : "\r\n"
      let sentence = dice.below(Vocabulary.sentences.count)
      text += end + Vocabulary.sentences[sentence]
      length += end.utf16.count + Vocabulary.sentenceLengths[sentence]
    }
    if draw % 29 == 0 { text += "\r\n\r\n" }
    return text
  }

  static func decimal(_ unscaled: Int64, scale: Int) -> String {
    let digits = String(unscaled.magnitude)
    let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
    let sign = unscaled < 0 ? "-" : ""
    guard scale > 0 else { return sign + padded }
    return sign + padded.dropLast(scale) + "." + padded.suffix(scale)
  }
}
