import Core
import Testing

@Suite struct CSVReaderTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let rows: [[String]]
    var quote = CSVSettings.Quote.double
    var separator: Character = ";"
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "plain", text: "a;b\nc;d\n", rows: [["a", "b"], ["c", "d"]]),
    Case(name: "CRLF", text: "a;b\r\nc;d\r\n", rows: [["a", "b"], ["c", "d"]]),
    Case(name: "no line end at the end", text: "a;b\nc;d", rows: [["a", "b"], ["c", "d"]]),
    Case(name: "CR at the end", text: "a;b\r", rows: [["a", "b\r"]]),
    Case(name: "BOM", text: "\u{FEFF}a;b\n", rows: [["a", "b"]]),
    Case(name: "tab", text: "a\tb;c\n", rows: [["a", "b;c"]], separator: "\t"),
    Case(name: "comma", text: "a,b;c\n", rows: [["a", "b;c"]], separator: ","),
    Case(name: "empty fields", text: ";\n;;\n", rows: [["", ""], ["", "", ""]]),
    Case(name: "empty lines are no rows", text: "\n\r\na\n\n", rows: [["a"]]),
    Case(name: "a quoted empty field is a row", text: "\"\"\n", rows: [[""]]),
    Case(name: "quotes", text: "\"a;b\";\"say \"\"hi\"\"\"\n", rows: [["a;b", "say \"hi\""]]),
    Case(name: "line ends in quotes", text: "\"a\r\nb\";c\n", rows: [["a\r\nb", "c"]]),
    Case(name: "a quote in mid-field", text: "5'10\";x\n", rows: [["5'10\"", "x"]]),
    Case(name: "text after a quote", text: "\"a\"b;c\n", rows: [["ab", "c"]]),
    Case(name: "a CR in mid-field", text: "a\rb;c\n", rows: [["a\rb", "c"]]),
    Case(name: "quotes are characters", text: "\"a\";b\n", rows: [["\"a\"", "b"]], quote: .none),
    Case(name: "several bytes a character", text: "é;👩‍👩‍👧\n", rows: [["é", "👩‍👩‍👧"]]),
    Case(name: "nothing", text: "", rows: []),
  ]

  @Test(arguments: cases)
  func readsRowsHoweverTheBytesArrive(_ the: Case) throws {
    let bytes = Array(the.text.utf8)
    for size in 1...max(1, bytes.count) {
      #expect(try read(bytes, the, size).map(\.texts) == the.rows, "in blocks of \(size)")
    }
  }

  @Test(arguments: cases)
  func goesOnAfterAnyRow(_ the: Case) throws {
    let bytes = Array(the.text.utf8)
    let rows = try read(bytes, the, 4)
    for (index, row) in rows.enumerated() {
      var reader = CSVReader(
        separator: the.separator.asciiValue ?? 0, quote: the.quote, offset: row.end)
      var rest: [CSVRow] = []
      try reader.push(bytes[Int(row.end)...]) { rest.append($0) }
      try reader.finish { rest.append($0) }
      #expect(rest.map(\.texts) == Array(the.rows[(index + 1)...]))
      #expect(rest.last?.end ?? row.end == rows.last?.end)
    }
  }

  @Test func tellsWhereEachRowStands() throws {
    let rows = try read(Array("\u{FEFF}ab;c\r\n\n\"x\ny\"\n".utf8), Self.cases[0], 3)
    #expect(rows.map(\.start) == [3, 10])
    #expect(rows.map(\.end) == [9, 16])
  }

  @Test func aBeginningThatOnlyLooksLikeABOMIsText() throws {
    let rows = try read([0xEF, 0xBB, 0x61, 0x0A], Self.cases[0], 1)
    #expect(rows.map { Array($0[0]) } == [[0xEF, 0xBB, 0x61]])
  }

  @Test func refusesARowAboveTheBound() {
    var reader = CSVReader(separator: 0x3B, quote: .double, maxRow: 8)
    let error = #expect(throws: SyncError.self) {
      try reader.push(Array("a;b\n\"12345678901".utf8)[...]) { _ in }
    }
    #expect(error?.kind == .protocolBroken)
    #expect(error?.action == "read line 2")
  }

  @Test func refusesAFileThatEndsInsideQuotes() {
    var reader = CSVReader(separator: 0x3B, quote: .double)
    #expect(throws: SyncError.self) {
      try reader.push(Array("a;\"b\n".utf8)[...]) { _ in }
      try reader.finish { _ in }
    }
  }

  private func read(_ bytes: [UInt8], _ the: Case, _ size: Int) throws -> [CSVRow] {
    var reader = CSVReader(separator: the.separator.asciiValue ?? 0, quote: the.quote)
    var rows: [CSVRow] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      try reader.push(bytes[start..<min(start + size, bytes.count)]) { rows.append($0) }
    }
    try reader.finish { rows.append($0) }
    return rows
  }
}
