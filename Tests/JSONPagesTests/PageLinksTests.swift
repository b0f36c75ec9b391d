import Core
import JSONPages
import Testing

struct PageLinksTests {
  private static let evil = #"\"@odata.nextLink\":\"http://evil\"}"#

  @Test(
    "The links found early are those of the page",
    arguments: [
      #"{"value":[]}"#,
      #"{"@odata.context":"c","@odata.nextLink":"https://h/n?a=%3C","value":[{"a":1}]}"#,
      #"{"@odata.context":"c","value":[{"a":1}],"@odata.nextLink":"https://h/n"}"#,
      #" { "value" : [ {"a":1} ] , "@odata.count" : 5 , "@odata.deltaLink" : "https:\/\/h\/d\u0026" } "#,
      #"{"@odata.deltaLink":"a","value":[],"@odata.deltaLink":"b"}"#,
      #"{"value":[{"memo":"\#(evil)"}]}"#,
      #"{"value":[{"memo":"x"},{"memo":"\#(evil)"}],"@odata.nextLink":"https://h/n"}"#,
      #"{"memo":"\#(evil)","value":[],"t":true,"n":-1.5e3,"z":null}"#,
      #"{"value":[{"@odata.nextLink":"http://evil"}]}"#,
      #"{"value":[{"x@odata.nextLink":"http://evil"}],"@odata.deltaLink":"ends with \\"}"#,
      #"{"value":["\\\"@odata.nextLink\":\"http://evil\""],"@odata.deltaLink":"q\"uote"}"#,
      #"{"value":[],"@odata.nextLink":null}"#,
    ])
  func sameAsDecoded(text: String) throws {
    let early = PageDecoder.links(in: Array(text.utf8))
    guard let page = try? PageDecoder(columns: ["a"]).decode(Array(text.utf8)) else { return }
    #expect(early.next == page.next)
    #expect(early.delta == page.delta)
  }

  @Test("A page that is not one has no links, and does no harm")
  func notPages() {
    for text in ["", "{", "}", "\"", "\"}", "{\"", "<html>", "[]", "{\"a\\", "\\\"}", "{\"a\":\"b"]
    {
      let links = PageDecoder.links(in: Array(text.utf8))
      #expect(links.next == nil && links.delta == nil, "\(text)")
    }
  }
}
