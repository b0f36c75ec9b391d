import Core
import Testing

@Suite("Foreign text is masked before it is kept")
struct MaskedExcerptTests {
  @Test(
    "Values go, words and codes stay",
    arguments: [
      ("RST-360011 An error has occurred.", "RST-360011 An error has occurred."),
      ("The value 'O'Brien' is bad", "The value '…' is bad"),
      ("of the 'nms:recipient:gender' enumeration", "of the 'nms:recipient:gender' enumeration"),
      ("'name' parameter isn't defined", "'…' parameter isn't defined"),
      ("Key (sid)=(6f1c-aa Okafor) already exists.", "Key (sid)=(…) already exists."),
      ("mail to lina.okafor@example.org now", "mail to … now"),
      (
        "to integer (8 bit) type (BAS-010011 Invalid value).",
        "to integer (# bit) type (BAS-010011 Invalid value)."
      ),
      ("guid 6f1c0e0e-2b5d-ee11 and 42", "guid # and #"),
      ("two\n\n  lines\u{0}here", "two lines here"),
      ("never closed 'Lina Okafor", "never closed '…'"),
      ("ends with '", "ends with '…'"),
      ("", ""),
    ])
  func masks(_ text: String, _ expected: String) {
    #expect(maskedExcerpt(text.utf8) == expected)
  }

  @Test("Long text is cut to 200 characters")
  func cuts() {
    let excerpt = maskedExcerpt(String(repeating: "word ", count: 5000).utf8)
    #expect(excerpt.count == 200)
    #expect(excerpt.hasSuffix("…"))
  }

  @Test("Bytes that are no UTF-8 do no harm")
  func notUTF8() {
    #expect(maskedExcerpt([0x61, 0xFF, 0x62]).hasPrefix("a"))
  }
}
