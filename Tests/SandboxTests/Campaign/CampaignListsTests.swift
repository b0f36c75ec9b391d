import Core
import Sandbox
import Testing

@Suite("Campaign stand-in: lists and metadata")
struct CampaignListsTests {
  typealias Visitor = CampaignVisitor

  func visitor(rows: Int) async -> Visitor {
    let visitor = await Visitor()
    for row in 0..<rows {
      await visitor.create(
        "k\(100 + row)",
        [
          ("email", .string("m\(row % 7)@example.org")), ("lastName", .string("Name\(row)")),
          ("cusLoyaltyPoints", .number(String(row * 37 % 50))),
        ])
    }
    return visitor
  }

  func walk(_ visitor: Visitor, _ path: String) async -> [Visitor.Answer] {
    var pages = [await visitor.get(path)]
    while let next = pages.last?.next { pages.append(await visitor.get(next)) }
    return pages
  }

  @Test("A page has 25 rows; the links lead through all rows once")
  func paging() async {
    let visitor = await visitor(rows: 60)
    let pages = await walk(visitor, Visitor.ext)
    #expect(pages.map(\.keys.count) == [25, 25, 10])
    #expect(pages.flatMap(\.keys) == (100..<160).map { "k\($0)" })
    #expect(pages[0].next?.contains("_lineCount=25&_lineStart=@") ?? false)
    #expect(pages[0].json["serverSidePagination"] == true)
    let count = await visitor.get(pages[0].json["count"]?["href"]?.text ?? "")
    #expect(count.json["count"]?.integer == 60)
    #expect(await visitor.get(Visitor.ext + "?_lineCount=500").keys.count == 60)
    #expect(await visitor.get(Visitor.ext + "?_lineStart=@abc").status == 500)
    #expect(await visitor.get(Visitor.ext + "?_lineCount=many").text.contains("BAS-010040"))
    #expect(await visitor.get("/profileAndServicesExt/profile.json?_lineCount=1").keys == ["k100"])
  }

  @Test("Above the big table's threshold there is no next page unless it is forced")
  func bigTable() async throws {
    let visitor = await visitor(rows: 30)
    try await visitor.service.apply(knobs: ["bigTable": 29])
    #expect(await visitor.get(Visitor.ext).next == nil)
    let pages = await walk(visitor, Visitor.ext + "?_lineCount=20&_forcePagination=true")
    #expect(pages.flatMap(\.keys).count == 30)
  }

  @Test("Order is by value, both ways, over pages; unsortable fields are refused")
  func order() async {
    let visitor = await visitor(rows: 30)
    let pages = await walk(
      visitor, Visitor.ext + "?_order=cusLoyaltyPoints%20desc&_lineCount=7")
    let points = pages.flatMap { $0.json["content"]?.items ?? [] }.compactMap {
      $0["cusLoyaltyPoints"]?.integer
    }
    #expect(points.count == 30 && points == points.sorted(by: >))
    #expect(await visitor.get(Visitor.ext + "?_order=subscriptions").status == 500)
    #expect(await visitor.get(Visitor.ext + "?_order=title").status == 500)
  }

  @Test("Filters: by key, by e-mail, chained, and 200 with nothing on a miss")
  func filters() async throws {
    let visitor = await visitor(rows: 14)
    let hit = await visitor.get(Visitor.ext + "/byExternalId?externalId_parameter=k103")
    #expect(hit.keys == ["k103"])
    #expect(hit.json["count"]?["value"]?.integer == 1)
    #expect(hit.json["count"]?["href"]?.text?.contains("profile//byExternalId/_count?") ?? false)
    let count = await visitor.get(hit.json["count"]?["href"]?.text ?? "")
    #expect(count.json["count"]?.integer == 1)
    let miss = await visitor.get(Visitor.ext + "/byExternalId?externalId_parameter=zz")
    #expect(miss.status == 200 && miss.json["content"] == [])
    #expect(miss.json["count"]?["value"]?.integer == 0)
    let both = await visitor.get(Visitor.ext + "/byEmail/byText?email=m1%40example.org&text=m1")
    #expect(both.keys == ["k101", "k108"])
    #expect(await visitor.get(Visitor.ext + "/byExternalId?externalId=k103").status == 500)
    #expect(await visitor.get(Visitor.base + "/byExternalId?externalId_parameter=a").status == 500)
    try await visitor.service.apply(knobs: ["looseFilters": true])
    #expect(await visitor.get(Visitor.ext + "/byExternalId?externalId=k103").keys.count == 14)
    try await visitor.service.apply(knobs: ["keyFilters": false])
    #expect(await visitor.get(Visitor.ext + "/byExternalId?externalId_parameter=a").status == 404)
  }

  @Test(
    "byText is a case-sensitive prefix",
    arguments: [
      ("text=Name13", 1), ("text=name13", 0), ("text=ame13", 0), ("text=m1", 2),
      ("text=Name1&filterType=lastName", 5), ("text=m1&filterType=lastName", 0),
    ])
  func byText(query: String, rows: Int) async {
    let visitor = await visitor(rows: 14)
    #expect(await visitor.get(Visitor.ext + "/byText?" + query).keys.count == rows)
  }

  @Test("One attribute of all rows is a flat list")
  func column() async {
    let visitor = await visitor(rows: 3)
    let answer = await visitor.get(Visitor.ext + "/lastName?_lineCount=2")
    #expect(answer.json["content"] == ["Name0", "Name1"])
    #expect(answer.next?.contains("/profile/lastName?") ?? false)
    #expect(await visitor.get(Visitor.base + "/cusLoyaltyTier").status == 500)
  }

  @Test("Metadata tells types, names and, behind its link, the filters")
  func metadata() async throws {
    let visitor = await Visitor()
    let answer = await visitor.get("/profileAndServicesExt/resourceType/profile")
    #expect(answer.json["schema"] == "nms:recipient")
    let content = answer.json["content"]
    #expect(content?["email"]?["dataPolicy"] == "email")
    #expect(content?["gender"]?["type"] == "enumeration")
    #expect(
      content?["gender"]?["values"]?.items?.compactMap { $0["name"]?.text } == [
        "unknown", "male", "female",
      ])
    #expect(content?["location"]?["content"]?["city"]?["type"] == "string")
    #expect(content?["blackListEmail"]?["type"] == "boolean")
    #expect(content?["orgUnit"]?["resTarget"] == "orgUnitBase")
    let filters = await visitor.get(answer.json["filters"]?["href"]?.text ?? "")
    #expect(filters.json["byExternalId"]?["data"]?.text?.contains("externalId_parameter") ?? false)
    let base = await visitor.get("/profileAndServices/resourceType/profile")
    #expect(base.json["content"]?["cusLoyaltyTier"] == nil)
    try await visitor.service.apply(knobs: ["denyListNames": true])
    let renamed = await visitor.get("/profileAndServicesExt/resourceType/profile")
    #expect(renamed.json["content"]?["denyListEmail"] != nil)
    #expect(renamed.json["content"]?["blackListEmail"] == nil)
    let list = await visitor.get("/profileAndServicesExt/")
    #expect(list.json["cusVehicle"]?["type"] == "collection")
    #expect(await visitor.get("/customResources/resourceType/cusDealer").status == 200)
    try await visitor.service.apply(knobs: ["extensionPublished": false])
    #expect(await visitor.get("/profileAndServicesExt/resourceType/profile").status == 404)
    try await visitor.service.apply(knobs: ["extensionPublished": true])
    #expect(await visitor.get("/profileAndServicesExt/resourceType/cusDealer").status == 404)
  }
}
