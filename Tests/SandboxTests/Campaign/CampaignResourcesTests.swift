import Core
import Sandbox
import Testing

@Suite("Campaign stand-in: records")
struct CampaignResourcesTests {
  typealias Visitor = CampaignVisitor

  @Test("POST answers 201 with the whole object: empty text, names, times with a space")
  func created() async {
    let visitor = await Visitor()
    let answer = await visitor.create(
      "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3d",
      [
        ("firstName", "Lina"), ("lastName", "Okafor"), ("email", "lina.okafor@example.org"),
        ("gender", "female"), ("birthDate", "1990-04-17"), ("cusLoyaltyTier", "GOLD"),
        ("location", ["city": "Galway", "zipCode": "H91"]),
      ])
    #expect(answer.status == 201)
    let row = answer.json
    #expect(row["phone"] == "" && row["gender"] == "female" && row["emailFormat"] == "unknown")
    #expect(row["blackListEmail"] == false && row["age"] == 35)
    #expect(row["title"] == "Lina Okafor (lina.okafor@example.org)")
    #expect(row["domain"] == "example.org")
    #expect(row["created"] == "2026-02-03 08:11:09.000Z")
    #expect(row["location"]?["city"] == "Galway" && row["location"]?["address1"] == "")
    #expect(row["postalAddress"]?["line1"] == "Lina OKAFOR")
    #expect(row["postalAddress"]?["serialized"] == "Lina OKAFOR\n\n\n\nH91 Galway\n\n")
    #expect(row["timeZone"] == "none")
    #expect(row["thumbnail"] == "/nl/img/thumbnails/defaultProfil.png")
    #expect(row["href"]?.text?.contains("/profileAndServicesExt/profile/@") ?? false)
    #expect(answer.handle.count >= 44 && answer.handle.hasPrefix("@"))
  }

  @Test("PATCH answers handle and address only, and a change of nothing keeps lastModified")
  func patched() async {
    let visitor = await Visitor()
    let row = await visitor.create("a", [("firstName", "Lina")])
    visitor.clock.advance(5)
    let same = await visitor.call("PATCH", row.json["href"]?.text ?? "", ["firstName": "Lina"])
    #expect(same.status == 200)
    #expect(same.json.members?.map(\.name) == ["PKey", "href"])
    let kept = await visitor.get(row.json["href"]?.text ?? "")
    #expect(kept.json["lastModified"] == row.json["lastModified"])
    _ = await visitor.call("PATCH", row.json["href"]?.text ?? "", ["firstName": ""])
    let cleared = await visitor.get(row.json["href"]?.text ?? "")
    #expect(cleared.json["firstName"] == "")
    #expect(cleared.json["lastModified"] == "2026-02-03 08:11:14.000Z")
  }

