import Testing

@testable import Sandbox

@Suite("Load file's reader")
struct RecordReaderTests {
  static let cases: [(text: String, isQuoted: Bool, rows: [[String]])] = [
    ("a;b\nc;d\n", true, [["a", "b"], ["c", "d"]]), ("a;b", true, [["a", "b"]]),
    ("a;b\r\nc;\r\n", true, [["a", "b"], ["c", ""]]), ("\u{FEFF}a;b\n", true, [["a", "b"]]),
    ("\"a;\"\"b\"\"\";\"c\nd\"\n", true, [["a;\"b\"", "c\nd"]]),
    ("\"a\r\";\"\"\n", true, [["a\r", ""]]), ("\"a\r\n\"\r\nb\n", true, [["a\r\n"], ["b"]]),
    ("a\"b;\"c\n", false, [["a\"b", "\"c"]]), ("a\"b;c\n", true, [["a\"b", "c"]]),
    ("a\n\n\nb\n", true, [["a"], ["b"]]), (";\n", true, [["", ""]]), ("", true, []),
    ("\"a\"", true, [["a"]]),
  ]

  @Test("Records are the same however the file is cut", arguments: cases)
  func reads(text: String, isQuoted: Bool, rows: [[String]]) {
    for size in 1...5 {
      var reader = RecordReader(separator: 0x3B, isQuoted: isQuoted)
      var found: [RecordReader.Record] = []
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        found += reader.feed(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      found += reader.finish()
      #expect(found.map { $0.fields.map { String(decoding: $0, as: UTF8.self) } } == rows)
    }
  }

  @Test("Line numbers are those of the file")
  func lines() {
    var reader = RecordReader(separator: 0x3B, isQuoted: true)
    let records = reader.feed(Array("a\n\"b\nc\"\nd\n".utf8))
    #expect(records.map(\.line) == [1, 2, 4])
  }
}
