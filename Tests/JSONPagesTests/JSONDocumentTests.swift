import Core
import JSONPages
import Testing

struct JSONDocumentTests {
  private func parse(_ text: String) throws -> JSONValue {
    try JSONDocument.parse(Array(text.utf8))
  }

  @Test("Numbers keep their text and members their order, a later namesake wins")
  func textAndOrder() throws {
    let text = #"{"b":0.1000,"a":[1,-2.50e3,123456789012345678901234567890],"b":"last"}"#
    let value = try parse(text)
    #expect(value.members?.map(\.name) == ["b", "a", "b"])
    #expect(value["b"] == "last")
    let numbers: [JSONValue] = [
      .number("1"), .number("-2.50e3"), .number("123456789012345678901234567890"),
    ]
    #expect(value["a"] == .array(numbers))
    #expect(value.members?.first?.value == .number("0.1000"))
  }

  @Test("Strings are unescaped, names too")
  func unescapes() throws {
    let value = try parse(##"{"\u0061\n":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é😀","x":""}"##)
    #expect(value["a\n"]?.text == "\"\\/\u{8}\u{c}\n\r\té😀é😀")
    #expect(value["x"] == "")
  }

  @Test("A byte order mark, blanks and empty containers are fine")
  func blanks() throws {
    let marked = try JSONDocument.parse(
      [0xEF, 0xBB, 0xBF] + Array(" {\"a\" : [ ] , \"b\":{}}\r\n".utf8))
    #expect(marked == ["a": [], "b": .object([])])
    #expect(try parse("[true,false,null]") == [true, false, .null])
  }

  @Test(
    "What is not one JSON object or array is a fault",
    arguments: [
      ("", .empty), ("  ", .empty), ("<html>gone</html>", .syntax), ("5", .syntax),
      ("\"text\"", .syntax), ("{\"a\":1", .cut), ("{\"a\":\"x", .cut), ("{} {}", .trailing),
      ("{\"a\":1}x", .cut), ("{\"a\":01}", .literal), ("{\"a\":tru}", .syntax),
      ("{\"a\":nul}", .syntax), ("{\"a\":1.}", .literal), ("{\"a\":\"\u{1}\"}", .string),
      ("{\"a\":\"\\ud800\"}", .string), ("{\"a\":\"\\udc00\"}", .string),
      ("{\"a\":\"\\ud800\\u0041\"}", .string), ("{\"a\":\"\\x\"}", .string),
      ("{\"a\":\"b\":1}", .syntax), ("{\"a\" 1}", .syntax), ("[1 2]", .syntax), ("[1,]", .syntax),
      ("{\"a\":1,}", .syntax), ("{,}", .syntax), ("[[[]}]", .syntax),
    ] as [(String, JSONFault.Code)])
  func faults(text: String, code: JSONFault.Code) {
    #expect { try parse(text) } throws: { error in
      guard let fault = error as? JSONFault else { return false }
      return fault.code == code && fault.offset <= text.utf8.count
    }
  }

  @Test("Invalid UTF-8 is a fault")
  func invalidUTF8() {
    #expect(throws: JSONFault.self) {
      try JSONDocument.parse(Array("{\"a\":\"".utf8) + [0xC3, 0x28, 0x22, 0x7D])
    }
  }

  @Test("Nesting is bounded")
  func depth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parse(nested(64))
    #expect(throws: JSONFault(.tooDeep, offset: 66)) { try parse(nested(65)) }
    #expect(throws: JSONFault.self) { try parse(nested(100_000)) }
  }
}
