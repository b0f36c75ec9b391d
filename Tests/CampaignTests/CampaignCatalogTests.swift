import Core
import HTTP
import Testing

@testable import Campaign

@Suite("What the instance offers is discovered")
struct CampaignCatalogTests {
  private let missing = text(404, "RST-360011 An error has occurred.")

  @Test("Profile is served by the extension family")
  func profile() async throws {
    let script = try ScriptedCampaign(answer(200, "profile.metadata.json"))
    let schema = try await client(script).resource("profile")
    #expect(schema.family == .profileAndServicesExt)
    #expect(await script.lines == ["GET \(base)/profileAndServicesExt/resourceType/profile"])
  }

  @Test("A resource not linked to profile is found below customResources")
  func unlinked() async throws {
    let script = try ScriptedCampaign(missing, answer(200, "profile.metadata.json"))
    let schema = try await client(script).resource("cusStore")
    #expect(schema.family == .customResources)
    #expect(await script.lines.last == "GET \(base)/customResources/resourceType/cusStore")
  }

  @Test("Only the basic API: the words say what to publish")
  func extensionMissing() async throws {
    let script = try ScriptedCampaign(missing, answer(200, "profile.metadata.json"))
    let error = try await failure { try await client(script).resource("profile") }
    #expect(error.kind == .configuration)
    #expect(error.next?.contains("Create the Profiles & Services Ext API") == true)
  }

  @Test("An unknown resource is a configuration error", arguments: ["profile", "cusNone"])
  func unknown(_ name: String) async throws {
    let script = ScriptedCampaign(missing, missing)
    let error = try await failure { try await client(script).resource(name) }
    #expect(error.kind == .configuration)
  }

  @Test("A gateway that knows no such organisation is not an unknown resource")
  func unroutable() async throws {
    let script = ScriptedCampaign(text(500, CampaignFaultTests.oops))
    let error = try await failure { try await client(script).resource("cusVehicle") }
    #expect(error.kind == .configuration)
    #expect(error.next?.contains("campaign.url") == true)
    #expect(await script.requests.count == 1)
  }

  @Test("The lookup filter is proven by the list of filters and by its own answer")
  func lookupProven() async throws {
    let script = try ScriptedCampaign(
      answer(200, "profile.metadata.json"), answer(200, "profile.filters.json"),
      answer(200, "profile.none.json"))
    try await client(script).proveLookup(profileSchema, lookup: nil, key: "externalId")
    #expect(await script.requests.count == 3)
  }

  @Test("A filter that is not listed: the words name the page that adds it")
  func lookupMissing() async throws {
    let script = try ScriptedCampaign(
      answer(200, "profile.metadata.json"), answer(200, "profile.filters.json"))
    let error = try await failure {
      try await client(script).proveLookup(
        profileSchema, lookup: "byCrm?crm_parameter", key: "externalId")
    }
    #expect(error.kind == .configuration)
    #expect(error.next?.contains("docs/import-workflow.md") == true)
    #expect(error.reason.contains("byCrm"))
  }

  @Test("A filter that finds something for any key is caught")
  func lookupIgnored() async throws {
    let script = try ScriptedCampaign(
      answer(200, "profile.metadata.json"), answer(200, "profile.filters.json"),
      answer(200, "profile.found.json"))
    let error = try await failure {
      try await client(script).proveLookup(profileSchema, lookup: nil, key: "externalId")
    }
    #expect(error.reason.contains("any key"))
  }

  @Test("A filter that is listed nowhere and refused when called is missing")
  func lookupRefused() async throws {
    let script = try ScriptedCampaign(text(200, #"{"content":{}}"#), answer(500, "error.pkey.txt"))
    let error = try await failure {
      try await client(script).proveLookup(profileSchema, lookup: nil, key: "externalId")
    }
    #expect(error.reason.contains("byExternalId"))
  }

  @Test("A key that is no field of the resource")
  func keyMissing() async throws {
    let error = try await failure {
      try await client(ScriptedCampaign()).proveLookup(profileSchema, lookup: nil, key: "crmId")
    }
    #expect(error.next?.contains("to.key") == true)
  }
}
