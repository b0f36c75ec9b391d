import Core
import HTTP
import TestSupport
import Testing

@testable import Dataverse

struct DataverseFaultTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var answer: HTTPResponse
    var kind: SyncError.Kind
    var words: String
    var next: String
    var code: String

    init(
      _ name: String, _ answer: HTTPResponse, _ kind: SyncError.Kind, _ words: String,
      next: String, code: String
    ) {
      (testDescription, self.answer, self.kind) = (name, answer, kind)
      (self.words, self.next, self.code) = (words, next, code)
    }
  }

  static let rows = [
    Row(
      "second 401", HTTPResponse(401), .permission, "access token", next: "dynamics.tenant",
      code: "HTTP 401"),
    Row(
      "401 with a code", .fault(401, "0x8005F101"), .permission, "access token", next: "clock",
      code: "0x8005f101"),
    Row(
      "no application user", .fault(403, "0x80072560"), .permission, "no application user",
      next: "Application users", code: "0x80072560"),
    Row(
      "no application user, in decimal", .fault(403, "-2147015328"), .permission,
      "no application user", next: "security role", code: "0x80072560"),
    Row(
      "no privilege", .fault(403, "0x80040220"), .permission, "lacks a privilege",
      next: "whole organization", code: "0x80040220"),
    Row(
      "no privilege, the other code", .fault(403, "0x80048306"), .permission, "lacks a privilege",
      next: "Read", code: "0x80048306"),
    Row(
      "403 of a firewall", .html(403), .permission, "does not allow", next: "firewall",
      code: "HTTP 403"),
    Row(
      "change tracking off",
      .fault(400, "0x80040216x", "Entity: contact is not enabled for change tracking"),
      .configuration, "change tracking is off", next: "Track changes", code: ""),
    Row(
      "token expired", .fault(400, "-2147204270"), .configuration, "forgotten",
      next: "campaign-sync run", code: SyncError.tokenExpiredCode),
    Row(
      "token expired, as gone", .fault(410, "0x80044352"), .configuration, "forgotten",
      next: "campaign-sync run", code: SyncError.tokenExpiredCode),
    Row(
      "unknown set", .fault(404, "0x8006088a"), .configuration, "no such table",
      next: "logical name",
      code: "0x8006088a"),
    Row(
      "unknown column",
      .fault(
        400, "0x0",
        "Could not find a property named 'frstname' on type 'Microsoft.Dynamics.CRM.contact'."),
      .configuration, "no column frstname", next: "check", code: "HTTP 400"),
    Row(
      "another host", .html(404), .configuration, "no Dataverse Web API", next: "dynamics.url",
      code: "HTTP 404"),
    Row(
      "another version", .fault(404, "", "No HTTP resource was found"), .configuration,
      "no Dataverse Web API", next: "dynamics.apiVersion", code: "HTTP 404"),
    Row(
      "redirect", HTTPResponse(302, headers: [HTTPHeader("Location", "https://evil/")]),
      .protocolBroken, "redirect", next: "dynamics.url", code: "HTTP 302"),
    Row(
      "throttled", .fault(429, "0x80072322", Canary.value, [HTTPHeader("Retry-After", "17")]),
      .unavailable, "fewer requests", next: "dynamics.concurrency", code: "0x80072322"),
    Row(
      "throttled by a gateway", .html(429), .unavailable, "fewer requests", next: "later",
      code: "HTTP 429"),
    Row("unavailable", HTTPResponse(503), .unavailable, "gateway", next: "later", code: "HTTP 503"),
    Row("bad gateway", .html(502), .unavailable, "gateway", next: "later", code: "HTTP 502"),
    Row(
      "deadlock", .fault(400, "0x80044150"), .unavailable, "failed inside", next: "later",
      code: "0x80044150"),
    Row(
      "unexpected", .fault(500, "0x80040216"), .unavailable, "failed inside", next: "later",
      code: "0x80040216"),
    Row(
      "query throttled", .fault(400, "0x80048544"), .unavailable, "holds the query back",
      next: "later", code: "0x80048544"),
    Row(
      "anything else", .fault(400, "0x80060888"), .protocolBroken, "refuses the request",
      next: "code", code: "0x80060888"),
    Row("too large", .html(413), .protocolBroken, "refuses", next: "code", code: "HTTP 413"),
  ]

  @Test("Every setup fault says what it is and what to do", arguments: rows)
  func words(row: Row) throws {
    let fault = try #require(DataverseFault(row.answer, columns: ["contactid", "frstname"]))
    let error = fault.error("read contacts")
    #expect(error.kind == row.kind)
    #expect(error.reason.contains(row.words), "\(error.reason)")
    #expect(error.next?.contains(row.next) == true, "\(error.next ?? "")")
    #expect((error.code ?? "") == row.code)
    #expect(error.action == "read contacts")
    #expect(!"\(error)".contains(Canary.value), "foreign text")
  }

  @Test("A success is no fault", arguments: [200, 204])
  func success(status: Int) { #expect(DataverseFault(HTTPResponse(status)) == nil) }

  @Test("Retry-After is seconds, or a date against the answer's own clock")
  func retryAfter() {
    func wait(_ headers: [HTTPHeader]) -> Duration? {
      DataverseFault(HTTPResponse(429, headers: headers))?.error("x").retryAfter
    }
    #expect(wait([HTTPHeader("retry-after", "30")]) == .seconds(30))
    let dates = [
      HTTPHeader("Retry-After", "Sun, 05 Jan 2025 09:10:31 GMT"),
      HTTPHeader("Date", "Sun, 05 Jan 2025 09:10:11 GMT"),
    ]
    #expect(wait(dates) == .seconds(21))
    #expect(wait([dates[0]]) == nil)
    #expect(wait([]) == nil)
  }
}