  static let faults: [(body: String, code: String, text: String)] = [
    (#"{"gender":"invalid"}"#, "RST-360011", "is not valid for the 'nms:recipient:gender'"),
    (#"{"gender":"__Invalid_value__"}"#, "RST-360011", "enumeration of the '@gender' field"),
    (#"{"gender":""}"#, "RST-360011", "enumeration"),
    (#"{"age":3}"#, "RST-360011", "Cannot update the 'age' property that is read-only"),
    (#"{"title":"x"}"#, "RST-360011", "read-only"),
    (#"{"domain":"x"}"#, "RST-360011", "read-only"),
    (#"{"postalAddress":{"line1":"x"}}"#, "RST-360011", "read-only"),
    (#"{"no":1}"#, "RST-360011", "'no' property is not valid for the 'profile' resource."),
    (#"{"location.city":"x"}"#, "RST-360011", "property is not valid"),
    (#"{"denyListEmail":true}"#, "RST-360011", "property is not valid"),
    (#"{"cusLoyaltyPoints":"a"}"#, "BAS-010040", "Cannot convert 'a' (type text) to integer"),
    (#"{"blackListEmail":"maybe"}"#, "BAS-010040", "to boolean type"),
    (#"{"birthDate":"31/12/2000"}"#, "BAS-010040", "to date type"),
    (#"{"birthDate":"2001-02-29"}"#, "BAS-010040", "to date type"),
    (#"{"email":"no address"}"#, "RST-360011", "email"),
    (#"{"salutation":"ééééééééééééééééééééé"}"#, "PGS-220000", "varying(20)"),
    ("[]", "RST-360000", "cannot be read"), ("{", "RST-360000", "cannot be read"),
  ]

  @Test("A body with a fault is 500 with plain text and a code", arguments: faults)
  func refused(body: String, code: String, text: String) async {
    let visitor = await Visitor()
    let answer = await visitor.call("POST", Visitor.ext, text: body)
    #expect(answer.status == 500)
    #expect(answer.text.contains(code) && answer.text.contains(text))
    #expect(answer.json == .null)
    #expect(await visitor.service.count(of: "profile") == 0)
  }

  static let forms: [(field: String, sent: JSONValue, shown: JSONValue)] = [
    ("birthDate", "1990-04-17T10:00:00Z", "1990-04-17"),
    ("cusCustomerSince", "2026-02-03T08:00:00+01:00", "2026-02-03 07:00:00.000Z"),
    ("cusCustomerSince", "2026-02-03", "2026-02-03 00:00:00.000Z"),
    ("blackList", 1, true), ("cusLoyaltyPoints", "12", 12),
    ("cusCreditLimit", .number("20000.0000"), 20000), ("firstName", 5, "5"),
    ("gender", .null, "unknown"), ("firstName", .null, ""),
  ]

  @Test("Values are taken in several forms and shown in one", arguments: forms)
  func oneForm(field: String, sent: JSONValue, shown: JSONValue) async {
    let visitor = await Visitor()
    let answer = await visitor.create("a", [(field, sent)])
    #expect(answer.status == 201)
    #expect(answer.json[field] == shown)
  }

  @Test("A second row with the key is a duplicate; without a declared key both are there")
  func duplicates() async throws {
    let visitor = await Visitor()
    await visitor.create("a")
    let second = await visitor.create("a")
    #expect(second.status == 500)
    #expect(second.text.contains("with the same key 'a' already exists"))
    #expect(second.text.contains("PGS-220000"))
    try await visitor.service.apply(knobs: ["uniqueKeys": false])
    #expect(await visitor.create("a").status == 201)
    let both = await visitor.get(Visitor.ext + "/byExternalId?externalId_parameter=a")
    #expect(both.keys == ["a", "a"])
  }

  @Test("The key does not change through PATCH, but an empty one may be filled")
  func keyChange() async {
    let visitor = await Visitor()
    let row = await visitor.create("a")
    await visitor.create("b")
    let href = row.json["href"]?.text ?? ""
    #expect(await visitor.call("PATCH", href, ["externalId": "c"]).text.hasPrefix("RST-360012"))
    #expect(await visitor.call("PATCH", href, ["externalId": "b"]).text.contains("PGS-220000"))
    #expect(await visitor.call("PATCH", href, ["externalId": "a"]).status == 200)
    let bare = await visitor.call("POST", Visitor.ext, ["email": "a@example.org"])
    let filled = await visitor.call("PATCH", bare.json["href"]?.text ?? "", ["externalId": "d"])
    #expect(filled.status == 200)
  }

  @Test("By business key: Ext only, 404 text on a miss")
  func businessKey() async {
    let visitor = await Visitor()
    await visitor.create("a", [("firstName", "Lina")])
    #expect(await visitor.get(Visitor.ext + "/a").json["firstName"] == "Lina")
    #expect(await visitor.call("PATCH", Visitor.ext + "/a", ["firstName": "Mina"]).status == 200)
    let miss = await visitor.call("PATCH", Visitor.ext + "/zz", ["firstName": "Mina"])
    #expect(miss.status == 404)
    #expect(miss.text.contains("Unable to find document with path 'Profiles' from key 'zz:0'"))
    #expect(await visitor.get(Visitor.base + "/a").status == 500)
    let body = await visitor.call("PATCH", Visitor.ext, ["externalId": "a", "firstName": "Nina"])
    #expect(body.status == 200)
  }

  @Test("Handles: invented, for another use, of a row that is gone, of an older generation")
  func handles() async throws {
    let visitor = await Visitor()
    let row = await visitor.create("a")
    let href = row.json["href"]?.text ?? ""
    let invented = await visitor.get(Visitor.ext + "/@gibberish")
    #expect(invented.status == 500)
    #expect(invented.text.contains("'@gibberish' is not a valid constant"))
    #expect(
      invented.text.contains("attribute unknown (see definition of 'Profiles (nms:recipient)'"))
    let collection = row.json["subscriptions"]?["href"]?.text ?? ""
    #expect(await visitor.get(collection).status == 200)
    #expect(await visitor.get(href + "/subscriptions/").status == 500)
    let inner = collection.split(separator: "/").dropLast().last.map(String.init) ?? ""
    #expect(inner != row.handle && inner.prefix(20) == row.handle.prefix(20))
    #expect(await visitor.get(Visitor.ext + "/" + inner).status == 500)
    #expect(await visitor.call("DELETE", href).status == 200)
    #expect(await visitor.call("DELETE", href).status == 404)
    try await visitor.service.apply(knobs: ["handleGeneration": 1])
    #expect(await visitor.call("DELETE", href).status == 500)
  }

  @Test("Extension fields exist below Ext only, and addresses stay in the family that was asked")
  func families() async {
    let visitor = await Visitor()
    await visitor.create("a", [("cusLoyaltyTier", "GOLD"), ("email", "a@example.org")])
    let base = await visitor.get(Visitor.base + "/byEmail?email=a%40example.org")
    let row = base.json["content"]?.items?.first
    #expect(row != nil && row?["cusLoyaltyTier"] == nil)
    #expect(row?["href"]?.text?.contains("/profileAndServices/profile/@") ?? false)
    let sent = await visitor.call("POST", Visitor.base, ["cusLoyaltyTier": "GOLD"])
    #expect(sent.text.contains("property is not valid"))
    #expect(await visitor.get("/profileAndServices/cusVehicle").status == 404)
    #expect(await visitor.get("/profileAndServicesExt/cusVehicle").status == 200)
    #expect(await visitor.get("/customResources/cusVehicle").status == 404)
    #expect(await visitor.get("/customResources/cusDealer").status == 200)
    #expect(await visitor.get("/profileAndServicesExt/cusDealer").status == 404)
    #expect(await visitor.get("/customResources/cusNothing").status == 404)
  }

  @Test("Opt-outs are blackList or denyList, whichever the instance uses; the value is one")
  func optOutNames() async throws {
    let visitor = await Visitor()
    let row = await visitor.create("a", [("blackListEmail", true)])
    try await visitor.service.apply(knobs: ["denyListNames": true])
    let shown = await visitor.get(row.json["href"]?.text ?? "")
    #expect(shown.json["denyListEmail"] == true && shown.json["blackListEmail"] == nil)
    let body: JSONValue = ["denyListPushnotification": true]
    #expect(await visitor.call("PATCH", row.json["href"]?.text ?? "", body).status == 200)
  }

  @Test("A child of cardinality 1 is hidden until its parent is there, and goes with it")
  func hiddenChild() async throws {
    let visitor = await Visitor()
    try await visitor.service.apply(knobs: ["oneCardinality": ["cusVehicle"]])
    let path = "/profileAndServicesExt/cusVehicle"
    let body: JSONValue = ["externalId": "v1", "profileExternalId": "a", "vin": "X"]
    let child = await visitor.call("POST", path, body)
    #expect(child.status == 201)
    let href = child.json["href"]?.text ?? ""
    let filter = path + "/byExternalId?externalId_parameter=v1"
    #expect(await visitor.get(filter).keys == [])
    #expect(await visitor.call("PATCH", href, ["vin": "Y"]).status == 404)
    #expect(await visitor.call("DELETE", href).status == 404)
    #expect(await visitor.call("POST", path, body).text.contains("PGS-220000"))

    let parent = await visitor.create("a", [("email", "a@example.org")])
    let found = await visitor.get(filter)
    #expect(found.keys == ["v1"])
    let owner = found.json["content"]?.items?.first?["vehicleOwner"]
    #expect(owner?["title"] == "(a@example.org)")
    #expect(await visitor.call("PATCH", href, ["vin": "Y"]).status == 200)
    _ = await visitor.call("DELETE", parent.json["href"]?.text ?? "")
    #expect(await visitor.service.count(of: "cusVehicle") == 0)
  }

  @Test("A link is set by handle; its contents are ignored")
  func links() async {
    let visitor = await Visitor()
    let units = await visitor.get("/profileAndServices/orgUnitBase")
    let unit = units.json["content"]?.items?.first?["PKey"] ?? .null
    let row = await visitor.create("a", [("orgUnit", ["PKey": unit])])
    #expect(row.json["orgUnit"]?["PKey"] != nil)
    let ignored = await visitor.create("b", [("orgUnit", ["label": "x"])])
    #expect(ignored.status == 201 && ignored.json["orgUnit"] == nil)
    #expect(await visitor.create("c", [("orgUnit", ["PKey": "@x"])]).status == 500)
  }
}
