/// Takes the cells of one page through their steps.
///
/// - Shape: results lie in the page's text where nothing had to be rewritten, in the plan's
///   literals where they were known beforehand, else in `scratch` until the next call.
struct CellConverter {
  let text: UnsafePointer<UInt8>
  let textCount: Int
  let scratch: UnsafeMutablePointer<UInt8>
  let scratchCount: Int
  let tables: [ByteTable]
  let literals: [Literal]
  /// Times in text fields are the same text by file and by API; times in date fields are not.
  let textTime: Moment.Form
  let fieldTime: Moment.Form
  /// Texts cut so far.
  var cuts = 0

  mutating func convert(_ step: FieldStep, _ cell: Cell) -> Converted {
    switch cell.kind {
    case .null: return null(step)
    case .missing: return .rejected(.missingColumn)
    case .json: return .rejected(.unexpectedType)
    case .yes, .no:
      guard step.source == .flag else { return .rejected(.unexpectedType) }
      return literal(cell.kind == .yes ? step.yes : step.no)
    case .text, .number:
      guard step.source != .flag else { return .rejected(.unexpectedType) }
      if cell.length == 0 { return null(step) }
      let bytes = text + Int(cell.offset)
      return choose(step, bytes, Int(cell.length), textCount - Int(cell.offset))
    }
  }

  private func null(_ step: FieldStep) -> Converted {
    step.null < 0 ? .null : literal(step.null)
  }

  private func literal(_ index: Int32) -> Converted {
    let literal = literals[Int(index)]
    if let rule = literal.rule { return .rejected(rule) }
    return literal.isNull ? .null : .literal(Int(index))
  }

  /// Choice and replacement.
  private mutating func choose(
    _ step: FieldStep, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Converted {
    var (bytes, count, readable) = (bytes, count, readable)
    if step.labels >= 0 {
      guard let length = joinLabels(step, bytes, count) else { return .rejected(.undefinedChoice) }
      (bytes, count, readable) = (UnsafePointer(scratch), length, scratchCount)
    }
    if step.replacements >= 0 {
      let found = tables[Int(step.replacements)].find(bytes, count)
      if found >= 0 { return literal(Int32(found)) }
      if step.isClosed { return .rejected(.undefinedChoice) }
    }
    return form(step, bytes, count, readable)
  }

  /// Conversion to the type of the field.
  mutating func form(
    _ step: FieldStep, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Converted {
    switch step.target {
    case .text: return toText(step, bytes, count, readable)
    case .integer: return toInteger(bytes, count, readable)
    case .number: return toNumber(bytes, count, readable)
    case .boolean: return toBoolean(bytes, count)
    case .date: return toTime(step, bytes, count, .day)
    case .dateTime: return toTime(step, bytes, count, fieldTime)
    case .enumeration:
      guard step.names >= 0 else { return .bytes(bytes, count, readable: readable) }
      let isKnown = tables[Int(step.names)].find(bytes, count) >= 0
      return isKnown ? .bytes(bytes, count, readable: readable) : .rejected(.notInEnumeration)
    }
  }

  private mutating func toText(
    _ step: FieldStep, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Converted {
    switch step.source {
    case .moment, .local: return limited(step, toTime(step, bytes, count, textTime))
    case .day: return limited(step, toTime(step, bytes, count, .day))
    case .identifier: return limited(step, toLowerCase(bytes, count, readable))
    default: return limited(step, .bytes(bytes, count, readable: readable))
    }
  }

  private mutating func limited(_ step: FieldStep, _ converted: Converted) -> Converted {
    guard case .bytes(let bytes, let count, let readable) = converted, count > step.maxLength
    else { return converted }
    let characters = TextLength(bytes, count)
    if characters.scalars <= step.maxLength { return converted }
    guard step.isCut else { return .rejected(.tooLong) }
    cuts += 1
    let kept = characters.prefix(step.maxLength)
    return kept == 0 ? .null : .bytes(bytes, kept, readable: readable)
  }

  private func toTime(
    _ step: FieldStep, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ form: Moment.Form
  ) -> Converted {
    let isShifted = step.source == .moment || step.source == .text
    guard let moment = Moment(bytes, count, isShifted: isShifted) else {
      return .rejected(.notADate)
    }
    return .bytes(scratch, moment.write(form, to: scratch), readable: scratchCount)
  }

  private func toInteger(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Converted {
    guard let number = NumberText(bytes, count) else { return .rejected(.notANumber) }
    guard number.isWhole else { return .rejected(.notAnInteger) }
    guard number.wholeDigits <= 19 || number.isZero else { return .rejected(.outOfRange) }
    if number.isPlainWhole { return .bytes(bytes, count, readable: readable) }
    guard let length = number.write(isTrimmed: true, to: scratch) else {
      return .rejected(.outOfRange)
    }
    return .bytes(scratch, length, readable: scratchCount)
  }

  private func toNumber(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Converted {
    guard let number = NumberText(bytes, count) else { return .rejected(.notANumber) }
    if number.isPlain { return .bytes(bytes, count, readable: readable) }
    guard let length = number.write(isTrimmed: false, to: scratch) else {
      return .rejected(.outOfRange)
    }
    return .bytes(scratch, length, readable: scratchCount)
  }

  private func toBoolean(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Converted {
    guard let flag = FlagText.read(bytes, count) else { return .rejected(.notABoolean) }
    for (index, byte) in FlagText.bytes(flag).enumerated() { scratch[index] = byte }
    return .bytes(scratch, flag ? 4 : 5, readable: scratchCount)
  }

  private func toLowerCase(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ readable: Int
  ) -> Converted {
    let isUpper = (0..<count).contains { bytes[$0] &- 0x41 < 26 }
    guard isUpper else { return .bytes(bytes, count, readable: readable) }
    guard count <= 64 else { return .rejected(.unexpectedType) }
    for index in 0..<count {
      scratch[index] = bytes[index] &- 0x41 < 26 ? bytes[index] | 0x20 : bytes[index]
    }
    return .bytes(scratch, count, readable: scratchCount)
  }

  /// `2,3` -> `Reading; Music`, in scratch; nil where a value has no label.
  private func joinLabels(
    _ step: FieldStep, _ bytes: UnsafePointer<UInt8>, _ count: Int
  ) -> Int? {
    var length = 0
    var start = 0
    while start < count {
      var end = start
      while end < count && bytes[end] != 0x2C { end += 1 }
      let found = tables[Int(step.labels)].find(bytes + start, end - start)
      guard found >= 0 else { return nil }
      let label = literals[found].text.utf8
      guard length + label.count + 2 <= scratchCount else { return nil }
      if length > 0 {
        scratch[length] = 0x3B
        scratch[length + 1] = 0x20
        length += 2
      }
      for byte in label {
        scratch[length] = byte
        length += 1
      }
      start = end + 1
    }
    return length
  }
}
