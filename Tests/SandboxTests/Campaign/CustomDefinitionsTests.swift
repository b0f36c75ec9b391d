import Core
import Sandbox
import Testing

@Suite("Custom resources of the chain")
struct CustomDefinitionsTests {
  static let ext = "/profileAndServicesExt/"

  static let places = [
    ("cusAccount", "/customResources/", ext), ("cusVehicle", ext, "/customResources/"),
    ("cusService", ext, "/customResources/"), ("cusServiceItem", ext, "/customResources/"),
  ]

  @Test("Each is in its family only, with its key and its filter", arguments: places)
  func families(resource: String, family: String, other: String) async {
    let visitor = await CampaignVisitor()
    let body: JSONValue = ["externalId": "k1", "name": "one"]
    #expect(await visitor.call("POST", other + resource, body).status == 404)
    try? await visitor.service.apply(knobs: ["zeroOrOneCardinality": ["cusServiceItem"]])
    #expect(await visitor.call("POST", family + resource, body).status == 201)
    #expect(await visitor.call("POST", family + resource, body).text.contains("PGS-220000"))
    let found = await visitor.get(family + resource + "/byExternalId?externalId_parameter=k1")
    #expect(found.keys == ["k1"])
  }

  @Test("A vehicle shows without its profile; an item does not without its service")
  func cardinality() async throws {
    let visitor = await CampaignVisitor()
    let vehicle: JSONValue = ["externalId": "v", "profileExternalId": "p"]
    let item: JSONValue = ["externalId": "i", "serviceExternalId": "s"]
    #expect(await visitor.call("POST", Self.ext + "cusVehicle", vehicle).status == 201)
    #expect(await visitor.call("POST", Self.ext + "cusServiceItem", item).status == 201)
    #expect(await visitor.get(Self.ext + "cusVehicle").keys == ["v"])
    #expect(await visitor.get(Self.ext + "cusServiceItem").keys == [])
    let change = Self.ext + "cusServiceItem/i"
    #expect(await visitor.call("PATCH", change, ["name": "x"]).status == 404)
    try await visitor.service.apply(knobs: ["hiddenStatus": 500])
    #expect(await visitor.call("PATCH", change, ["name": "x"]).status == 500)
    #expect(await visitor.call("DELETE", change).status == 500)
    #expect(await visitor.get(change).status == 404)

    try await visitor.service.apply(knobs: [
      "oneCardinality": ["cusVehicle"], "zeroOrOneCardinality": ["cusServiceItem"],
    ])
    #expect(await visitor.get(Self.ext + "cusVehicle").keys == [])
    #expect(await visitor.get(Self.ext + "cusServiceItem").keys == ["i"])
  }

  @Test("An item needs its service only: the service may lack its vehicle")
  func chain() async {
    let visitor = await CampaignVisitor()
    let service: JSONValue = ["externalId": "s", "vehicleExternalId": "v"]
    let item: JSONValue = ["externalId": "i", "serviceExternalId": "s"]
    _ = await visitor.call("POST", Self.ext + "cusServiceItem", item)
    _ = await visitor.call("POST", Self.ext + "cusService", service)
    #expect(await visitor.get(Self.ext + "cusServiceItem").keys == ["i"])
    #expect(await visitor.call("PATCH", Self.ext + "cusServiceItem/i", ["name": "x"]).status == 200)
  }

  static let endings = [("asPublished", 0, ""), ("clear", 1, ""), ("nothing", 1, "p")]

  @Test("Rows that point at a deleted one go, lose their link, or dangle", arguments: endings)
  func targetDeleted(knob: String, count: Int, field: String) async throws {
    let visitor = await CampaignVisitor()
    try await visitor.service.apply(knobs: ["whenTargetDeleted": .string(knob)])
    let profile = await visitor.create("p")
    let vehicle: JSONValue = ["externalId": "v", "profileExternalId": "p"]
    _ = await visitor.call("POST", Self.ext + "cusVehicle", vehicle)
    _ = await visitor.call("DELETE", profile.json["href"]?.text ?? "")
    let rows = await visitor.get(Self.ext + "cusVehicle").json["content"]?.items ?? []
    #expect(rows.count == count)
    #expect(rows.allSatisfy { $0["profileExternalId"]?.text == field })
  }

  @Test("Each resource has its own import workflow")
  func workflows() async {
    let visitor = await CampaignVisitor()
    #expect(
      await visitor.service.workflowStates.keys.sorted()
        == ["WKF101", "WKF102", "WKF103", "WKF104", "WKF105"])
  }
}
