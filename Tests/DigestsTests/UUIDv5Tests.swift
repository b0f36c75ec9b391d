import Core
import Digests
import Testing

@Suite struct UUIDv5Tests {
  /// RFC 9562, appendix A.4, and the ids Python's uuid module gives for the same names.
  static let vectors = [
    ("www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"),
    ("python.org", "886313e1-3b8a-5372-9b90-0c9aee199e5d"),
    ("", "4ebd0208-8328-5d69-8c44-ec50939c0967"),
  ]

  @Test(arguments: vectors)
  func givesThePublishedId(_ name: String, _ expected: String) throws {
    let namespace = try #require(RowKey("6ba7b810-9dad-11d1-80b4-00c04fd430c8"))
    #expect(uuidV5(namespace, name).description == expected)
  }
}
