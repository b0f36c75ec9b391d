import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct BatchTests {
  private func send(
    _ fixture: DataverseFixture, _ body: String, goesOn: Bool = false, lineEnd: String = "\r\n"
  ) async throws -> (status: Int, text: String, isMultipart: Bool) {
    var headers = ["Content-Type": "multipart/mixed; boundary=\"batch_1\""]
    if goesOn { headers["Prefer"] = "odata.continue-on-error" }
    let response = try await fixture.send(
      "POST", "$batch", headers, body: body.replacing("\n", with: lineEnd))
    return (
      response.status, String(decoding: response.body, as: UTF8.self),
      response["Content-Type"]?.hasPrefix("multipart/mixed") ?? false
    )
  }

  private func single(_ request: String, _ body: String = "") -> String {
    "--batch_1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\n"
      + "\(request) HTTP/1.1\nContent-Type: application/json\nIf-Match: *\n\n\(body)\n"
  }

  private func changeSet(_ parts: [(id: String?, request: String, body: String)]) -> String {
    "--batch_1\nContent-Type: multipart/mixed; boundary=\"cs_1\"\n\n"
      + parts.map { part in
        "--cs_1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n"
          + (part.id.map { "Content-ID: \($0)\n" } ?? "")
          + "\n\(part.request) HTTP/1.1\nContent-Type: application/json; type=entry\n\n\(part.body)\n"
      }.joined() + "--cs_1--\n\n"
  }

  private func codes(_ text: String) -> [Int] {
    text.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.1 ") }.compactMap {
      Int($0.dropFirst(9).prefix(3))
    }
  }

  @Test(
    "Parts run in order; without continue-on-error the first failure ends the batch",
    arguments: [false, true])
  func order(goesOn: Bool) async throws {
    let fixture = try await DataverseFixture()
    let keys = await fixture.service.keys(of: "contact", count: 2)
    let none = WriteRowsTests.missing
    let body =
      single("PATCH /api/data/v9.2/contacts(\(keys[0]))", "{\"lastname\":\"One\"}")
      + single("PATCH /api/data/v9.2/contacts(\(none))", "{\"lastname\":\"No\"}")
      + single(
        "PATCH \(DataverseFixture.api)contacts(\(keys[1]))", "{\"lastname\":\"Two\"}")
      + single("GET /api/data/v9.2/contacts?$select=fullname&$top=1&$filter=statecode eq 0")
      + "--batch_1--\n"
    let answer = try await send(fixture, body, goesOn: goesOn)
    #expect(answer.isMultipart)
    #expect(answer.status == (goesOn ? 200 : 400))
    #expect(codes(answer.text) == (goesOn ? [204, 404, 204, 200] : [204, 404]))
    #expect(try await fixture.get("contacts(\(keys[0]))")["lastname"] == "One")
    #expect((try await fixture.get("contacts(\(keys[1]))")["lastname"] == "Two") == goesOn)
  }

  @Test("A change set is all or nothing, and collapses to one error")
  func atomicity() async throws {
    let fixture = try await DataverseFixture()
    let key = await fixture.service.keys(of: "contact", count: 1)[0]
    let good = changeSet([
      ("1", "POST /api/data/v9.2/accounts", "{\"name\":\"New\"}"),
      (
        "2", "PATCH /api/data/v9.2/contacts(\(key))",
        "{\"parentcustomerid_account@odata.bind\":\"$1\"}"
      ),
      ("3", "PATCH $1", "{\"telephone1\":\"1\"}"),
    ])
    let done = try await send(fixture, good + "--batch_1--\n")
    #expect(done.status == 200)
    #expect(codes(done.text) == [204, 204, 204])
    #expect(done.text.contains("Content-ID: 2\r\n"))
    let account = try #require(
      try await fixture.get("contacts(\(key))")["_parentcustomerid_value"]?.text)
    #expect(try await fixture.get("accounts(\(account))")["telephone1"] == "1")

    let before = await fixture.service.count(of: "account")
    let bad = changeSet([
      ("1", "POST /api/data/v9.2/accounts", "{\"name\":\"New\"}"),
      ("2", "DELETE /api/data/v9.2/contacts(\(key))", ""),
      ("3", "PATCH /api/data/v9.2/contacts(\(WriteRowsTests.missing))", "{\"gendercode\":9}"),
    ])
    let undone = try await send(fixture, bad + "--batch_1--\n")
    #expect(undone.status == 400)
    #expect(codes(undone.text) == [400])
    #expect(await fixture.service.count(of: "account") == before)
    #expect(try await fixture.fault("GET", "contacts(\(key))") == "200 ")
  }

  @Test("A malformed batch is refused as a whole, in plain JSON")
  func malformed() async throws {
    let fixture = try await DataverseFixture()
    let good = single("GET /api/data/v9.2/contacts?$top=1") + "--batch_1--\n"
    #expect(try await send(fixture, good).status == 200)
    let post = ("POST /api/data/v9.2/contacts", "{}")
    let cases: [(String, String)] = [
      (good.replacing("--batch_1--", with: ""), "0x80048d19"),
      (single("PATCH /api/data/v9.2/contacts(1)", "{}").dropLast() + "--batch_1--\n", "0x80048d19"),
      (changeSet([(nil, post.0, post.1)]) + "--batch_1--\n", "0x80060888"),
      (changeSet([("1", "GET /api/data/v9.2/contacts", "")]) + "--batch_1--\n", "0x80060888"),
      (
        changeSet([("1", post.0, post.1), ("1", post.0, post.1)]) + "--batch_1--\n", "0x80060888"
      ),
      (
        String(repeating: single("GET /api/data/v9.2/WhoAmI"), count: 1001) + "--batch_1--\n",
        "0x80060888"
      ),
    ]
    for (body, code) in cases {
      let answer = try await send(fixture, body)
      #expect(answer.status == 400)
      #expect(!answer.isMultipart)
      #expect(answer.text.contains(code), "\(answer.text)")
    }
    #expect(try await send(fixture, good, lineEnd: "\n").text.contains("Stream was not readable"))
  }
}
