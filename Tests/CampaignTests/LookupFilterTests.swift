import Core
import Testing

@testable import Campaign

@Suite("The lookup filter")
struct LookupFilterTests {
  @Test(
    "Is derived from the key, or as configured",
    arguments: [
      (nil, "externalId", "byExternalId?externalId_parameter=x"),
      (nil, "crmId", "byCrmId?crmId_parameter=x"),
      ("byCrm?crm_id_parameter", "externalId", "byCrm?crm_id_parameter=x"),
      ("byCrm?crm_id_parameter=", "externalId", "byCrm?crm_id_parameter=x"),
    ] as [(String?, String, String)])
  func forms(_ lookup: String?, _ key: String, _ expected: String) throws {
    #expect(try LookupFilter(lookup: lookup, key: key).url(of: "c", key: "x") == "c/\(expected)")
  }

  @Test(
    "Anything else is a configuration error",
    arguments: ["", "byCrm", "?p", "by/../x?p", "byCrm?a=b", "byCrm?a&b", "byCrm?"])
  func refused(_ lookup: String) async throws {
    let error = try await failure { try LookupFilter(lookup: lookup, key: "externalId") }
    #expect(error.kind == .configuration)
  }
}
