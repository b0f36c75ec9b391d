/// What every source delivers: rows as ranges of one text, without a string or a dictionary.
///
/// - Shape: `cells` row after row, `columns` cells a row; the first column is the key.
package struct Page: Sendable {
  package var text: [UInt8]
  package var cells: [Cell]
  package var columns: Int
  /// Ids the service reports as deleted since the token; only in change pages.
  package var removed: [RowKey]
  /// Where the next page is; opaque, to be requested as it stands.
  package var next: String?
  /// On the last page of a tracked read: where the changes after it begin.
  package var delta: String?

  package init(
    text: [UInt8] = [], cells: [Cell] = [], columns: Int, removed: [RowKey] = [],
    next: String? = nil, delta: String? = nil
  ) {
    self.text = text
    self.cells = cells
    self.columns = columns
    self.removed = removed
    self.next = next
    self.delta = delta
  }

  package var rows: Int { columns == 0 ? 0 : cells.count / columns }

  /// The bytes of a text or number cell.
  package func bytes(of cell: Cell) -> ArraySlice<UInt8> {
    text[Int(cell.offset)..<Int(cell.offset) + Int(cell.length)]
  }

  package subscript(row: Int, column: Int) -> Cell { cells[row * columns + column] }
}

/// One value of a row: its kind, and its range in the page's text.
package struct Cell: BitwiseCopyable, Sendable, Equatable {
  package enum Kind: UInt8, BitwiseCopyable, Sendable {
    case missing, null, text, number, yes, no, json
  }
  package var offset: UInt32
  package var length: UInt32
  package var kind: Kind

  package init(_ kind: Kind, offset: UInt32 = 0, length: UInt32 = 0) {
    self.offset = offset
    self.length = length
    self.kind = kind
  }
}
