import Testing

@testable import JobFiles

struct DocumentTests {
  @Test("YAML scalars are read as written")
  func scalarsAreReadAsWritten() throws {
    let settings = try ingress(
      least
        + """
        import: { workflow: WKF1, signal: s, parameters: { a: 1.0, b: NO, c: 0x1, d: ~, e: 2026-01-01 } }
        """.replacing("import", with: "# import")
        + "\n")
    #expect(settings.fields.count == 1)
    let replaced = try ingress(
      least.replacing(
        "to: email",
        with: "to: email, replace: { NO: 1.0, 1.0: NO, 0x1: 1e3, 1e3: 0x1, ~: null, true: yes, "
          + "2026-01-01: 0777, '': .5 }"))
    #expect(
      replaced.fields[0].replace == [
        "NO": "1.0", "1.0": "NO", "0x1": "1e3", "1e3": "0x1", "~": "null", "true": "yes",
        "2026-01-01": "0777", "": ".5",
      ])
  }

  @Test func aByteOrderMarkAndWindowsLineEndsAreTaken() throws {
    let text = "\u{FEFF}" + least.replacing("\n", with: "\r\n")
    #expect(try ingress(text).fields.map(\.to) == ["email"])
  }

  @Test func bytesThatAreNoUTF8AreRefused() {
    let bytes = Array((least + "# caf").utf8) + [0xE9, 0x0A]
    let found = problems(String(decoding: bytes, as: UTF8.self))
    #expect(
      found.map(\.line) == [
        "jobs/contacts.yaml:7:6: holds bytes that are no UTF-8; save the file as UTF-8"
      ])
  }

  @Test func controlCharactersAreRefused() {
    let found = problems(least + "# a\n# b \u{7}\n")
    #expect(found.map(\.line) == ["jobs/contacts.yaml:8:5: holds a control character"])
  }

  @Test func aFileAboveOneMebibyteIsRefused() {
    let line = "# " + String(repeating: "x", count: 1021) + "\n"
    #expect(problems(least + String(repeating: line, count: 1000)).isEmpty)
    let found = problems(least + String(repeating: line, count: 1025))
    #expect(
      found.map(\.line) == ["jobs/contacts.yaml:1:1: is larger than 1 MiB; no job file is"])
  }

  @Test("However deep a file goes, it ends in words", arguments: ["[", "{a: ", "- ", "? "])
  func depthIsBounded(opening: String) {
    for depth in [100, 900, 100_000] {
      #expect(
        !problems("kind: ingress\nx: \n  " + String(repeating: opening, count: depth)).isEmpty)
    }
  }

  @Test func deepNestingThatIsClosedIsOneUnknownKey() {
    let nested = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
    #expect(problems(least + "x: " + nested + "\n").map(\.path) == ["x"])
  }

  @Test func aBillionLaughsIsRefusedAtItsFirstAnchor() {
    var text = "a0: &a0 [x, x]\n"
    for level in 1...60 {
      text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
    }
    let found = problems(text)
    #expect(found.count == 1)
    #expect(found.first?.says.contains("anchor") == true)
    #expect(found.first?.position.line == 1)
  }

  @Test func columnsCountCharacters() {
    let found = problems(least + "csv: { \"é😀\": 1 }\n")
    #expect(found.first?.position.line == 7)
    #expect(found.first?.position.column == 8)
    #expect(found.first?.path == "csv.é😀")
  }
}
