import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite("Activities of Campaign's events")
struct ActivityTablesTests {
  static let click = "adobe_campaignemailclick"
  static let binding = "regardingobjectid_contact_adobe_campaignemailclick@odata.bind"
  static let ids = (1...4).map { "00000000-0000-5000-8000-00000000000\($0)" }

  /// The body of one click of a contact.
  static func body(
    _ id: String, of contact: RowKey, _ more: [(String, JSONValue)] = []
  ) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("activityid", .string(id)), .init("subject", "Campaign Name: A; Delivery Name: B"),
      .init("actualend", "2026-02-03T08:40:12.123Z"), .init("sortdate", "2026-02-03T08:40:12Z"),
      .init("adobe_trackingurl", "https://example.org/offer"),
      .init(binding, .string("/contacts(\(contact))")), .init("statecode", 1),
      .init("statuscode", 2),
    ]
    for (name, value) in more {
      members.removeAll { $0.name == name }
      members.append(.init(name, value))
    }
    return .object(members)
  }

  private func text(_ json: JSONValue) -> String { String(decoding: json.encoded, as: UTF8.self) }

  private func contact(_ fixture: DataverseFixture, _ place: Int = 0) async -> RowKey {
    await fixture.service.keys(of: "contact", offset: place, count: 1)[0]
  }

  private func bulk(_ targets: [JSONValue]) -> String {
    let typed = targets.map { target in
      JSONValue.object(
        [.init("@odata.type", "Microsoft.Dynamics.CRM.adobe_campaignemailclick")]
          + (target.members ?? []))
    }
    return text(["Targets": .array(typed)])
  }

  @Test("An activity is created completed, at the event's time, regarding its contact")
  func created() async throws {
    let fixture = try await DataverseFixture()
    let contact = await contact(fixture)
    let body = text(Self.body(Self.ids[0], of: contact))
    #expect(try await fixture.fault("POST", Self.click + "s", body: body) == "204 ")
    let row = try await fixture.get("\(Self.click)s(\(Self.ids[0]))")
    #expect(row["_regardingobjectid_value"]?.text == contact.description)
    #expect(row["actualend"] == "2026-02-03T08:40:12Z")
    #expect(row["statecode"] == 1 && row["statuscode"] == 2)
    #expect(row["activitytypecode"]?.text == Self.click)
    let user = try await fixture.get("WhoAmI")["UserId"]?.text
    #expect(row["_ownerid_value"]?.text == user && user != nil)
    #expect(try await fixture.fault("POST", Self.click + "s", body: body) == "412 0x80040237")
    #expect(
      try await fixture.fault(
        "PATCH", "\(Self.click)s(\(Self.ids[0]))", ["If-None-Match": "*"], body: body)
        == "412 0x80040237")
  }

  static let refused: [(name: String, value: JSONValue, expected: String)] = [
    (binding, "/contacts(00000000-0000-0000-0000-00000000dead)", "404 0x80040217"),
    ("regardingobjectid_contact@odata.bind", "/contacts(x)", "400 0x80048d19"),
    (
      "adobe_trackingurl", .string(String(repeating: "x", count: 2001)), "400 0x80044331"
    ),
    ("subject", .string(String(repeating: "x", count: 201)), "400 0x80044331"),
    ("statuscode", 1, "400 0x80048408"), ("adobe_nonsense", "x", "400 0x80048d19"),
    ("actualend", "soon", "400 0x80048d19"),
  ]

  @Test("What is wrong with one activity is said as for every row", arguments: refused)
  func refuses(name: String, value: JSONValue, expected: String) async throws {
    let fixture = try await DataverseFixture()
    let contact = await contact(fixture)
    let bad = Self.body(Self.ids[1], of: contact, [(name, value)])
    #expect(try await fixture.fault("POST", Self.click + "s", body: text(bad)) == expected)
    let targets = [Self.body(Self.ids[0], of: contact), bad]
    let call = "\(Self.click)s/Microsoft.Dynamics.CRM.CreateMultiple"
    #expect(try await fixture.fault("POST", call, body: bulk(targets)) == expected)
    #expect(await fixture.service.count(of: Self.click) == 0)
  }

  @Test("CreateMultiple takes all or none; one that is there already is a duplicate key")
  func createMultiple() async throws {
    let fixture = try await DataverseFixture()
    let contact = await contact(fixture)
    let call = "\(Self.click)s/Microsoft.Dynamics.CRM.CreateMultiple"
    let first = bulk(Self.ids.prefix(2).map { Self.body($0, of: contact) })
    #expect(try await fixture.fault("POST", call, body: first) == "200 ")
    let second = bulk(Self.ids.suffix(3).map { Self.body($0, of: contact) })
    #expect(try await fixture.fault("POST", call, body: second) == "412 0x80040237")
    #expect(await fixture.service.count(of: Self.click) == 2)
  }

  @Test("The probe says whether CreateMultiple is there, and so does the call")
  func probe() async throws {
    let fixture = try await DataverseFixture { $0.withoutBulk = ["adobe_campaignemailopen"] }
    let contact = await contact(fixture)
    for (table, count) in [(Self.click, 1), ("adobe_campaignemailopen", 0)] {
      let rows = try await fixture.get(
        "sdkmessagefilters?$select=sdkmessagefilterid&$filter=sdkmessageid/name%20eq%20"
          + "'CreateMultiple'%20and%20primaryobjecttypecode%20eq%20'\(table)'")
      #expect(rows["value"]?.items?.count == count)
    }
    let call = "adobe_campaignemailopens/Microsoft.Dynamics.CRM.CreateMultiple"
    let body = bulk([Self.body(Self.ids[0], of: contact)])
    #expect(try await fixture.fault("POST", call, body: body) == "400 0x80040800")
  }

  static let states: [(DataverseKnobs.ActivityState, Bool, String, Int)] = [
    (.create, true, "204 ", 1), (.ignore, false, "204 ", 0),
    (.reject, false, "400 0x80048408", 0),
  ]

  @Test("Where the state is not valid for create, a second write completes", arguments: states)
  func state(
    knob: DataverseKnobs.ActivityState, isValid: Bool, status: String, state: Int
  ) async throws {
    let fixture = try await DataverseFixture { $0.activityState = knob }
    let contact = await contact(fixture)
    let attributes = try await fixture.get(
      "EntityDefinitions(LogicalName='\(Self.click)')/Attributes(LogicalName='statecode')"
        + "?$select=LogicalName,IsValidForCreate,IsValidForUpdate")
    #expect(attributes["IsValidForCreate"]?.flag == isValid)
    #expect(attributes["IsValidForUpdate"] == true)
    let body = Self.body(Self.ids[0], of: contact)
    #expect(try await fixture.fault("POST", Self.click + "s", body: text(body)) == status)
    guard status.hasPrefix("204") else { return }
    let address = "\(Self.click)s(\(Self.ids[0]))"
    #expect(try await fixture.get(address)["statecode"]?.integer == state)
    let second = try await fixture.fault(
      "PATCH", address, ["If-Match": "*"], body: #"{"statecode":1,"statuscode":2}"#)
    #expect(second == "204 ")
    let row = try await fixture.get(address)
    #expect(row["statecode"] == 1 && row["actualend"] == "2026-02-03T08:40:12Z")
  }

  @Test("The metadata tells activity tables, the way to the contact and the lengths")
  func metadata() async throws {
    let fixture = try await DataverseFixture()
    let tables = try await fixture.get(
      "EntityDefinitions?$select=LogicalName,EntitySetName,DisplayName,PrimaryIdAttribute"
        + "&$filter=IsActivity%20eq%20true%20and%20IsCustomEntity%20eq%20true")
    let names = tables["value"]?.items?.compactMap { $0["LogicalName"]?.text } ?? []
    #expect(
      names == ["send", "open", "click", "bounce"].map { "adobe_campaignemail\($0)" })
    #expect(tables["value"]?.items?.last?["EntitySetName"] == "adobe_campaignemailbounceset")
    let ways = try await fixture.get(
      "EntityDefinitions(LogicalName='\(Self.click)')/ManyToOneRelationships?$select="
        + "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"
        + "&$filter=ReferencedEntity%20eq%20'contact'")
    #expect(
      ways["value"]?.items?.first?["ReferencingEntityNavigationPropertyName"]?.text
        == "regardingobjectid_contact_adobe_campaignemailclick")
    let texts = try await fixture.get(
      "EntityDefinitions(LogicalName='\(Self.click)')/Attributes/"
        + "Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength")
    let lengths = (texts["value"]?.items ?? []).map {
      "\($0["LogicalName"]?.text ?? "") \($0["MaxLength"]?.integer ?? 0)"
    }
    #expect(lengths.contains("adobe_trackingurl 2000") && lengths.contains("subject 200"))
  }

  @Test("A contact's timeline holds the activities of all tables, and cannot be written to")
  func timeline() async throws {
    let fixture = try await DataverseFixture()
    let (one, other) = (await contact(fixture), await contact(fixture, 1))
    for (place, contact) in [one, one, other].enumerated() {
      let body = text(Self.body(Self.ids[place], of: contact))
      _ = try await fixture.send("POST", Self.click + "s", body: body)
    }
    let open: JSONValue = [
      "activityid": .string(Self.ids[3]), "subject": "An open",
      "regardingobjectid_contact_adobe_campaignemailopen@odata.bind":
        .string("/contacts(\(one))"),
    ]
    _ = try await fixture.send("POST", "adobe_campaignemailopens", body: text(open))
    let query = "activitypointers?$select=subject,activitytypecode,actualend,statecode"
    let rows = try await fixture.get(
      query + "&$filter=_regardingobjectid_value%20eq%20\(one)&$orderby=sortdate%20desc")
    let types = rows["value"]?.items?.compactMap { $0["activitytypecode"]?.text } ?? []
    #expect(
      types.sorted() == ["adobe_campaignemailclick", Self.click, "adobe_campaignemailopen"])
    #expect(try await fixture.get(query)["value"]?.items?.count == 4)
    #expect(await fixture.service.count(of: "activitypointer") == 4)
    #expect(await fixture.service.rows(of: "activitypointer", offset: 1, count: 9).count == 3)
    #expect(
      try await fixture.get("activitypointers(\(Self.ids[2]))")["_regardingobjectid_value"]?.text
        == other.description)
    #expect(
      try await fixture.fault("POST", "activitypointers", body: #"{"subject":"x"}"#)
        == "405 0x80040800")
  }

  @Test("Activities go with the contact that they are regarding")
  func cascade() async throws {
    let fixture = try await DataverseFixture()
    let contact = await contact(fixture)
    let body = text(Self.body(Self.ids[0], of: contact))
    _ = try await fixture.send("POST", Self.click + "s", body: body)
    await fixture.service.delete(contact, of: "contact")
    #expect(await fixture.service.count(of: Self.click) == 0)
    #expect(try await fixture.get("activitypointers")["value"]?.items?.isEmpty == true)
  }

  @Test("The processes of clicks and bounces take execution time, a bulk row less of its own")
  func cost() async throws {
    for (tables, limit, expected) in [
      ([Self.click], 149, "429 0x80072321"), ([], 149, "200 "),
    ] {
      let fixture = try await DataverseFixture {
        $0.workflowTables = tables
        ($0.workflowCost, $0.writeCost, $0.bulkWriteCost, $0.requestCost) = (50, 40, 25, 0)
        $0.executionLimit = limit
      }
      let contact = await contact(fixture)
      let call = "\(Self.click)s/Microsoft.Dynamics.CRM.CreateMultiple"
      let targets = Self.ids.prefix(2).map { Self.body($0, of: contact) }
      #expect(try await fixture.fault("POST", call, body: bulk(targets)) == "200 ")
      #expect(try await fixture.fault("GET", "WhoAmI") == expected)
    }
  }

  /// One part of a batch.
  private func part(_ id: Int?, _ head: String, _ body: JSONValue) -> String {
    let content = id.map { "Content-ID: \($0)\r\n" } ?? ""
    return "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\(content)\r\n"
      + "\(head)\r\nContent-Type: application/json; type=entry\r\n\r\n\(text(body))\r\n"
  }

  /// The statuses of the parts of a batch's answer.
  private func statuses(_ response: HTTPResponse) -> [String] {
    String(decoding: response.body, as: UTF8.self).split(separator: "\r\n")
      .filter { $0.hasPrefix("HTTP/1.1 ") }.map { String($0.dropFirst(9).prefix(3)) }
  }

  private static let post = "POST /api/data/v9.2/adobe_campaignemailclicks HTTP/1.1"
  private static let type = ["Content-Type": "multipart/mixed; boundary=\"b\""]

  @Test("A batch writes activities one by one: each has its own answer")
  func batch() async throws {
    let fixture = try await DataverseFixture()
    let contact = await contact(fixture)
    let none = "/contacts(00000000-0000-0000-0000-00000000dead)"
    let address = "PATCH /api/data/v9.2/\(Self.click)s(\(Self.ids[2])) HTTP/1.1"
    let update: JSONValue = ["adobe_campaignname": "X"]
    let parts = [
      part(nil, Self.post, Self.body(Self.ids[0], of: contact)),
      part(nil, Self.post, Self.body(Self.ids[0], of: contact)),
      part(nil, Self.post, Self.body(Self.ids[1], of: contact, [(Self.binding, .string(none))])),
      part(nil, address + "\r\nIf-None-Match: *", Self.body(Self.ids[2], of: contact)),
      part(nil, address + "\r\nIf-None-Match: *", update),
      part(nil, address + "\r\nIf-Match: *", update),
    ]
    let body = parts.map { "--b\r\n" + $0 }.joined() + "--b--\r\n"
    let all = try await fixture.send(
      "POST", "$batch", Self.type.merging(["Prefer": "odata.continue-on-error"]) { $1 }, body: body)
    #expect(all.status == 200 && statuses(all) == ["204", "412", "404", "204", "412", "204"])
    #expect(await fixture.service.count(of: Self.click) == 2)
    let strict = try await DataverseFixture()
    let first = try await strict.send("POST", "$batch", Self.type, body: body)
    #expect(first.status == 400 && statuses(first) == ["204", "412"])
    let bare = try await strict.send(
      "POST", "$batch", Self.type, body: body.replacing("\r\n--b--", with: "--b--"))
    #expect(bare.status == 400 && String(decoding: bare.body, as: UTF8.self).contains("0x80048d19"))
  }

  @Test("A change set of activities is written as a whole, or not at all")
  func changeSet() async throws {
    let fixture = try await DataverseFixture()
    let contact = await contact(fixture)
    for (second, expected, count) in [(Self.ids[0], ["412"], 0), (Self.ids[1], ["204", "204"], 2)] {
      let parts = [Self.ids[0], second].enumerated().map { place, id in
        "--c\r\n" + part(place + 1, Self.post, Self.body(id, of: contact))
      }
      let response = try await fixture.send(
        "POST", "$batch", Self.type,
        body: "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n\(parts.joined())--c--\r\n"
          + "\r\n--b--\r\n")
      #expect(statuses(response) == expected)
      #expect(await fixture.service.count(of: Self.click) == count)
    }
  }

  @Test("All activities share their privileges, and the metadata says so")
  func privileges() async throws {
    let fixture = try await DataverseFixture { $0.missingPrivileges = ["prvCreateActivity"] }
    let contact = await contact(fixture)
    let body = text(Self.body(Self.ids[0], of: contact))
    #expect(try await fixture.fault("POST", Self.click + "s", body: body) == "403 0x80040220")
    let table = try await fixture.get(
      "EntityDefinitions(LogicalName='\(Self.click)')?$select=Privileges")
    let names = table["Privileges"]?.items?.compactMap { $0["Name"]?.text } ?? []
    #expect(names.contains("prvCreateActivity") && names.contains("prvAppendActivity"))
  }

  @Test("Knobs: the bare navigation property, and 400 for a contact that is not there")
  func versions() async throws {
    let fixture = try await DataverseFixture {
      ($0.acceptsBareRegarding, $0.missingTargetStatus) = (true, 400)
    }
    let contact = await contact(fixture)
    let name = "regardingobjectid_contact@odata.bind"
    for (link, expected) in [
      ("/contacts(\(contact))", "204 "),
      ("/contacts(00000000-0000-0000-0000-00000000dead)", "400 0x80040217"),
    ] {
      let body = JSONValue.object([.init("subject", "x"), .init(name, .string(link))])
      #expect(try await fixture.fault("POST", Self.click + "s", body: text(body)) == expected)
    }
  }

  @Test("One operation of a batch may be throttled alone")
  func throttledPart() async throws {
    let fixture = try await DataverseFixture { $0.throttledParts = 1 }
    let part =
      "--b\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
      + "GET /api/data/v9.2/WhoAmI HTTP/1.1\r\n\r\n\r\n"
    let response = try await fixture.send(
      "POST", "$batch",
      ["Content-Type": "multipart/mixed; boundary=b", "Prefer": "odata.continue-on-error"],
      body: part + part + "--b--\r\n")
    let answer = String(decoding: response.body, as: UTF8.self)
    #expect(response.status == 200)
    #expect(answer.contains("429 Too Many Requests") && answer.contains("200 OK"))
    #expect(answer.contains("Retry-After: 5"))
  }
}
