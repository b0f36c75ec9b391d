import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite("Dataverse stand-in: conditional writes of opt-outs")
struct ConditionalWritesTests {
  /// A list read and a `$batch` read of the same rows.
  private func read(_ fixture: DataverseFixture, _ keys: [RowKey]) async throws -> [JSONValue] {
    let filter = keys.map { "contactid%20eq%20\($0)" }.joined(separator: "%20or%20")
    let path = "contacts?$select=donotbulkemail,followemail,modifiedon&$filter=\(filter)"
    let listed = try #require(try await fixture.get(path)["value"]?.items)
    let answer = try await batch(fixture, ["GET /api/data/v9.2/\(path) HTTP/1.1\r\n\r\n"])
    for row in listed {
      #expect(answer.contains(row["contactid"]?.text ?? "-"))
      #expect(row["modifiedon"]?.text != nil && row["donotbulkemail"] != nil)
      let etag = row["@odata.etag"]?.text ?? "-"
      #expect(answer.contains("\"@odata.etag\":\"W/\\\"" + etag.dropFirst(3).dropLast() + "\\\"\""))
    }
    return listed
  }

  private func batch(_ fixture: DataverseFixture, _ parts: [String]) async throws -> String {
    let body = parts.map {
      "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\($0)\r\n"
    }
    let answer = try await fixture.send(
      "POST", "$batch",
      [
        "Content-Type": "multipart/mixed; boundary=b", "Prefer": "odata.continue-on-error",
      ], body: body.joined() + "--b--\r\n")
    return String(decoding: answer.body, as: UTF8.self)
  }

  private func patch(_ key: String, _ etag: String) -> String {
    "PATCH /api/data/v9.2/contacts(\(key)) HTTP/1.1\r\nContent-Type: application/json\r\n"
      + "If-Match: \(etag)\r\n\r\n{\"donotbulkemail\":true}\r\n"
  }

  @Test("Rows that are asked for by their ids come with etag and time, alone and in a batch")
  func reads() async throws {
    let fixture = try await DataverseFixture()
    let keys = await fixture.service.keys(of: "contact", count: 5)
    let missing = try #require(RowKey(WriteRowsTests.missing))
    #expect(try await read(fixture, keys + [missing]).count == 5)
  }

  @Test("A fresh etag writes, a stale one is 412, a missing row 404, alone and in a batch")
  func writes() async throws {
    let fixture = try await DataverseFixture()
    let keys = await fixture.service.keys(of: "contact", count: 3)
    let etags = try await read(fixture, keys).compactMap { $0["@odata.etag"]?.text }
    await fixture.service.upsert(keys[1], of: "contact", ["nickname": "Somebody else's"])
    let single = "{\"donotbulkemail\":true}"
    func fault(_ key: String, _ etag: String) async throws -> String {
      try await fixture.fault("PATCH", "contacts(\(key))", ["If-Match": etag], body: single)
    }
    #expect(try await fault(keys[0].description, etags[0]) == "204 ")
    #expect(try await fault(keys[0].description, etags[0]) == "412 0x80060882")
    #expect(try await fault(keys[1].description, etags[1]) == "412 0x80060882")
    #expect(try await fault(WriteRowsTests.missing, etags[1]) == "404 0x80040217")
    let count = await fixture.service.count(of: "contact")
    let answer = try await batch(
      fixture,
      [
        patch(keys[1].description, etags[1]), patch(keys[2].description, etags[2]),
        patch(WriteRowsTests.missing, etags[2]),
      ])
    let statuses = answer.split(separator: "\r\n").filter { $0.hasPrefix("HTTP/1.1") }
      .compactMap { $0.split(separator: " ").dropFirst().first }
    #expect(statuses == ["412", "204", "404"])
    #expect(answer.contains("0x80060882") && answer.contains("0x80040217"))
    #expect(await fixture.service.count(of: "contact") == count)
    #expect(await fixture.service.row(keys[2], of: "contact")?["donotbulkemail"] == true)
    // Without a condition the same write makes a stub.
    #expect(
      try await fixture.fault("PATCH", "contacts(\(WriteRowsTests.missing))", body: single)
        == "204 ")
    #expect(await fixture.service.count(of: "contact") == count + 1)
    #expect(await fixture.service.stubs.count == 1)
  }

  @Test("`staleWrites` makes so many conditional writes find that somebody was faster")
  func overtaken() async throws {
    let fixture = try await DataverseFixture { $0.staleWrites = 2 }
    let key = await fixture.service.keys(of: "contact", count: 1)[0]
    func write(_ etag: String) async throws -> String {
      fixture.clock.advance(by: .seconds(5))
      return try await fixture.fault(
        "PATCH", "contacts(\(key))", ["If-Match": etag], body: "{\"donotbulkemail\":true}")
    }
    #expect(try await write("*") == "204 ")
    var times: [String?] = []
    for expected in ["412 0x80060882", "412 0x80060882", "204 "] {
      let row = try await read(fixture, [key])[0]
      times.append(row["modifiedon"]?.text)
      #expect(try await write(row["@odata.etag"]?.text ?? "") == expected)
    }
    #expect(Set(times).count == 3)
    #expect(await fixture.service.knobs.staleWrites == 0)
  }

  @Test("Reads are throttled with a wait, and work again after it")
  func throttled() async throws {
    let fixture = try await DataverseFixture { $0.requestLimit = 3 }
    var statuses: [Int] = []
    for _ in 0..<5 {
      statuses.append(try await fixture.send("GET", "contacts?$select=donotfax&$top=1").status)
    }
    #expect(statuses.first == 200 && statuses.last == 429)
    fixture.clock.advance(by: .seconds(600))
    #expect(try await fixture.send("GET", "contacts?$select=donotfax&$top=1").status == 200)
  }
}
