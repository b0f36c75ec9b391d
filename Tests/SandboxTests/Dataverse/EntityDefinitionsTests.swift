import Core
import HTTP
import JSONPages
import Sandbox
import Testing

@Suite struct EntityDefinitionsTests {
  @Test("A table is found by name, by filter and by id")
  func table() async throws {
    let fixture = try await DataverseFixture()
    let one = try await fixture.get(
      "EntityDefinitions(LogicalName='contact')?$select=EntitySetName,ChangeTrackingEnabled")
    #expect(one["EntitySetName"] == "contacts")
    #expect(one["ChangeTrackingEnabled"] == true)
    #expect(one["PrimaryIdAttribute"] == nil)
    let id = try #require(one["MetadataId"]?.text)
    #expect(try await fixture.get("EntityDefinitions(\(id))")["LogicalName"] == "contact")
    // As Microsoft's Python SDK writes it: encoded names, blanks as plus signs.
    let listed = try await fixture.get(
      "EntityDefinitions?%24select=LogicalName%2CEntitySetName%2CPrimaryIdAttribute"
        + "&%24filter=LogicalName+eq+%27contact%27")
    #expect(listed["value"]?.items?.map { $0["PrimaryIdAttribute"] } == ["contactid"])
    let tracked = try await fixture.get(
      "EntityDefinitions?$select=LogicalName&$filter=IsPrivate eq false and "
        .replacing(" ", with: "%20")
        + "CanChangeTrackingBeEnabled/Value%20eq%20true")
    #expect(tracked["value"]?.items?.count == 14)
    #expect(
      try await fixture.fault("GET", "EntityDefinitions(LogicalName='nosuch')")
        == "404 0x80060888")
    #expect(
      try await fixture.fault("GET", "EntityDefinitions?$filter=startswith(LogicalName,'c')")
        == "501 0x8006088a")
  }

  @Test("Attributes have common properties, details behind a cast, choices behind an expand")
  func attributes() async throws {
    let fixture = try await DataverseFixture()
    let base = "EntityDefinitions(LogicalName='contact')/Attributes"
    let all = try await fixture.get(
      base + "?$select=LogicalName,AttributeType,AttributeTypeName,AttributeOf,IsValidForRead")
    let names = try #require(all["value"]?.items).compactMap { $0["LogicalName"]?.text }
    #expect(names.count == Set(names).count)
    #expect(names.contains("gendercodename"))
    #expect(try await fixture.fault("GET", base + "?$select=MaxLength") == "400 0x80060888")
    let texts = try await fixture.get(
      base + "/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength")
    let first = try #require(texts["value"]?.items).first { $0["LogicalName"] == "firstname" }
    #expect(first?["MaxLength"] == 50)
    let choices = try await fixture.get(
      base + "/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?$select=LogicalName"
        + "&$expand=OptionSet($select=Options),GlobalOptionSet($select=Options)")
    let tier = try #require(choices["value"]?.items).first {
      $0["LogicalName"] == "cs_loyaltytier"
    }
    #expect(tier?["OptionSet"]?["Options"]?.items?.count == 4)
    #expect(tier?["GlobalOptionSet"]?["Name"] == "cs_tier")
    let dates = try await fixture.get(
      base + "/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata")
    let birth = try #require(dates["value"]?.items).first { $0["LogicalName"] == "birthdate" }
    #expect(birth?["DateTimeBehavior"]?["Value"] == "DateOnly")
    #expect(
      try await fixture.fault("GET", base + "/Microsoft.Dynamics.CRM.EnumAttributeMetadata")
        == "404 0x8006088a")
  }

  @Test("Every column of the metadata that rows carry can be selected")
  func selectable() async throws {
    let fixture = try await DataverseFixture()
    let all = try await fixture.get(
      "EntityDefinitions(LogicalName='contact')/Attributes?$select=LogicalName,AttributeType,"
        + "AttributeTypeName,AttributeOf,IsValidForRead")
    let names = try #require(all["value"]?.items).compactMap { attribute -> String? in
      guard attribute["IsValidForRead"] == true, attribute["AttributeOf"] == .null,
        let name = attribute["LogicalName"]?.text
      else { return nil }
      switch attribute["AttributeType"]?.text {
      case "Lookup", "Customer", "Owner": return "_\(name)_value"
      case "Virtual":
        let kind = attribute["AttributeTypeName"]?["Value"]
        return kind == "MultiSelectPicklistType" ? name : nil
      default: return name
      }
    }
    #expect(names.count >= 60)
    let rows = try await fixture.get(
      "contacts?$top=1&$select=\(names.joined(separator: ","))")
    #expect(rows["value"]?.items?.first?.members?.count == names.count + 1)
  }

  @Test("Relationships, keys, identity, organization, expiry, privileges")
  func documents() async throws {
    let fixture = try await DataverseFixture()
    let relations = try await fixture.get(
      "EntityDefinitions(LogicalName='contact')/ManyToOneRelationships?$filter="
        + "ReferencingAttribute%20eq%20'parentcustomerid'")
    #expect(
      Set(
        try #require(relations["value"]?.items).compactMap {
          $0["ReferencingEntityNavigationPropertyName"]?.text
        }) == ["parentcustomerid_account", "parentcustomerid_contact"])
    let keys = try await fixture.get("EntityDefinitions(LogicalName='contact')/Keys")
    #expect(keys["value"]?.items?.first?["EntityKeyIndexStatus"] == "Active")
    let me = try await fixture.get("WhoAmI()")
    let organization = try await fixture.get(
      "RetrieveCurrentOrganization(AccessType=Microsoft.Dynamics.CRM.EndpointAccessType'Default')")
    #expect(organization["Detail"]?["OrganizationId"] == me["OrganizationId"])
    let expiry = try await fixture.get(
      "organizations?$select=expirechangetrackingindays,name")
    #expect(expiry["value"]?.items?.first?["expirechangetrackingindays"] == 7)
    let user = try #require(me["UserId"]?.text)
    let privileges = try await fixture.get(
      "systemusers(\(user))/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()")
    #expect(
      try #require(privileges["RolePrivileges"]?.items).contains {
        $0["PrivilegeName"] == "prvReadContact" && $0["Depth"] == "Global"
      })
    #expect(try await fixture.get("")["value"]?.items?.count == 14)
    #expect(try await fixture.send("GET", "$metadata").status == 200)
    #expect(try await fixture.fault("GET", "nosuchs") == "404 0x8006088a")
    #expect(
      try await fixture.fault("POST", "WhoAmI") == "404 ")
  }
}
