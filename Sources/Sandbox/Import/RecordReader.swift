/// Cuts a delimited file into records as Load file does, piece by piece.
///
/// - Shape: with quotes, a field that begins with `"` ends at the next single `"`, may hold
///   separators and line ends, and shows `""` for one quote. Without, a quote is a character.
struct RecordReader {
  /// The fields of one record.
  struct Record {
    var fields: [[UInt8]] = []
    /// Line of the file on which it begins, from one.
    var line = 1
  }
  private enum Place { case start, plain, quoted, quote }

  let separator: UInt8
  let isQuoted: Bool
  private var place = Place.start
  private var field: [UInt8] = []
  private var record = Record()
  private var line = 1
  private var isFirstByte = true

  init(separator: UInt8, isQuoted: Bool) {
    self.separator = separator
    self.isQuoted = isQuoted
  }

  /// Reads on; gives every record that is complete.
  mutating func feed(_ bytes: some Sequence<UInt8>) -> [Record] {
    var records: [Record] = []
    for byte in bytes {
      if byte == 0x0A { line += 1 }
      switch place {
      case .quoted:
        if byte == 0x22 { place = .quote } else { field.append(byte) }
      case .quote where byte == 0x22:
        field.append(byte)
        place = .quoted
      case .start where byte == 0x22 && isQuoted:
        place = .quoted
      default:
        take(byte, &records)
      }
    }
    return records
  }

  /// The record that no line end ended.
  mutating func finish() -> [Record] {
    var records: [Record] = []
    if !field.isEmpty || !record.fields.isEmpty { endRecord(&records) }
    return records
  }

  /// True in the middle of a quoted field: at the end of the file, a fault.
  var isInsideQuotes: Bool { place == .quoted }

  private mutating func take(_ byte: UInt8, _ records: inout [Record]) {
    switch byte {
    case separator:
      endField()
    case 0x0A:
      if place == .plain, field.last == 0x0D { field.removeLast() }
      endRecord(&records)
    default:
      field.append(byte)
      place = .plain
    }
  }

  private mutating func endField() {
    record.fields.append(field)
    field.removeAll(keepingCapacity: true)
    place = .start
  }

  private mutating func endRecord(_ records: inout [Record]) {
    endField()
    if isFirstByte {
      isFirstByte = false
      if record.fields[0].starts(with: [0xEF, 0xBB, 0xBF]) { record.fields[0].removeFirst(3) }
    }
    // A line without anything is no record.
    if record.fields.count > 1 || !record.fields[0].isEmpty { records.append(record) }
    record = Record(line: line)
  }
}
