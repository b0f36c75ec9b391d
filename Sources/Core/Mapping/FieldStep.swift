/// What happens to one cell on its way to one field: choice, then replacement, then conversion.
///
/// Plain memory, so that a page of cells passes through without counting references; what is
/// longer lies in the plan's tables, by number.
struct FieldStep: BitwiseCopyable, Sendable {
  enum Source: UInt8, BitwiseCopyable, Sendable {
    case flag, choice, multi, number, text
    /// A time with a zone, a time as the clock shows it, a date.
    case moment, local, day
    case identifier
  }

  enum Target: UInt8, BitwiseCopyable, Sendable {
    case text, integer, number, boolean, date, dateTime, enumeration
  }

  static let none: Int32 = -1

  /// Of the page.
  var column: Int
  var source: Source
  var target: Target
  /// Replacements: text -> literal.
  var replacements = none
  /// Of `multi` with labels: value -> literal of the label.
  var labels = none
  /// Names of the enumeration.
  var names = none
  /// What null becomes, where it is replaced.
  var null = none
  var yes = none
  var no = none
  /// Characters (Unicode scalars).
  var maxLength = Int.max
  var isCut = false
  /// Labels: a value that the table does not know cannot be written.
  var isClosed = false
  /// A file says that somebody is opted out, or nothing: loaded late, a `false` opts people in.
  var onlyOptsOut = false

  init(column: Int, source: Source, target: Target) {
    self.column = column
    self.source = source
    self.target = target
  }

  /// Text that is written as it came, whatever it is, up to that many bytes.
  var plainBytes: Int {
    let isPlain = (source == .text) && target == .text && replacements < 0
    return isPlain ? maxLength : -1
  }

  /// Whether some value of the source has a form in the target; choices and two-option columns
  /// are decided by their values and replacements.
  var canConvert: Bool {
    switch target {
    case .text: true
    case .integer, .number: source == .number || source == .text || isEnumerable
    case .boolean: source == .text || isEnumerable
    case .date, .dateTime: isTime || source == .text
    case .enumeration: source == .text || source == .number || isEnumerable
    }
  }

  /// All values are known beforehand.
  var isEnumerable: Bool { source == .flag || source == .choice }

  private var isTime: Bool { source == .moment || source == .local || source == .day }
}

/// A value that the plan knows beforehand: a replacement, a label, `true`.
struct Literal: Sendable {
  /// As a field of the dialect, quoted where it needs quotes.
  var csv: [UInt8] = []
  /// In Campaign's form, for the API.
  var text = ""
  /// What `quote: none` takes from it.
  var replaced = 0
  /// 1 where it was cut to its length.
  var cut = 0
  /// A value that cannot be written rejects the row.
  var rule: MappingRule?

  var isNull: Bool { text.isEmpty }
}

/// The outcome of a step.
enum Converted {
  /// Bytes, and how many may be read from there on.
  case bytes(UnsafePointer<UInt8>, Int, readable: Int)
  case literal(Int)
  case null
  case rejected(MappingRule)
}
