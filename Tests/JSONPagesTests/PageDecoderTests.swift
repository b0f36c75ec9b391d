import Core
import JSONPages
import Testing

/// The cells of a row as a reader would write them.
private func texts(_ page: Page, _ row: Int) -> [String] {
  (0..<page.columns).map { column in
    let cell = page[row, column]
    return switch cell.kind {
    case .text: "'" + String(decoding: page.bytes(of: cell), as: UTF8.self) + "'"
    case .number, .json: String(decoding: page.bytes(of: cell), as: UTF8.self)
    default: "\(cell.kind)"
    }
  }
}

struct PageDecoderTests {
  private let decoder = PageDecoder(columns: ["contactid", "name", "amount", "flag"])
  private func decode(_ text: String) throws -> Page { try decoder.decode(Array(text.utf8)) }

  @Test("Cells follow the columns asked for, whatever the order of the row")
  func columnsInOrder() throws {
    let page = try decode(
      #"""
      {"@odata.context":"x","value":[
       {"@odata.etag":"W/\"1\"","contactid":"a","amount":0.1000,"name":"n","flag":true},
       {"flag":false,"extra":{"deep":[1,{"name":"no"}]},"name":null,"contactid":"b"},
       {"contactid":"c","name":{"a":[1, "x"]},"amount":123456789012345678901234567890 ,"flag":[ ]},
       {}]}
      """#)
    #expect(page.rows == 4)
    #expect(texts(page, 0) == ["'a'", "'n'", "0.1000", "yes"])
    #expect(texts(page, 1) == ["'b'", "null", "missing", "no"])
    #expect(
      texts(page, 2) == ["'c'", #"{"a":[1, "x"]}"#, "123456789012345678901234567890", "[ ]"])
    #expect(texts(page, 3) == ["missing", "missing", "missing", "missing"])
    #expect(page.removed.isEmpty && page.next == nil && page.delta == nil)
  }

  @Test(
    "A string is delivered as the bytes it means",
    arguments: [
      (#"plain"#, "plain"), ("", ""), (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
      (#"\u00e9\ud83d\ude00"#, "é😀"), ("é😀 שלום", "é😀 שלום"),
      (#"a\r\nb\u2028c"#, "a\r\nb\u{2028}c"),
      ("x\u{2028}y", "x\u{2028}y"), (#"\\"#, "\\"), (#"ends with \\"#, "ends with \\"),
      (#"\u0000"#, "\u{0}"), (#"{\"value\":[]}"#, #"{"value":[]}"#),
      ("=cmd()|' ;\t".filter { $0 != "\t" }, "=cmd()|' ;"),
    ])
  func strings(raw: String, meant: String) throws {
    let page = try decode(#"{"value":[{"contactid":"k","name":"\#(raw)","flag":true}]}"#)
    #expect(Array(page.bytes(of: page[0, 1])) == Array(meant.utf8))
    #expect(page[0, 3].kind == .yes)
  }

  @Test(
    "Numbers keep their digits", arguments: ["0.1000", "-1.50e3", "0", "-0", "1E+2", "60871.0"])
  func numbers(token: String) throws {
    let page = try decode(#"{"value":[{"amount": \#(token) }]}"#)
    #expect(texts(page, 0)[2] == token)
  }

  @Test("Links are found before the rows and behind them")
  func links() throws {
    let before = try decode(#"{"@odata.nextLink":"https:\/\/h\/a?x=%3C\u0026y","value":[]}"#)
    #expect(before.next == "https://h/a?x=%3C&y")
    let after = try decode(#"{"value":[{"contactid":"k"}],"@odata.deltaLink":"https://h/d!1"}"#)
    #expect(after.delta == "https://h/d!1" && after.next == nil && after.rows == 1)
    let null = try decode(#"{"value":[],"@odata.nextLink":null}"#)
    #expect(null.next == nil)
  }

  @Test("Deleted items are ids, not rows")
  func deletions() throws {
    let id = "2e451703-c3c5-ee11-9079-000d3a4b9f02"
    let page = try decode(
      #"""
      {"value":[{"contactid":"k","name":"n"},
      {"@odata.context":"https://h/$metadata#contacts/$deletedEntity","id":"\#(id)","reason":"deleted"},
      {"id":"\#(id.uppercased())","reason":"deleted"},
      {"@odata.context":"https://h/$metadata#contacts/$entity","contactid":"m"}]}
      """#)
    #expect(page.removed.map(\.description) == [id, id])
    #expect(texts(page, 0)[0] == "'k'" && texts(page, 1)[0] == "'m'" && page.rows == 2)
    #expect(throws: JSONFault.self) { try decode(#"{"value":[{"reason":"deleted"}]}"#) }
    #expect(throws: JSONFault.self) { try decode(#"{"value":[{"reason":"deleted","id":"x"}]}"#) }
  }

  @Test("A column may be called reason or id")
  func columnsWithReservedNames() throws {
    let body =
      #"{"value":[{"id":"k","reason":"sold"},{"id":"2e451703-c3c5-ee11-9079-000d3a4b9f02","@odata.context":"#
      + #""x/$deletedEntity","reason":"deleted"}]}"#
    let page = try PageDecoder(columns: ["id", "reason"]).decode(Array(body.utf8))
    #expect(page.rows == 1 && texts(page, 0) == ["'k'", "'sold'"])
    #expect(page.removed.count == 1)
  }

  @Test("Of names that come twice the last wins, for cells, links and the rows")
  func duplicates() throws {
    let page = try decode(
      #"{"@odata.nextLink":"a","value":[{"name":"x"},{}],"value":[{"name":"a","name":"b"}],"#
        + #""@odata.nextLink":"b"}"#)
    #expect(page.rows == 1 && texts(page, 0)[1] == "'b'" && page.next == "b")
  }

  @Test(
    "A body that is not a whole page is a fault",
    arguments: [
      ("", .empty), ("<html><body>502</body></html>", .syntax), ("{}", .noValue),
      (#"{"error":{"code":"0x0","message":"m"}}"#, .noValue), (#"{"value":{}}"#, .noValue),
      (#"{"value":null}"#, .noValue), (#"{"value":[1]}"#, .syntax), ("[]", .syntax),
      (#"{"value":[{"name":"a"}"#, .syntax), (#"{"value":[{"name":"a"},"#, .cut),
      (#"{"value":[{"name":"a"#, .cut), (#"{"value":[{"name":"a"}]"#, .cut),
      (#"{"value":[]} "#, nil), (#"{"value":[]}{"value":[]}"#, .trailing),
      (#"{"value":[{"name":"\ud800"}]}"#, .string), (#"{"value":[{"name":"\udc00"}]}"#, .string),
      (#"{"value":[{"name":"\ud83dx"}]}"#, .string), (#"{"value":[{"amount":01}]}"#, .literal),
      (#"{"value":[{"name":"a":"b"}]}"#, .syntax), (#"{"value":[{"name" "b"}]}"#, .syntax),
      (#"{"value":[{"flag":True}]}"#, .syntax), (#"{"value":[],"@odata.nextLink":5}"#, .badLink),
      ("{\"value\":[{\"name\":\"a\nb\"}]}", .string),
    ] as [(String, JSONFault.Code?)])
  func faults(text: String, code: JSONFault.Code?) throws {
    do {
      _ = try decode(text)
      #expect(code == nil)
    } catch let fault as JSONFault {
      #expect(fault.code == code && fault.offset <= text.utf8.count)
    }
  }

  @Test("A page cut at any byte is never taken for a page")
  func cutAnywhere() throws {
    let whole =
      Array(
        #"{"@odata.context":"c","value":[{"contactid":"k","name":"a\nb","amount":1.50,"flag":true},"#
          .utf8)
      + Array(#"{"contactid":"m"}],"@odata.nextLink":"https://h/n"}"#.utf8)
    _ = try decoder.decode(whole)
    for length in 0..<whole.count {
      #expect(throws: JSONFault.self, "\(length)") { try decoder.decode(Array(whole[..<length])) }
    }
  }

  @Test("A decoder goes on after a fault, and larger pages grow it")
  func reuse() throws {
    #expect(throws: JSONFault.self) { try decode("{") }
    let row = #"{"contactid":"k","name":"\u00e9","amount":1}"#
    for count in [1, 3000, 2] {
      let page = try decode(
        #"{"value":["# + Array(repeating: row, count: count).joined(separator: ",") + "]}")
      #expect(page.rows == count)
      #expect(texts(page, count - 1) == ["'k'", "'é'", "1", "missing"])
    }
    let small = PageDecoder(columns: ["contactid"], maxRows: 2)
    #expect(throws: JSONFault.self) { try small.decode(Array(#"{"value":[{},{},{}]}"#.utf8)) }
  }

  @Test("A byte order mark shifts nothing, invalid UTF-8 is a fault")
  func encodings() throws {
    let body = Array(#"{"value":[{"name":"é\n"}]}"#.utf8)
    let page = try decoder.decode([0xEF, 0xBB, 0xBF] + body)
    #expect(texts(page, 0)[1] == "'é\n'")
    let broken = body.map { $0 == 0xA9 ? 0x28 : $0 }
    #expect(throws: JSONFault.self) { try decoder.decode(broken) }
  }
}
