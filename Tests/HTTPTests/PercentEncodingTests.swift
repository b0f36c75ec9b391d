import Testing

@testable import HTTP

struct PercentEncodingTests {
  @Test(
    "Only unreserved characters stay",
    arguments: [
      ("aZ09-._~", "aZ09-._~"), ("a b+c", "a%20b%2Bc"),
      ("https://x/.default", "https%3A%2F%2Fx%2F.default"),
      ("é😀", "%C3%A9%F0%9F%98%80"), ("%\n", "%25%0A"), ("", ""),
    ])
  func encodes(text: String, encoded: String) {
    #expect(PercentEncoding.encode(text) == encoded)
  }

  @Test("A form keeps its order")
  func writesForms() {
    let form = PercentEncoding.form([("grant_type", "client_credentials"), ("s p", "a&b=c")])
    #expect(form == Array("grant_type=client_credentials&s%20p=a%26b%3Dc".utf8))
  }

  @Test("Quotes of an OData text are doubled, also before a combining mark")
  func writesODataText() {
    #expect(PercentEncoding.odataText("O'Hara") == "%27O%27%27Hara%27")
    #expect(PercentEncoding.odataText("'\u{301}") == "%27%27%27%CC%81%27")
  }
}
