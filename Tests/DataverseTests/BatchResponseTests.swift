import HTTP
import Testing

@testable import Dataverse

@Suite struct BatchResponseTests {
  private func answer(_ body: String, type: String = "multipart/mixed; boundary=a_1")
    -> HTTPResponse
  {
    HTTPResponse(
      200, headers: [HTTPHeader("Content-Type", type)],
      body: Array(body.replacing("\n", with: "\r\n").utf8))
  }

  private let two = """
    --a_1
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 204 No Content
    OData-Version: 4.0
    OData-EntityId: https://contoso.crm4.dynamics.com/api/data/v9.2/tasks(1)


    --a_1
    Content-Type: application/http
    Content-Transfer-Encoding: binary

    HTTP/1.1 412 Precondition Failed
    Retry-After: 7
    Content-Type: application/json; odata.metadata=minimal

    {"error":{"code":"0x80040237","message":"--a_1 is no boundary here"}}
    --a_1--

    """

  @Test("Each part is an answer, in their order")
  func parts() throws {
    let parts = try #require(BatchResponse.parts(of: answer(two)))
    #expect(parts.map(\.status) == [204, 412])
    #expect(parts[0].body.isEmpty)
    #expect(parts[1]["retry-after"] == "7")
    #expect(parts[1].body.first == 0x7B && parts[1].body.last == 0x7D)
  }

  @Test(
    "The boundary is read quoted, and beside other options",
    arguments: [
      "multipart/mixed; boundary=\"a_1\"", "Multipart/Mixed;charset=utf-8; Boundary=a_1",
      "multipart/mixed;boundary=a_1; odata=x",
    ])
  func boundary(type: String) {
    #expect(BatchResponse.parts(of: answer(two, type: type))?.count == 2)
  }

  @Test(
    "What is torn, or no multipart at all, has no parts",
    arguments: [
      ("", "application/json"), ("{}", "application/json"), ("", "multipart/mixed; boundary=a_1"),
      ("--a_1\n\nHTTP/1.1 204 No Content\n\n\n", "multipart/mixed; boundary=a_1"),
      ("--a_1\n\nrubbish\n\n--a_1--\n", "multipart/mixed; boundary=a_1"),
      ("--a_1\n\nHTTP/1.1 204 No Content\n\n--a_1--\n", "multipart/mixed"),
    ])
  func torn(body: String, type: String) {
    #expect(BatchResponse.parts(of: answer(body, type: type)) == nil)
  }

  @Test("An answer that ended at its first error has fewer parts")
  func ended() throws {
    let first = two.prefix(upTo: try #require(two.range(of: "--a_1\nContent", options: 1)))
    #expect(BatchResponse.parts(of: answer(first + "--a_1--\n"))?.count == 1)
  }
}

extension String {
  /// Where a text is found for the second time, counting from zero.
  fileprivate func range(of text: String, options number: Int) -> String.Index? {
    ranges(of: text).dropFirst(number).first?.lowerBound
  }
}
