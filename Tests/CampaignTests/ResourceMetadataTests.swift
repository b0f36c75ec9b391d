import Core
import JSONPages
import Testing

@testable import Campaign

@Suite("A resource's description becomes its schema")
struct ResourceMetadataTests {
  private func schema(_ name: String = "profile") throws -> ResourceSchema {
    let document = try JSONDocument.parse(try fixture("profile.metadata.json"))
    let metadata = try #require(ResourceMetadata(document, of: name))
    return ResourceSchema(name: name, family: .profileAndServicesExt, fields: metadata.fields)
  }

  @Test(
    "Kinds come from the technical type, then from the high-level one",
    arguments: [
      ("firstName", FieldSchema.Kind.text), ("birthDate", .date), ("cusCustomerSince", .dateTime),
      ("cusCreditLimit", .number), ("cusLoyaltyPoints", .integer), ("blackList", .boolean),
      ("gender", .enumeration(["unknown", "male", "female"])), ("country", .link),
      ("subscriptions", .collection), ("location.city", .text),
    ])
  func kinds(_ name: String, _ kind: FieldSchema.Kind) throws {
    #expect(try schema().field(name)?.kind == kind)
  }

  @Test(
    "Computed fields and Campaign's own are read-only",
    arguments: [
      ("age", true), ("title", true), ("created", true), ("PKey", true), ("cusScore", true),
      ("postalAddress.serialized", true), ("postalAddress.addrDefined", false), ("email", false),
      ("location.city", false),
    ])
  func readOnly(_ name: String, _ expected: Bool) throws {
    #expect(try schema().field(name)?.isReadOnly == expected)
  }

  @Test("Lengths of built-in fields are known for profile, and only there")
  func lengths() throws {
    #expect(try schema().field("firstName")?.maxLength == 30)
    #expect(try schema().field("externalId")?.maxLength == 100)
    #expect(try schema().field("cusLoyaltyPoints")?.maxLength == nil)
    #expect(try schema("cusVehicle").field("firstName")?.maxLength == nil)
  }

  @Test("An opt-out is found by both of its names")
  func optOuts() throws {
    #expect(try schema().field("denyListEmail")?.name == "blackListEmail")
    #expect(try schema().field("blackListEmail")?.alias == "denyListEmail")
    #expect(BuiltInProfile.alias(of: "denyListPushnotification") == "blackListPushnotification")
    #expect(try schema().field("ccpaOptOut")?.alias == nil)
  }

  @Test("An address block without a description of its own has its built-in members")
  func bareLocation() throws {
    let metadata = try #require(
      ResourceMetadata(["content": ["location": ["type": "item"]]], of: "profile"))
    #expect(metadata.fields.map(\.name).contains("location.zipCode"))
    #expect(!metadata.fields.map(\.name).contains("location"))
  }

  @Test("Values of an enumeration may be a list")
  func listedValues() {
    let kind = fieldKind([
      "type": "enumeration", "values": [["name": "a"], ["name": "__Invalid_value__"], "b"],
    ])
    #expect(kind == .enumeration(["a", "b"]))
  }

  @Test("A document without fields is no description")
  func noFields() {
    #expect(ResourceMetadata(["content": [:]], of: "profile") == nil)
    #expect(ResourceMetadata(["content": []], of: "profile") == nil)
  }
}
