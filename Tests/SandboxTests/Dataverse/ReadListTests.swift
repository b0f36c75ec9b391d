import Core
import JSONPages
import Sandbox
import Testing

@Suite struct ReadListTests {
  @Test(
    "Pages cover the table once, in SQL Server's guid order, whatever the page size",
    arguments: [1, 7, 40, 120, 500])
  func pagesCoverTheTable(size: Int) async throws {
    let fixture = try await DataverseFixture()
    let chain = try await fixture.follow(
      "contacts?$select=fullname", ["Prefer": "odata.maxpagesize=\(size)"])
    let keys = try chain.items.map { try #require(RowKey($0["contactid"]?.text ?? "")) }
    #expect(keys.count == 120)
    #expect(Set(keys).count == 120)
    #expect(keys.map(GuidRank.init) == keys.map(GuidRank.init).sorted())
    #expect(chain.pages == (120 + size - 1) / size)
  }

  @Test("A cookie that was changed, or moved to another query, is refused")
  func tamperedCookie() async throws {
    let fixture = try await DataverseFixture()
    let page = try await fixture.get(
      "contacts?$select=fullname", ["Prefer": "odata.maxpagesize=10"])
    let link = try #require(page["@odata.nextLink"]?.text)
    #expect(link.contains("%253ccookie%2520page%253d%25221%2522"))
    #expect(link.hasPrefix(DataverseFixture.api))
    #expect(try await fixture.fault("GET", link) == "200 ")
    for bad in [
      link.replacing("pagenumber=%222", with: "pagenumber=%223"),
      link.replacing("$select=fullname", with: "$select=lastname"),
      link.replacing("istracking=%22False", with: "x=%22False").replacing("%253c", with: "%253d"),
    ] {
      #expect(try await fixture.fault("GET", bad) == "400 0x80060888", "\(bad)")
    }
  }

  @Test(
    "Filters and orders",
    arguments: [
      ("statecode eq 1 or statecode eq 0", 120), ("statecode eq 2", 0),
      ("not (gendercode eq 1)", -1), ("contains(emailaddress1,'EXAMPLE')", -1),
      ("startswith(firstname,'_')", -1), ("emailaddress1 ne null and donotbulkemail eq true", -1),
      ("birthdate ge 1980-01-01 and createdon lt 2030-01-01T00:00:00Z", -1),
      ("Microsoft.Dynamics.CRM.In(PropertyName='statecode',PropertyValues=['0','1'])", 120),
      ("versionnumber gt 1000000", -1), ("firstname eq 'O''Brien'", 0),
      ("creditlimit gt 10.5", -1), ("_parentcustomerid_value eq null", -1),
    ])
  func filters(filter: String, count: Int) async throws {
    let fixture = try await DataverseFixture()
    let encoded = filter.replacing(" ", with: "%20").replacing("'", with: "%27")
    let rows = try await fixture.get("contacts?$filter=\(encoded)&$count=true")
    let items = try #require(rows["value"]?.items)
    #expect(rows["@odata.count"]?.integer == items.count)
    if count >= 0 {
      #expect(items.count == count)
    } else {
      #expect((1..<120).contains(items.count))
    }
  }

  @Test(
    "What the service does not support is a 400",
    arguments: [
      "$skip=5", "$search=x", "$format=json", "$Select=fullname", "$select=nosuch",
      "$select=parentcustomerid", "$filter=nosuch eq 1", "$filter=numberofchildren mod 2 eq 0",
      "$filter=year(createdon) eq 2020", "$filter=contactid eq 'a'", "$filter=statecode in (1,2)",
      "$filter=firstname eq 5", "$orderby=nosuch", "$orderby=cs_interests", "$top=x",
      "$filter=(statecode eq 1", "$filter=statecode eq", "$deltatoken=rubbish",
      "$skiptoken=rubbish",
      "$expand=nosuch",
    ])
  func unsupported(option: String) async throws {
    let fixture = try await DataverseFixture()
    let path = "contacts?" + option.replacing(" ", with: "%20")
    #expect(try await fixture.fault("GET", path) == "400 0x80060888")
  }

  @Test("A range of guids pages like a table of its own, upwards and downwards")
  func guidRange() async throws {
    let fixture = try await DataverseFixture()
    let keys = await fixture.service.keys(of: "contact", count: 120)
    for direction in ["asc", "desc"] {
      let chain = try await fixture.follow(
        "contacts?$select=contactid&$orderby=contactid%20\(direction)&$filter=contactid%20ge%20"
          + "\(keys[20])%20and%20contactid%20lt%20\(keys[90])",
        ["Prefer": "odata.maxpagesize=9"])
      let found = chain.items.compactMap { RowKey($0["contactid"]?.text ?? "") }
      #expect(found == (direction == "asc" ? Array(keys[20..<90]) : keys[20..<90].reversed()))
    }
  }

  @Test("Keys that are asked for by name are found, in their order, and page as all rows do")
  func listedKeys() async throws {
    let fixture = try await DataverseFixture()
    let keys = await fixture.service.keys(of: "contact", count: 120)
    let stranger = "12345678-1234-1234-1234-123456789012"
    let wanted = (10..<50).reversed().map { keys[$0].description } + [stranger, "\(keys[20])"]
    let names = wanted.map { "contactid%20eq%20\($0)" }.joined(separator: "%20or%20")
    // The second filter is no list of keys alone.
    for more in ["", "%20or%20statecode%20eq%205"] {
      let chain = try await fixture.follow(
        "contacts?$select=contactid&$filter=\(names)\(more)",
        ["Prefer": "odata.maxpagesize=9"])
      let found = chain.items.compactMap { RowKey($0["contactid"]?.text ?? "") }
      #expect(found == Array(keys[10..<50]) && chain.pages == 5, "\(more)")
    }
  }

  @Test("A sorted read pages by its values and the key")
  func sorted() async throws {
    let fixture = try await DataverseFixture()
    let chain = try await fixture.follow(
      "contacts?$select=lastname&$orderby=lastname%20desc,createdon",
      ["Prefer": "odata.maxpagesize=11"])
    #expect(Set(chain.items.compactMap { $0["contactid"]?.text }).count == 120)
    let names = chain.items.map { $0["lastname"]?.text?.lowercased() ?? "" }
    #expect(names == names.sorted(by: >))
  }

  @Test("$top is obeyed, and ignored beside a page size")
  func top() async throws {
    let fixture = try await DataverseFixture()
    let some = try await fixture.get("contacts?$top=3")
    #expect(some["value"]?.items?.count == 3)
    #expect(some["@odata.nextLink"] == nil)
    let chain = try await fixture.follow("contacts?$top=3", ["Prefer": "odata.maxpagesize=50"])
    #expect(chain.items.count == 120)
  }

  @Test("Counts are text behind a byte order mark and stop at 5000")
  func counts() async throws {
    let fixture = try await DataverseFixture(rows: 5200)
    let text = try await fixture.send("GET", "contacts/$count")
    #expect(text.body == [0xEF, 0xBB, 0xBF] + Array("5000".utf8))
    let total = try await fixture.get(
      "RetrieveTotalRecordCount(EntityNames=%5B%27contact%27%5D)")
    #expect(total["EntityRecordCountCollection"]?["Values"] == [5200])
    let aggregate = try await fixture.get("contacts?$apply=aggregate($count%20as%20n)")
    #expect(aggregate["value"]?.items?.first?["n"] == 5200)
  }

  @Test("Links stand on either side of the rows, and columns in no fixed order")
  func shapes() async throws {
    let fixture = try await DataverseFixture { $0.links = .before }
    let before = try await fixture.send(
      "GET", "contacts?$select=fullname,creditlimit", ["Prefer": "odata.maxpagesize=10"])
    let text = String(decoding: before.body, as: UTF8.self)
    #expect(
      try #require(text.firstRange(of: "nextLink")).lowerBound
        < (try #require(text.firstRange(of: "\"value\"")).lowerBound))
    let rows = try #require(try JSONDocument.parse(before.body)["value"]?.items)
    #expect(rows.contains { $0.members?.last?.name == "fullname" })
    #expect(rows.allSatisfy { $0["_transactioncurrencyid_value"] != nil })
  }
}
