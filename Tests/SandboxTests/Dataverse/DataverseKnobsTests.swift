import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct DataverseKnobsTests {
  @Test("Knobs are read from what they write, and unknown ones are refused")
  func json() throws {
    var knobs = DataverseKnobs()
    knobs.expiryDays = 3
    knobs.links = .before
    knobs.strangers = ["a"]
    knobs.timeScale = 0.25
    knobs.guidSort = .text
    knobs.trackedOrder = .version
    #expect(DataverseKnobs().with(knobs.json) == knobs)
    #expect(DataverseKnobs().with(["nosuch": 1]) == nil)
    #expect(DataverseKnobs().with(["expiryDays": "three"]) == nil)
    #expect(DataverseKnobs().with(["gzip": false])?.gzip == false)
    // Every stored knob has a name of its own.
    #expect(knobs.json.members?.count == Mirror(reflecting: knobs).children.count)
  }

  @Test("Answers are packed where the client takes gzip")
  func gzip() async throws {
    let fixture = try await DataverseFixture { $0.gzip = true }
    let plain = try await fixture.send("GET", "contacts?$select=fullname")
    #expect(plain["Content-Encoding"] == nil)
    let packed = try await fixture.send(
      "GET", "contacts?$select=fullname", ["Accept-Encoding": "deflate, gzip"])
    #expect(packed["Content-Encoding"] == "gzip")
    #expect(packed.body.starts(with: [0x1F, 0x8B]))
    // The trailer of a gzip member ends with the length of its content.
    let length = packed.body.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect(length == plain.body.count)
  }

  @Test("Text can come escaped, and means the same")
  func escapes() async throws {
    let plain = try await DataverseFixture { $0.shufflesColumns = false }
    let escaped = try await DataverseFixture {
      $0.escapesNonASCII = true
      $0.shufflesColumns = false
    }
    let body = try await escaped.send("GET", "contacts").body
    #expect(body.allSatisfy { $0 < 0x80 })
    let rows = try JSONDocument.parse(body)["value"]
    #expect(try await plain.get("contacts")["value"] == rows)
  }

  @Test("A full last page may promise one more, which is empty")
  func emptyLastPage() async throws {
    let fixture = try await DataverseFixture { $0.emptyLastPage = true }
    for headers in [
      ["Prefer": "odata.maxpagesize=40"],
      ["Prefer": "odata.maxpagesize=40, odata.track-changes"],
    ] {
      let chain = try await fixture.follow("contacts?$select=fullname", headers)
      #expect(chain.items.count == 120)
      #expect(chain.pages == 4)
      #expect((chain.delta != nil) == headers.values.contains { $0.contains("track") })
    }
  }

  @Test("Kept pages are forgotten with the next write")
  func keptPages() async throws {
    let fixture = try await DataverseFixture { $0.keepsPages = true }
    let first = try await fixture.send("GET", "contacts?$select=lastname").body
    #expect(try await fixture.send("GET", "contacts?$select=lastname").body == first)
    let key = await fixture.service.keys(of: "contact", count: 1)[0]
    await fixture.service.upsert(key, of: "contact", ["lastname": "Other"])
    #expect(try await fixture.send("GET", "contacts?$select=lastname").body != first)
  }

  @Test("Annotations and expansions come where they are asked for")
  func annotations() async throws {
    let fixture = try await DataverseFixture()
    let path =
      "contacts?$select=gendercode,_parentcustomerid_value"
      + "&$expand=parentcustomerid_account($select=name)"
    let rows = try #require(
      try await fixture.get(path, ["Prefer": "odata.include-annotations=\"*\""])["value"]?.items)
    let row = try #require(rows.first { $0["_parentcustomerid_value"]?.text != nil })
    let name = row["parentcustomerid_account"]?["name"]
    #expect(name?.text != nil)
    #expect(row["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"] == name)
    #expect(row["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "account")
    #expect(
      rows.contains { $0["gendercode@OData.Community.Display.V1.FormattedValue"] == "Female" })
    let none = try #require(rows.first { $0["_parentcustomerid_value"] == .null })
    #expect(none["parentcustomerid_account"] == .null)
  }
}
