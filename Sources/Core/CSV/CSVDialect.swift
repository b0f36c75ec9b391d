/// How rows are written: `csv:` of the job file, without what concerns files.
///
/// - Shape: UTF-8 without BOM, lines end in LF, one header line.
/// - `quote: double`: a field is quoted when it holds the separator, a quote, CR or LF, or begins
///   or ends with a blank or tab (some readers trim fields that are not quoted); quotes inside are
///   doubled. Every text comes out exactly as it went in.
/// - `quote: none`: the separator, a quote, CR LF, CR and LF each become one space, and are counted.
/// - Source: Campaign's import format, `docs/import-workflow.md`.
package struct CSVDialect: Sendable, Equatable {
  package var separator: UInt8
  package var quote: CSVSettings.Quote
  package var dateTime: CSVSettings.DateTimeForm

  /// Separators that no number, date or guid contains.
  package static let separators: [UInt8] = [0x3B, 0x2C, 0x09, 0x7C]  // ; , tab |

  package init(_ settings: CSVSettings = CSVSettings()) {
    separator = settings.separator
    quote = settings.quote
    dateTime = settings.dateTime
  }

  /// The header line, with its LF.
  package func headerLine(_ names: [String]) -> [UInt8] {
    var line: [UInt8] = []
    for (index, name) in names.enumerated() {
      if index > 0 { line.append(separator) }
      line += encode(Array(name.utf8)).bytes
    }
    line.append(0x0A)
    return line
  }

  /// One field as it stands in a row, and how many characters `quote: none` took from it.
  package func encode(_ field: [UInt8]) -> (bytes: [UInt8], replaced: Int) {
    var replaced = 0
    let writer = FieldWriter(self)
    let bytes = [UInt8](unsafeUninitializedCapacity: FieldWriter.bound(field.count)) { out, count in
      guard let start = out.baseAddress else { return }
      withPointer(to: field) { text in
        let end = writer.write(text, field.count, readable: field.count, to: start, &replaced)
        count = end - start
      }
    }
    return (bytes, replaced)
  }
}
