import Core
import HTTP
import TestSupport
import Testing

@testable import Campaign

@Suite("Answers are judged by their body, not by their status class")
struct CampaignFaultTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var status: Int
    var body: String
    var cause: CampaignFault.Cause
    var code: String
    var passes = false
    var testDescription: String { name }
  }

  static let oops =
    #"{"code":500,"message":"Oops. Something went wrong. Check your URI and try again."}"#
  static let rows: [Row] = [
    Row(
      name: "expired token", status: 401,
      body: #"{"error_code":"401013","message":"Oauth token is not valid"}"#,
      cause: .unauthorised, code: "401013"),
    Row(
      name: "unknown api key", status: 403,
      body: #"{"error_code":"403003","message":"Api Key is invalid"}"#,
      cause: .unknownClient, code: "403003"),
    Row(
      name: "no product profile", status: 403,
      body: #"{"error_code":"403023","message":"Profile is not valid"}"#,
      cause: .noProductProfile, code: "403023"),
    Row(name: "403 in words", status: 403, body: "no", cause: .forbidden, code: "HTTP 403"),
    Row(
      name: "throttled", status: 429,
      body: #"{"error_code":"429050","message":"Too many requests"}"#,
      cause: .throttled, code: "429050"),
    Row(
      name: "unknown tenant, cold", status: 400,
      body: #"{"error_code":"400000","message":"Bad request"}"#, cause: .unroutable, code: "400000"),
    Row(name: "oops", status: 500, body: oops, cause: .unroutable, code: "500", passes: true),
    Row(
      name: "broken instance", status: 502,
      body: #"{"code":502,"message":"Oops. Something went wrong. Check your URI and try again."}"#,
      cause: .gateway, code: "502", passes: true),
    Row(
      name: "502 in HTML", status: 502, body: "<html><h1>Bad Gateway</h1></html>", cause: .gateway,
      code: "HTTP 502", passes: true),
    Row(
      name: "500 in HTML", status: 500, body: "\n<html></html>", cause: .gateway, code: "HTTP 500",
      passes: true),
    Row(
      name: "503 without a body", status: 503, body: "", cause: .gateway, code: "HTTP 503",
      passes: true),
    Row(name: "redirect", status: 302, body: "", cause: .redirect, code: "HTTP 302"),
    Row(name: "404 without a body", status: 404, body: "", cause: .notFound, code: "HTTP 404"),
    Row(
      name: "404 of the gateway", status: 404, body: #"{"error_code":"404000","message":"x"}"#,
      cause: .unroutable, code: "404000"),
    Row(
      name: "404 of a proxy", status: 404, body: "<html></html>", cause: .unroutable,
      code: "HTTP 404"),
    Row(
      name: "unknown text", status: 500, body: "something else", cause: .unknownText,
      code: "HTTP 500", passes: true),
    Row(
      name: "a code decides, even with 503", status: 503, body: "XTK-170036 no.", cause: .data,
      code: "XTK-170036"),
  ]

  @Test("Each family of the gateway and of proxies", arguments: rows)
  func family(_ row: Row) throws {
    let response = text(row.status, row.body)
    let fault = try #require(CampaignFault(response))
    #expect(fault.cause == row.cause)
    #expect(fault.code == row.code)
    #expect(CampaignFault.mayPass(response) == row.passes)
  }

  @Test(
    "Each text of Campaign",
    arguments: [
      ("error.duplicate.txt", 500, CampaignFault.Cause.data, "PGS-220000"),
      ("error.enumeration.txt", 500, .data, "RST-360011"),
      ("error.type.txt", 500, .data, "BAS-010040"),
      ("error.readonly.txt", 500, .data, "RST-360011"),
      ("error.pkey.txt", 500, .data, "XTK-170036"),
      ("error.key.txt", 500, .data, "RST-360012"),
      ("error.missing.txt", 404, .notFound, "RST-360011"),
      ("error.signal.txt", 500, .data, "XTK-170006"),
    ])
  func campaignText(_ name: String, _ status: Int, _ cause: CampaignFault.Cause, _ code: String)
    throws
  {
    let fault = try #require(CampaignFault(answer(status, name)))
    #expect(fault.cause == cause)
    #expect(fault.code == code)
    #expect(!fault.excerpt.contains(Canary.value))
    #expect(!fault.excerpt.contains("6f1c"))
    #expect(!CampaignFault.mayPass(try answer(status, name)))
  }

  @Test("A success is no fault", arguments: [200, 201, 204])
  func success(_ status: Int) {
    #expect(CampaignFault(text(status)) == nil)
  }

  @Test("What ends a run says which status and what to do")
  func words() throws {
    for row in CampaignFaultTests.rows {
      let error = try #require(CampaignFault(text(row.status, row.body))).error("read profile")
      #expect(error.action == "read profile")
      #expect(error.code == row.code)
      #expect(error.next != nil)
      #expect(!error.reason.contains("Oops"))
    }
  }

  @Test("An address that worked a moment ago is no wrong address")
  func unroutableInRun() throws {
    let fault = try #require(CampaignFault(text(500, CampaignFaultTests.oops)))
    #expect(fault.error("read").kind == .configuration)
    #expect(fault.errorInRun("read").kind == .unavailable)
  }

  @Test("Only what may pass is asked again: a lost gateway, never a data error")
  func repeats() async throws {
    let patience = Patience(clock: StandingClock())
    for (name, body, count) in [
      ("lost", "<html>", 2), ("data", "RST-360011 x", 1), ("unknown", "no idea", 2),
    ] {
      let script = ScriptedCampaign(text(500, body), text(200, "{}"))
      let transport = RetryingTransport(script, patience: patience, mayPass: CampaignFault.mayPass)
      _ = try await transport.send(HTTPRequest("GET", profiles))
      #expect(await script.requests.count == count, "\(name)")
    }
  }
}

/// Time moves with every look at it, so that nobody waits.
private final class StandingClock: Clock, @unchecked Sendable {
  // Unchecked: one task alone uses it.
  private var seconds: Int64 = 0
  var now: Instant {
    seconds += 600
    return Instant(seconds: seconds)
  }
  var uptime: Duration { .seconds(seconds) }
  func sleep(_ duration: Duration) async {}
  func random() -> UInt64 { 7 }
}
