import Core
import Digests
import Testing

@Suite struct RowDigesterTests {
  /// RFC 4231, test cases 1, 2 and 6.
  static let vectors: [(key: [UInt8], text: String, expected: String)] = [
    (
      [UInt8](repeating: 0x0B, count: 20), "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    ),
    (
      Array("Jefe".utf8), "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    ),
    (
      [UInt8](repeating: 0xAA, count: 131),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    ),
  ]

  @Test(arguments: vectors)
  func givesThePublishedCodeAgainAndAgain(_ key: [UInt8], _ text: String, _ expected: String) {
    let digester = RowDigester(key: key)
    for _ in 0..<3 { #expect(hexadecimal(digester.code(Array(text.utf8))) == expected) }
  }

  @Test func theDigestIsTheFirstHalfOfTheCode() {
    let digester = RowDigester(key: Array("Jefe".utf8))
    #expect(
      digester.digest(Array("what do ya want for nothing?".utf8))
        == RowDigest(high: 0x5bdc_c146_bf60_754e, low: 0x6a04_2426_0895_75c7))
    #expect(digester.digest([]) == digester.digest([]))
  }

  @Test func anotherKeyGivesAnotherDigest() {
    let row = Array("Ada;Lovelace".utf8)
    #expect(RowDigester(key: [1]).digest(row) != RowDigester(key: [2]).digest(row))
  }
}
