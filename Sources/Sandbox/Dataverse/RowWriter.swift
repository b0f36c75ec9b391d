import Core

/// Writes rows as OData JSON, straight into bytes.
struct RowWriter {
  private struct Column {
    var position: Int
    /// The name as it is written: `"firstname":`.
    var label: [UInt8]
    var wireName: String
  }
  /// A row that an `$expand` puts into its parent.
  struct Expansion {
    var navigation: String
    var position: Int
    var table: Int
    var writer: RowWriter
  }

  private let definition: TableDefinition
  private let columns: [Column]
  var annotations = AnnotationFilter(nil)
  var escapesNonASCII = false
  /// Odd rows have their columns in reverse order.
  var shuffles = false
  var expansions: [Expansion] = []
  /// The row that a lookup means.
  var find: (RowKey, String) -> RowView? = { _, _ in nil }

  init(_ definition: TableDefinition, positions: [Int]) {
    self.definition = definition
    columns = positions.map { position in
      let name = definition.columns[position].wireName
      return Column(position: position, label: Array("\"\(name)\":".utf8), wireName: name)
    }
  }

  /// The members of one row, with its etag, in braces.
  func write(_ row: RowView, context: String? = nil, to bytes: inout [UInt8]) {
    bytes.append(0x7B)
    if let context {
      bytes += "\"@odata.context\":".utf8
      RowWriter.write(context, to: &bytes)
      bytes.append(0x2C)
    }
    bytes += "\"@odata.etag\":\"W/\\\"".utf8
    bytes += String(row.version).utf8
    bytes += "\\\"\"".utf8
    let isReversed = shuffles && row.version % 2 == 1
    for index in columns.indices {
      let column = columns[isReversed ? columns.count - 1 - index : index]
      let value = row.value(column.position)
      bytes.append(0x2C)
      bytes += column.label
      write(value, to: &bytes)
      if !annotations.isEmpty, value != .null { annotate(column, value, to: &bytes) }
    }
    for expansion in expansions { write(expansion, of: row, to: &bytes) }
    bytes.append(0x7D)
  }

  private func write(_ expansion: Expansion, of row: RowView, to bytes: inout [UInt8]) {
    bytes += ",\"\(expansion.navigation)\":".utf8
    let target = definition.columns[expansion.position].targets.first {
      $0.navigation == expansion.navigation
    }
    if case .reference(let key, let table) = row.value(expansion.position),
      table == target?.table, let found = find(key, table)
    {
      expansion.writer.write(found, to: &bytes)
    } else {
      bytes += "null".utf8
    }
  }

