/// Reads rows from bytes as they arrive: reject files, event files, opt-out files.
///
/// - Shape: any one-byte separator; LF or CRLF; a BOM at the very beginning is skipped; an empty
///   line is no row. With `quote: double` a field may be quoted and may then hold line ends; with
///   `none` a quote is a character like others.
/// - Errors: a row above `maxRow`, or a file that ends inside quotes: `protocolBroken`, by line.
package struct CSVReader: Sendable {
  package static let maxRow = 1 << 20

  private enum State: Sendable { case fieldStart, plain, quoted, quoteInQuoted }

  private let separator: UInt8
  private let isQuoting: Bool
  private let maxRow: Int
  private var row = CSVRow()
  private var state = State.fieldStart
  private var isAfterCR = false
  /// Bytes of a BOM still to be skipped, where the reading begins at the beginning.
  private var mark: Int
  private var offset: UInt64
  private var start: UInt64
  private var line = 1

  /// - Parameter offset: where in the file the first pushed byte stands: the `end` of some row.
  package init(
    separator: UInt8, quote: CSVSettings.Quote, offset: UInt64 = 0, maxRow: Int = CSVReader.maxRow
  ) {
    self.separator = separator
    self.isQuoting = quote == .double
    self.maxRow = maxRow
    self.offset = offset
    self.start = offset
    mark = offset == 0 ? 0 : 3
  }

  /// Takes the next bytes of the file and hands over each row that they complete.
  package mutating func push(
    _ bytes: ArraySlice<UInt8>, _ emit: (CSVRow) throws(SyncError) -> Void
  ) throws(SyncError) {
    try bytes.withUnsafeBufferPointer { buffer throws(SyncError) in try takeAll(buffer, emit) }
  }

  /// Runs of ordinary characters go in one step: most of a file is that.
  private mutating func takeAll(
    _ bytes: UnsafeBufferPointer<UInt8>, _ emit: (CSVRow) throws(SyncError) -> Void
  ) throws(SyncError) {
    var place = 0
    while place < bytes.count {
      var end = place
      if mark == 3, !isAfterCR, state == .plain || state == .fieldStart {
        while end < bytes.count, isOrdinary(bytes[end]) { end += 1 }
      }
      guard end > place else {
        try takeNext(bytes[place], emit)
        place += 1
        continue
      }
      row.add(bytes[place..<end])
      offset += UInt64(end - place)
      state = .plain
      place = end
      try bound()
    }
  }

  private func isOrdinary(_ byte: UInt8) -> Bool {
    byte != separator && byte != 0x0A && byte != 0x0D && byte != 0x22
  }

  private mutating func takeNext(
    _ byte: UInt8, _ emit: (CSVRow) throws(SyncError) -> Void
  ) throws(SyncError) {
    offset += 1
    if mark < 3 {
      if byte == CSVReader.byteOrderMark[mark] {
        mark += 1
        if mark == 3 { start = offset }
        return
      }
      let begun = CSVReader.byteOrderMark[..<mark]
      mark = 3
      for byte in begun { try take(byte, emit) }
    }
    try take(byte, emit)
  }

  /// Ends the file; a last row without a line end is handed over too.
  package mutating func finish(_ emit: (CSVRow) throws(SyncError) -> Void) throws(SyncError) {
    if state == .quoted {
      throw SyncError(.protocolBroken, "read line \(line)", "the file ends inside a quoted field")
    }
    settleCR()
    if isRowBegun { try endRow(emit) }
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private var isRowBegun: Bool { state != .fieldStart || !row.isBlank }

  private mutating func take(
    _ byte: UInt8, _ emit: (CSVRow) throws(SyncError) -> Void
  ) throws(SyncError) {
    if byte == 0x0A { line += 1 }
    if state == .quoted {
      if byte == 0x22 { state = .quoteInQuoted } else { try add(byte) }
      return
    }
    if byte == 0x0A {
      isAfterCR = false
      if isRowBegun { try endRow(emit) }
      start = offset
      return
    }
    settleCR()
    if byte == separator {
      row.endField()
      state = .fieldStart
      try bound()
    } else if byte == 0x0D {
      isAfterCR = true
    } else if byte == 0x22 && isQuoting && state == .fieldStart {
      state = .quoted
    } else if byte == 0x22 && state == .quoteInQuoted {
      try add(byte)
      state = .quoted
    } else {
      try add(byte)
      state = .plain
    }
  }

  /// A CR that no LF followed is a character.
  private mutating func settleCR() {
    guard isAfterCR else { return }
    isAfterCR = false
    row.add(0x0D)
    state = .plain
  }

  private mutating func add(_ byte: UInt8) throws(SyncError) {
    row.add(byte)
    try bound()
  }

  private func bound() throws(SyncError) {
    guard offset - start > UInt64(maxRow) else { return }
    throw SyncError(
      .protocolBroken, "read line \(line)", "the row is longer than \(maxRow) bytes")
  }

  private mutating func endRow(_ emit: (CSVRow) throws(SyncError) -> Void) throws(SyncError) {
    row.endField()
    row.start = start
    row.end = offset
    state = .fieldStart
    defer { row.removeAll() }
    try emit(row)
  }
}

/// One row of a file: its fields, unquoted, and where in the file it stands.
package struct CSVRow: Sendable {
  /// Bytes of the file before this row.
  package fileprivate(set) var start: UInt64 = 0
  /// Bytes of the file up to the end of this row: where a later reading goes on.
  package fileprivate(set) var end: UInt64 = 0
  private var bytes: [UInt8] = []
  private var ends: [Int] = []

  package var count: Int { ends.count }

  package subscript(field: Int) -> ArraySlice<UInt8> {
    bytes[(field == 0 ? 0 : ends[field - 1])..<ends[field]]
  }

  package func text(_ field: Int) -> String { String(decoding: self[field], as: UTF8.self) }

  package var texts: [String] { ends.indices.map(text) }

  fileprivate var isBlank: Bool { ends.isEmpty && bytes.isEmpty }
  fileprivate mutating func add(_ byte: UInt8) { bytes.append(byte) }
  fileprivate mutating func add(_ some: Slice<UnsafeBufferPointer<UInt8>>) {
    bytes.append(contentsOf: some)
  }
  fileprivate mutating func endField() { ends.append(bytes.count) }
  fileprivate mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }
}
