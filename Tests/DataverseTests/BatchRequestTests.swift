import HTTP
import TestSupport
import Testing

@testable import Dataverse

@Suite struct BatchRequestTests {
  @Test("The bytes of a batch, line ends and all")
  func golden() throws {
    var request = BatchRequest(
      [
        .init(
          "POST", "/api/data/v9.2/adobe_campaignemailclicks",
          headers: [HTTPHeader("Content-Type", "application/json")],
          body: Array(#"{"activityid":"7b0c9a52-8f6d-5c1e-9a77-3f1f6a0b2c11","subject":"é"}"#.utf8)),
        .init(
          "PATCH", "/api/data/v9.2/adobe_campaignemailclicks(7b0c9a52-8f6d-5c1e-9a77-3f1f6a0b2c11)",
          headers: [
            HTTPHeader("Content-Type", "application/json"), HTTPHeader("If-Match", "*"),
          ], body: Array(#"{"statecode":1,"statuscode":2}"#.utf8)),
        .init(
          "GET", "/api/data/v9.2/contacts?$select=contactid",
          headers: [HTTPHeader("Accept", "application/json")]),
      ], number: 0x7d0c)
    #expect(request.boundary == "batch_7d0c")
    #expect(
      request.headers == [
        HTTPHeader("Content-Type", "multipart/mixed; boundary=\"batch_7d0c\""),
        HTTPHeader("Prefer", "odata.continue-on-error"),
      ])
    let difference = try Golden.difference(request.body, from: "dataverse/batch.request.txt")
    #expect(difference == nil, "\(difference ?? "")")
    #expect(
      !request.body.indices.contains { at in
        request.body[at] == 0x0A && (at == 0 || request.body[at - 1] != 0x0D)
      })
    request.parts = []
    #expect(String(decoding: request.body, as: UTF8.self) == "--batch_7d0c--\r\n")
  }
}
