import Core
import Testing
import TestSupport

@Suite struct DeleteGuardTests {
  @Test func judgesAsTheTableSays() throws {
    let fixture = try FixtureJSON.parse(try Golden.read("deletes/guard.json"))
    for the in try #require(fixture["cases"]?.items) {
      let name = the["case"]?.text ?? ""
      let share = try #require(the["limit"]).encoded
      let deletes = DeleteGuard(
        job: "contacts",
        limit: try #require(Double(String(decoding: share, as: UTF8.self))),
        floor: try #require(the["floor"]?.integer))
      let counts = DeleteGuard.Counts(
        waiting: try #require(the["waiting"]?.integer),
        recent: try #require(the["recent"]?.integer), known: try #require(the["known"]?.integer))
      let verdict = deletes.judge(counts, approved: the["approve"]?.integer)
      switch (verdict, the["verdict"]?.text) {
      case (.apply, "apply"), (.approved, "approved"): break
      case (.tripped(let tripped), "tripped"):
        #expect(tripped.error.reason == the["says"]?.text, "\(name)")
        #expect(tripped.waiting == counts.waiting)
      default: Issue.record("\(name): \(verdict)")
      }
    }
  }

  @Test func theErrorNamesTheCommandThatApprovesExactlyWhatWaits() throws {
    var deletes = IngressSettings.Deletes()
    deletes.limit = 0.05
    let counts = DeleteGuard.Counts(waiting: 512, recent: 0, known: 5000)
    guard case .tripped(let tripped) = DeleteGuard(job: "contacts", deletes).judge(counts) else {
      Issue.record("not tripped")
      return
    }
    #expect(tripped.command == "campaign-sync run contacts --approve-deletes 512")
    #expect(tripped.error.kind == .rejectedData)
    #expect(tripped.error.action == "delete 512 rows of contacts in Campaign")
    #expect(tripped.error.next == "if they are meant, \(tripped.command)")
    #expect(tripped.share == 512.0 / 5000)
  }
}
