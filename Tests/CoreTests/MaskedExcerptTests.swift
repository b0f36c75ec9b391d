import Core
import Testing

@Suite("Foreign text is masked before it is kept")
struct MaskedExcerptTests {
  @Test(
    "Values go, words of messages and codes stay",
    arguments: [
      ("RST-360011 An error has occurred.", "RST-360011 An error has occurred."),
      ("The value 'O'Brien' is bad", "The value '…' is bad"),
      ("of the 'nms:recipient:gender' enumeration", "of the 'nms:recipient:gender' enumeration"),
      ("'name' parameter isn't defined", "'…' parameter isn't defined"),
      ("Key (sid)=(6f1c-aa Okafor) already exists.", "Key (sid)=(…) already exists."),
      ("sent to lina.okafor@example.org again", "sent to … again"),
      (
        "to integer (8 bit) type (BAS-010011 Invalid value).",
        "to integer (# bit) type (BAS-010011 Invalid value)."
      ),
      ("id 6f1c0e0e-2b5d-ee11 and 42.", "id # and #."),
      ("no\n\n  such\u{0}row", "no such row"),
      ("never closed 'Lina Okafor", "never closed '…'"),
      ("ends with '", "… with '…'"),
      ("", ""),
    ])
  func masks(_ text: String, _ expected: String) {
    #expect(maskedExcerpt(text.utf8) == expected)
  }

  /// Each of these hides `Secretname` where a mask may look for the end of the value too early.
  @Test(
    "No quote, bracket or line end inside a value brings the value to light",
    arguments: [
      (
        "RST-360011 An error\nThe value 'D' Angelo Secretname' is not valid for the"
          + " 'nms:recipient:gender' enumeration",
        "RST-360011 An error The value '…' …' is not valid for the 'nms:recipient:gender' enumeration"
      ),
      (
        "PGS-220000 PostgreSQL error: ERROR:  duplicate key value violates unique constraint"
          + " \"cusaccount_name\" DETAIL:  Key (sname)=(Muster (Holding) Secretname GmbH) already"
          + " exists.",
        "PGS-220000 PostgreSQL error: ERROR: duplicate key value violates unique constraint '…'"
          + " DETAIL: Key (sname)=(…) already exists."
      ),
      ("Key (sname)=(Muster :) Secretname) already exists.", "Key (sname)=(…) …) already exists."),
      ("Key (sname)=(Muster (Secretname GmbH) already exists.", "Key (sname)=(…) already exists."),
      ("Key (sa, ib)=(Secretname, 7) already exists.", "Key (sa, ib)=(…) already exists."),
      ("Key (Secretname)=(x) already exists.", "Key (…)=(…) already exists."),
      ("Key (sa)=(x) Key (secretname)=(y) exists.", "Key (sa)=(…) Key (…)=(…) exists."),
      (
        "ERROR: null value in column. Failing row contains (Secretname, Hidden town, 12, null).",
        "ERROR: null value in column. Failing row contains (…)."
      ),
      ("Failing row contains (Secretname, the key", "Failing row contains (…)"),
      ("The value '' Secretname '' is not valid", "The value '…' … '…' is not valid"),
      ("The value \"5\" or Secretname\" is not valid", "The value '…' or …\" is not valid"),
      ("The value «Secretname» is wrong", "The value '…' is wrong"),
      ("Cannot convert Secretname of Hidden to integer", "Cannot convert … of … to integer"),
      ("Cannot convert Secretname, Hidden; Town to text", "Cannot convert … to text"),
      ("name=Secretname", "name=…"),
      ("no 🦊 or Şecretname", "no … or …"),
      ("(((((((Secretname)))))))", "(…)"),
      ("ABC-123456 is unknown", "# is unknown"),
    ])
  func staysDark(_ text: String, _ expected: String) {
    #expect(maskedExcerpt(text.utf8) == expected)
  }

  @Test("Whatever stands around a value, it stays dark", arguments: UInt64(1)...300)
  func anyMarks(seed: UInt64) {
    var state = seed
    func next(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    let marks = ["'", "\"", "(", ")", "=", "=(", " ", ", ", "\n", ".", "«", "»", "Key (", "the "]
    var text = "The value '"
    for _ in 0..<12 {
      text += marks[next(marks.count)]
      if next(3) == 0 { text += "Secretname" }
    }
    let excerpt = maskedExcerpt(text.utf8)
    #expect(!excerpt.lowercased().contains("secretname"), "\(text)")
  }

  @Test("Long text is cut to 200 characters")
  func cuts() {
    let excerpt = maskedExcerpt(String(repeating: "value ", count: 5000).utf8)
    #expect(excerpt.count == 200)
    #expect(excerpt.hasSuffix("…"))
  }

  @Test("Bytes that are no UTF-8 do no harm")
  func notUTF8() {
    #expect(maskedExcerpt([0x61, 0x20, 0xFF, 0x62]).hasPrefix("a "))
  }
}
