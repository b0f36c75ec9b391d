import Core
import Testing

@Suite struct MappingGuessTests {
  private let table = TableSchema(
    logicalName: "contact", entitySet: "contacts", primaryId: "contactid", isChangeTracked: true,
    columns: [
      ColumnSchema(name: "contactid", kind: .uniqueIdentifier),
      ColumnSchema(name: "firstname", kind: .string, maxLength: 50),
      ColumnSchema(name: "emailaddress1", kind: .string, maxLength: 100),
      ColumnSchema(
        name: "gendercode", kind: .picklist,
        options: [.init(value: "1", labels: [:]), .init(value: "2", labels: [:])]),
      ColumnSchema(name: "address1_city", kind: .string),
      ColumnSchema(name: "address2_city", kind: .string),
      ColumnSchema(name: "cs_loyaltytier", kind: .picklist),
      ColumnSchema(name: "birthdate", kind: .boolean),
      ColumnSchema(name: "donotbulkemail", kind: .boolean),
      ColumnSchema(name: "fax", kind: .string, isReadable: false),
      ColumnSchema(name: "title", kind: .string),
    ])
  private let profile = ResourceSchema(
    name: "profile", family: .profileAndServicesExt,
    fields: [
      FieldSchema(name: "externalId", kind: .text), FieldSchema(name: "firstName", kind: .text),
      FieldSchema(name: "email", kind: .text), FieldSchema(name: "fax", kind: .text),
      FieldSchema(name: "gender", kind: .enumeration(["unknown", "male", "female"])),
      FieldSchema(name: "location.city", kind: .text),
      FieldSchema(name: "cusLoyaltyTier", kind: .text),
      FieldSchema(name: "birthDate", kind: .date),
      FieldSchema(name: "title", kind: .text, isReadOnly: true),
      FieldSchema(name: "blackListEmail", alias: "denyListEmail", kind: .boolean),
    ])

  @Test func pairsAreGuessedByNameAndCompile() throws {
    let fields = MappingGuess.fields(table, profile, key: "externalId")
    let pairs: [String] = fields.map { "\($0.from) \($0.to)" }
    let expected = [
      "firstname firstName", "emailaddress1 email", "gendercode gender",
      "address1_city location.city", "cs_loyaltytier cusLoyaltyTier",
    ]
    #expect(pairs == expected)
    #expect(fields[2].replace == ["1": "male", "2": "female"])
    let settings = IngressSettings(
      name: "contacts", table: "contact", resource: "profile", key: "externalId", fields: fields)
    #expect(RowPlan.findings(settings, table: table, resource: profile).isEmpty)
  }

  @Test func aLookupGoesToTheFieldNamedAfterItsParent() {
    let vehicle = TableSchema(
      logicalName: "cs_vehicle", entitySet: "cs_vehicles", primaryId: "cs_vehicleid",
      isChangeTracked: true,
      columns: [
        ColumnSchema(
          name: "cs_owner", wireName: "_cs_owner_value", kind: .lookup(targets: ["contact"])),
        ColumnSchema(
          name: "cs_home", wireName: "_cs_home_value",
          kind: .lookup(targets: ["account", "contact"])
        ),
      ])
    let resource = ResourceSchema(
      name: "cusVehicle", family: .profileAndServicesExt,
      fields: [
        FieldSchema(name: "externalId", kind: .text),
        FieldSchema(name: "profileExternalId", kind: .text),
        FieldSchema(name: "accountExternalId", kind: .text),
      ])
    let fields = MappingGuess.fields(vehicle, resource, key: "externalId")
    #expect(fields.map(\.from) == ["cs_owner"] && fields.map(\.to) == ["profileExternalId"])
  }

  @Test(arguments: [
    ("contact", "profile"), ("cs_vehicle", "cusVehicle"), ("account", "cusAccount"),
  ])
  func aResourceIsGuessedFromTheTable(table: String, resource: String) {
    #expect(MappingGuess.resource(of: table) == resource)
  }
}
