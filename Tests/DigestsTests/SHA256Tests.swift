import Digests
import Testing

@Suite struct SHA256Tests {
  /// FIPS 180-4 examples.
  static let vectors: [(String, String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ]

  @Test(arguments: vectors)
  func givesThePublishedDigest(_ text: String, _ expected: String) {
    #expect(SHA256.hex(of: Array(text.utf8)) == expected)
  }

  @Test func inPiecesIsInOneGo() {
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let digest = SHA256()
    for start in stride(from: 0, to: bytes.count, by: 777) {
      digest.update(Array(bytes[start..<min(start + 777, bytes.count)]))
    }
    #expect(digest.finish() == SHA256.digest(bytes))
  }

  @Test func finishingBeginsAnew() {
    let digest = SHA256()
    digest.update([1, 2, 3])
    _ = digest.finish()
    digest.update(Array("abc".utf8))
    #expect(digest.finish() == SHA256.digest(Array("abc".utf8)))
  }
}
