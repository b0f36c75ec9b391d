import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct WriteRowsTests {
  static let missing = "0f000000-0000-4000-8000-000000000001"

  @Test(
    "The status of each write",
    arguments: [
      // method, row (old, none), headers, expected
      ("PATCH", "old", [:], "204 "), ("PATCH", "none", [:], "204 "),
      ("PATCH", "old", ["If-Match": "*"], "204 "),
      ("PATCH", "none", ["If-Match": "*"], "404 0x80040217"),
      ("PATCH", "none", ["If-None-Match": "*"], "204 "),
      ("PATCH", "old", ["If-None-Match": "*"], "412 0x80040237"),
      ("PATCH", "old", ["If-None-Match": "null"], "204 "),
      ("PATCH", "old", ["If-Match": "W/\"1\""], "412 0x80060882"),
      ("PATCH", "old", ["Prefer": "return=representation"], "200 "),
      ("PATCH", "none", ["Prefer": "return=representation"], "201 "),
      ("DELETE", "old", [:], "204 "), ("DELETE", "none", [:], "404 0x80040217"),
      ("DELETE", "old", ["If-Match": "W/\"1\""], "412 0x80060882"),
      ("PUT", "old", [:], "405 0x80060888"),
    ] as [(String, String, [String: String], String)])
  func statusMatrix(method: String, row: String, headers: [String: String], expected: String)
    async throws
  {
    let fixture = try await DataverseFixture()
    let old = await fixture.service.keys(of: "contact", offset: 3, count: 1)[0]
    let key = row == "old" ? old.description : Self.missing
    #expect(
      try await fixture.fault(
        method, "contacts(\(key))", headers, body: "{\"lastname\":\"X\"}") == expected)
  }

  @Test("A created row has its values, the defaults, and an address")
  func createAndRead() async throws {
    let fixture = try await DataverseFixture()
    let response = try await fixture.send(
      "POST", "contacts",
      body: """
        {"firstname":"Zoë","lastname":"O'Brien","birthdate":"1980-02-29","creditlimit":12.5,
         "description":"a\\r\\nb","parentcustomerid_account@odata.bind":"/accounts(\
        \(await fixture.service.keys(of: "account", count: 1)[0]))"}
        """)
    #expect(response.status == 204)
    let address = try #require(response["OData-EntityId"])
    let row = try await fixture.get(address)
    #expect(row["fullname"] == "Zoë O'Brien")
    #expect(row["followemail"] == true)
    #expect(row["donotbulkemail"] == false)
    #expect(row["statuscode"] == 1)
    #expect(row["creditlimit"] == .number("12.5000"))
    #expect(row["description"] == "a\r\nb")
    #expect(row["_parentcustomerid_value"]?.text != nil)
    let id = try #require(row["contactid"]?.text)
    #expect(
      try await fixture.fault("POST", "contacts", body: "{\"contactid\":\"\(id)\"}")
        == "412 0x80040237")
    let known = try await fixture.send(
      "GET", address, ["If-None-Match": row["@odata.etag"]?.text ?? ""])
    #expect(known.status == 304)
  }

  @Test(
    "What a body may not say",
    arguments: [
      ("{\"firstname\":\"\(String(repeating: "x", count: 51))\"}", "400 0x80044331"),
      ("{\"numberofchildren\":-1}", "400 0x8004432f"),
      ("{\"cs_points\":1e300}", "400 0x80044330"), ("{\"gendercode\":9}", "400 0x8004431a"),
      ("{\"gendercode\":\"Male\"}", "400 0x80048d19"), ("{\"nosuch\":1}", "400 0x80048d19"),
      ("{\"donotemail\":\"yes\"}", "400 0x80048d19"), ("{\"lastname\":", "400 0x80048d19"),
      ("[1]", "400 0x80048d19"), ("{\"birthdate\":\"1700-01-01\"}", "400 0x80040239"),
      ("{\"birthdate\":\"1981-02-29\"}", "400 0x80048d19"),
      ("{\"_parentcustomerid_value\":\"\(missing)\"}", "400 0x80048d19"),
      ("{\"parentcustomerid@odata.bind\":\"/accounts(\(missing))\"}", "400 0x80048d19"),
      ("{\"parentcustomerid_account@odata.bind\":\"/accounts(\(missing))\"}", "404 0x80040217"),
      ("{\"parentcustomerid_account@odata.bind\":\"/teams(\(missing))\"}", "404 0x80040217"),
      ("{\"statecode\":1,\"statuscode\":1}", "400 0x80048408"),
      ("{\"contactid\":\"\(missing)\"}", "400 0x80060888"),
      ("{\"cs_customernumber\":\"c00000005\"}", "412 0x80060892"),
    ])
  func validation(body: String, expected: String) async throws {
    let fixture = try await DataverseFixture()
    let key = await fixture.service.keys(of: "contact", offset: 3, count: 1)[0]
    #expect(try await fixture.fault("PATCH", "contacts(\(key))", body: body) == expected)
  }

  @Test("Single columns and links are set and cleared; the version grows with each")
  func properties() async throws {
    let fixture = try await DataverseFixture()
    let key = await fixture.service.keys(of: "contact", offset: 8, count: 1)[0]
    let path = "contacts(\(key))"
    var tags: Set<String> = []
    for (method, suffix, body) in [
      ("PUT", "/jobtitle", "{\"value\":\"Chef\"}"), ("DELETE", "/lastname", ""),
      ("DELETE", "/ownerid/$ref", ""),
    ] {
      #expect(try await fixture.fault(method, path + suffix, body: body) == "204 ")
      tags.insert(try #require(try await fixture.get(path)["@odata.etag"]?.text))
    }
    let row = try await fixture.get(path)
    #expect(row["jobtitle"] == "Chef")
    #expect(row["lastname"] == .null)
    #expect(row["_ownerid_value"] == .null)
    #expect(tags.count == 3)
  }

  @Test("Deactivating takes the state's first status; alternate keys find and create rows")
  func stateAndKeys() async throws {
    let fixture = try await DataverseFixture()
    let path = "contacts(cs_customernumber=%27c00000011%27)"
    #expect(try await fixture.fault("PATCH", path, body: "{\"statecode\":1}") == "204 ")
    let row = try await fixture.get(path)
    #expect(row["statuscode"] == 2)
    #expect(row["cs_customernumber"] == "C00000011")
    let new = "contacts(cs_customernumber=%27N1%27)"
    #expect(try await fixture.fault("GET", new) == "404 0x80060891")
    #expect(try await fixture.fault("PATCH", new, body: "{\"lastname\":\"N\"}") == "204 ")
    #expect(try await fixture.get(new)["lastname"] == "N")
    #expect(
      try await fixture.fault("GET", "contacts(emailaddress1=%27a%27)") == "400 0x80060888")
  }

  @Test("Without a privilege a write is refused")
  func privileges() async throws {
    let fixture = try await DataverseFixture {
      $0.missingPrivileges = ["prvWriteContact", "prvCreateContact"]
    }
    let key = await fixture.service.keys(of: "contact", count: 1)[0]
    #expect(try await fixture.fault("POST", "contacts", body: "{}") == "403 0x80040220")
    #expect(try await fixture.fault("PATCH", "contacts(\(key))", body: "{}") == "403 0x80040220")
    #expect(try await fixture.fault("DELETE", "contacts(\(key))") == "204 ")
  }
}
