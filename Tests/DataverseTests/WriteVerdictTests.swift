import Core
import HTTP
import TestSupport
import Testing

@testable import Dataverse

@Suite struct WriteVerdictTests {
  private static func name(_ verdict: WriteVerdict) -> String {
    switch verdict {
    case .done: "done"
    case .alreadyThere: "there"
    case .overtaken: "overtaken"
    case .missing: "missing"
    case .refused(let refusal): "refused \(refusal.code)"
    case .passing: "passing"
    case .later: "later"
    case .unsupported: "unsupported"
    case .fatal: "fatal"
    }
  }

  static let answers: [(HTTPResponse, String)] = [
    (HTTPResponse(204), "done"), (HTTPResponse(200), "done"), (HTTPResponse(201), "done"),
    (.fault(412, "0x80040237"), "there"), (.fault(409, "-2147220937"), "there"),
    (.fault(400, "0x80040237"), "there"), (.fault(412, ""), "there"),
    // Another row has the values of an alternate key: not this activity.
    (.fault(412, "0x80060892"), "refused 0x80060892"),
    (.fault(412, "0x80040333"), "refused 0x80040333"),
    (.fault(412, "0x80060882"), "overtaken"), (.fault(412, "-2147088254"), "overtaken"),
    (.fault(400, "0x80060893"), "fatal"), (.fault(412, "-2147088237"), "fatal"),
    (.fault(404, "0x80040217"), "missing"), (.fault(400, "0x80040217"), "missing"),
    (.fault(400, "0x80044331"), "refused 0x80044331"),
    (.fault(400, "0x80040265"), "refused 0x80040265"),
    (.fault(500, "0x80040265"), "refused 0x80040265"),
    (.fault(400, "0x80048d19"), "refused 0x80048d19"), (.fault(400, "0x0"), "refused HTTP 400"),
    (.fault(429, "0x80072322"), "later"), (.fault(429, "-2147015902"), "later"),
    (.fault(500, "0x80044150"), "passing"), (.fault(400, "0x80044151"), "passing"),
    (.fault(500, "0x80040216"), "passing"), (.html(500), "passing"), (.html(502), "passing"),
    (.html(504), "passing"), (.html(413), "passing"), (.fault(500, ""), "passing"),
    (.fault(400, "0x80040800"), "unsupported"), (.html(501), "unsupported"),
    (.fault(405, "0x80040800"), "unsupported"), (.fault(404, "0x8006088a"), "unsupported"),
    (.html(404), "unsupported"),
    (.html(401), "fatal"), (.fault(403, "0x80040220"), "fatal"),
    (.fault(403, "0x80072560"), "fatal"), (.html(403), "fatal"), (.html(307), "fatal"),
  ]

  @Test("What an answer means", arguments: answers)
  func means(response: HTTPResponse, meaning: String) {
    #expect(Self.name(WriteVerdict(response, "create activities")) == meaning)
  }

  @Test("A refusal keeps the code and a masked excerpt, and none of the values")
  func excerpt() {
    let words = "The length of '\(Canary.value)' for x@example.org exceeded 200."
    guard case .refused(let refusal) = WriteVerdict(.fault(400, "0x80044331", words), "create")
    else {
      Issue.record("not refused")
      return
    }
    #expect(refusal.excerpt.contains("exceeded"))
    #expect(!refusal.excerpt.contains(Canary.value) && !refusal.excerpt.contains("@"))
  }
}
