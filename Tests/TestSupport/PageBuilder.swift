import Core

/// Builds a page as a decoder would deliver it.
///
/// - Shape: a cell is a JSON value; an array or object becomes `json`, nil a column that the row
///   came without.
package enum PageBuilder {
  package static func page(_ rows: [[JSONValue?]], columns: Int? = nil) -> Page {
    var page = Page(columns: columns ?? rows.first?.count ?? 0)
    for value in rows.joined() { page.cells.append(cell(value, &page.text)) }
    return page
  }

  private static func cell(_ value: JSONValue?, _ text: inout [UInt8]) -> Cell {
    func range(_ kind: Cell.Kind, _ bytes: [UInt8]) -> Cell {
      let offset = UInt32(text.count)
      text += bytes
      return Cell(kind, offset: offset, length: UInt32(bytes.count))
    }
    switch value {
    case nil: return Cell(.missing)
    case .null: return Cell(.null)
    case .bool(let flag): return Cell(flag ? .yes : .no)
    case .number(let number): return range(.number, Array(number.utf8))
    case .string(let string): return range(.text, Array(string.utf8))
    case .array, .object: return range(.json, value?.encoded ?? [])
    }
  }
}
