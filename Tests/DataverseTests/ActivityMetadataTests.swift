import Core
import HTTP
import Sandbox
import TestSupport
import Testing

@testable import Dataverse

@Suite(.timeLimit(.minutes(15)))
struct ActivityMetadataTests {
  private func mapping(
    _ table: String = ActivityStand.click.table, _ columns: [String: String] = [:]
  ) -> ActivityMapping {
    var mapping = ActivityStand.click
    mapping.table = table
    mapping.columns.merge(columns) { $1 }
    return mapping
  }

  @Test(
    "All that a write needs comes from the metadata; the set is no plural",
    arguments: [true, false])
  func table(isTaken: Bool) async throws {
    let stand = try await ActivityStand { $0.activityState = isTaken ? .create : .reject }
    var bounce = mapping("adobe_campaignemailbounce", ["at": "adobe_datebounced"])
    bounce.columns["url"] = nil
    let table = try await stand.sink.prepare(bounce)
    #expect(table.findings.isEmpty)
    #expect(table.entitySet == "adobe_campaignemailbounceset")
    #expect(table.regarding == "regardingobjectid_contact_adobe_campaignemailbounce")
    #expect(table.createsCompleted == isTaken && table.completedStatus == 2)
    #expect(table.subjectLength == 200 && table.timeColumns == ["actualend", "sortdate"])
    #expect(table.columns["mirror"]?.maxLength == 2000)
    #expect(table.columns["at"]?.kind == .dateTime(.userLocal))
    #expect(await stand.wire.requests.count < 16)
    #expect(await stand.wire.writes == 0)
    #expect(
      try await stand.sink.create([stand.activity(1)], in: table) == [.created])
  }

  static let wrong: [([String: String], String, String?)] = [
    (["url": "adobe_trackingurll"], "has no column adobe_trackingurll", "adobe_trackingurl"),
    (["at": "adobe_dateclickedd"], "has no column adobe_dateclickedd", "adobe_dateclicked"),
    (
      ["at": "adobe_trackingurl", "url": "adobe_mirrorpageurl", "mirror": "description"],
      "adobe_trackingurl is of another kind", nil
    ),
    (["url": "prioritycode"], "prioritycode is of another kind", nil),
    (["url": "regardingobjectid"], "regardingobjectid is written by the tool itself", nil),
    (["url": "subject"], "subject is written by the tool itself", nil),
    (["at": "createdon"], "createdon cannot be written", nil),
    (["delivery": "adobe_campaignname"], "delivery and campaign go to one column", nil),
  ]

  @Test("What does not fit is found, with the nearest name", arguments: wrong)
  func findings(columns: [String: String], problem: String, nearest: String?) async throws {
    let stand = try await ActivityStand()
    let table = try await stand.sink.prepare(mapping(ActivityStand.click.table, columns))
    #expect(table.findings.count == 1)
    let finding = try #require(table.findings.first)
    #expect(finding.problem.contains(problem))
    #expect(finding.position == ActivityStand.click.position)
    if let nearest { #expect(finding.nearest == nearest) }
    await #expect(throws: SyncError.self) {
      _ = try await stand.sink.create([stand.activity(1)], in: table)
    }
  }

  static let tables: [(String, String, String?)] = [
    ("adobe_campaignemailclik", "has no table", "adobe_campaignemailclick"),
    ("contact", "is no table of activities", nil), ("nonsense'", "has no table", nil),
  ]

  @Test("A table that is none, or holds no activities, is a finding", arguments: tables)
  func noTable(name: String, problem: String, nearest: String?) async throws {
    let stand = try await ActivityStand()
    let table = try await stand.sink.prepare(mapping(name))
    #expect(table.findings.count == 1)
    #expect(table.findings[0].problem.contains(problem))
    #expect(table.findings[0].nearest == nearest)
  }

  @Test("Who may not read the metadata hears of it")
  func noPrivilege() async throws {
    let stand = try await ActivityStand()
    await stand.wire.meddle { _, _ in .answer(.fault(403, "0x80040220")) }
    await #expect {
      _ = try await stand.sink.prepare(mapping())
    } throws: { ($0 as? SyncError)?.kind == .permission }
  }
}