  private func write(_ value: FieldValue, to bytes: inout [UInt8]) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .whole(let number): bytes += String(number).utf8
    case .number(let text): bytes += text.utf8
    case .text(let text): RowWriter.write(text, escapesNonASCII: escapesNonASCII, to: &bytes)
    case .moment(let seconds):
      bytes.append(0x22)
      CalendarText.write(moment: seconds, to: &bytes)
      bytes.append(0x22)
    case .day(let day):
      bytes.append(0x22)
      CalendarText.write(day: day, to: &bytes)
      bytes.append(0x22)
    case .key(let key), .reference(let key, _):
      bytes.append(0x22)
      RowWriter.write(key, to: &bytes)
      bytes.append(0x22)
    }
  }

  private func annotate(_ column: Column, _ value: FieldValue, to bytes: inout [UInt8]) {
    func member(_ name: String, _ text: String) {
      bytes += ",\"\(column.wireName)@\(name)\":".utf8
      RowWriter.write(text, escapesNonASCII: escapesNonASCII, to: &bytes)
    }
    let definition = definition.columns[column.position]
    if case .reference(let key, let table) = value {
      if annotations.hasNavigation,
        let target = definition.targets.first(where: { $0.table == table })
      {
        member(AnnotationFilter.navigation, target.navigation)
      }
      if annotations.hasLookupName { member(AnnotationFilter.lookupName, table) }
      guard annotations.hasFormatted, let row = find(key, table) else { return }
      if let name = row.value(wire: row.definition.primaryName).text {
        member(AnnotationFilter.formatted, name)
      }
    } else if annotations.hasFormatted, let label = RowWriter.label(value, definition) {
      member(AnnotationFilter.formatted, label)
    }
  }

  /// The text that people see; nil where it is the value itself.
  static func label(_ value: FieldValue, _ column: ColumnDefinition) -> String? {
    switch (value, column.kind) {
    case (.whole(let choice), .picklist), (.whole(let choice), .state),
      (.whole(let choice), .status):
      return column.options.first { $0.value == choice }?.label
    case (.text(let choices), .multiSelect):
      let labels = choices.split(separator: ",").compactMap { choice in
        column.options.first { String($0.value) == choice }?.label
      }
      return labels.joined(separator: "; ")
    case (.bool(let flag), .boolean(let yes, let no)): return flag ? yes : no
    case (.whole(let number), _): return grouped(String(number))
    case (.number(let text), .money): return "€" + grouped(text)
    case (.number(let text), _): return grouped(text)
    case (.day(let day), _):
      let date = CalendarText.civil(day)
      return "\(date.month)/\(date.day)/\(date.year)"
    case (.moment(let seconds), _):
      let date = CalendarText.civil(Int(seconds / 86_400))
      let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60)
      let half = "\(hour % 12 == 0 ? 12 : hour % 12):\(minute < 10 ? "0" : "")\(minute)"
      return "\(date.month)/\(date.day)/\(date.year) \(half) \(hour < 12 ? "AM" : "PM")"
    default: return nil
    }
  }

  private static func grouped(_ text: String) -> String {
    let whole = text.prefix { $0 != "." }
    var grouped = ""
    for (place, digit) in whole.reversed().enumerated() {
      if place > 0, place % 3 == 0, digit != "-" { grouped.append(",") }
      grouped.append(digit)
    }
    return String(grouped.reversed()) + text.dropFirst(whole.count)
  }

  // MARK: bytes

  private static let digits = Array("0123456789abcdef".utf8)

  static func write(_ key: RowKey, to bytes: inout [UInt8]) {
    for position in 0..<32 {
      if position == 8 || position == 12 || position == 16 || position == 20 { bytes.append(0x2D) }
      let word = position < 16 ? key.high : key.low
      bytes.append(digits[Int(word >> UInt64((15 - position % 16) * 4) & 15)])
    }
  }

  /// Writes a quoted JSON string; a run of plain bytes is copied at once.
  static func write(_ text: String, escapesNonASCII: Bool = false, to bytes: inout [UInt8]) {
    bytes.append(0x22)
    if escapesNonASCII, text.utf8.contains(where: { $0 >= 0x80 }) {
      for unit in text.utf16 { write(unit: unit, to: &bytes) }
    } else {
      var text = text
      text.withUTF8 { source in
        var start = 0
        for (place, byte) in source.enumerated() where byte < 0x20 || byte == 0x22 || byte == 0x5C {
          bytes += source[start..<place]
          write(unit: UInt16(byte), to: &bytes)
          start = place + 1
        }
        bytes += source[start...]
      }
    }
    bytes.append(0x22)
  }

  private static func write(unit: UInt16, to bytes: inout [UInt8]) {
    switch unit {
    case 0x22, 0x5C:
      bytes.append(0x5C)
      bytes.append(UInt8(unit))
    case 0x0A: bytes += "\\n".utf8
    case 0x0D: bytes += "\\r".utf8
    case 0x09: bytes += "\\t".utf8
    case 0x20..<0x7F: bytes.append(UInt8(unit))
    default:
      bytes += "\\u".utf8
      for shift in [12, 8, 4, 0] { bytes.append(digits[Int(unit >> UInt16(shift) & 15)]) }
    }
  }
}
