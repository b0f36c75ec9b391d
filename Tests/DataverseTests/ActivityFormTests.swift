import Core
import TestSupport
import Testing

@testable import Dataverse

@Suite struct ActivityFormTests {
  private let activity = Activity(
    id: RowKey(high: 0x7b0c_9a52_8f6d_5c1e, low: 0x9a77_3f1f_6a0b_2c11),
    subject: "Campaign Name: \"A\"; Delivery Name: B\n", contact: RowKey(high: 1, low: 2),
    at: Instant(milliseconds: 1_770_108_012_123),
    texts: ["url": "https://example.org/?x=1&y=é", "campaign": "A"])

  private func table(
    at: ColumnSchema.Kind = .dateTime(.userLocal), createsCompleted: Bool = true
  ) -> ActivityTable {
    ActivityTable(
      logicalName: "x_click", entitySet: "x_clickset", state: .completed,
      regarding: "x_Regarding_contact",
      columns: [
        "at": .init(name: "x_at", kind: at), "url": .init(name: "x_url", kind: .string),
        "campaign": .init(name: "x_campaign", kind: .memo),
        "mirror": .init(name: "x_mirror", kind: .string),
      ], createsCompleted: createsCompleted, completedStatus: 2)
  }

  private func text(_ write: (inout [UInt8]) -> Void) -> String {
    var bytes: [UInt8] = []
    write(&bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("An activity to be created, as a target and by itself")
  func create() {
    let form = ActivityForm(table(), owner: RowKey(high: 3, low: 4))
    let members =
      #""activityid":"7b0c9a52-8f6d-5c1e-9a77-3f1f6a0b2c11","#
      + #""subject":"Campaign Name: \"A\"; Delivery Name: B\n","#
      + #""x_Regarding_contact@odata.bind":"/contacts(00000000-0000-0001-0000-000000000002)","#
      + #""actualend":"2026-02-03T08:40:12Z","sortdate":"2026-02-03T08:40:12Z","#
      + #""x_at":"2026-02-03T08:40:12Z","x_campaign":"A","x_url":"https://example.org/?x=1&y=é","#
      + #""ownerid@odata.bind":"/systemusers(00000000-0000-0003-0000-000000000004)","#
      + #""statecode":1,"statuscode":2}"#
    #expect(text { form.create(activity, isTarget: false, to: &$0) } == "{" + members)
    #expect(
      text { form.create(activity, isTarget: true, to: &$0) }
        == #"{"@odata.type":"Microsoft.Dynamics.CRM.x_click","# + members)
  }

  @Test("A second write is the state and nothing else; the first one then leaves it out")
  func complete() {
    let form = ActivityForm(table(createsCompleted: false), owner: nil)
    let first = text { form.create(activity, isTarget: false, to: &$0) }
    #expect(!first.contains("state") && !first.contains("owner"))
    #expect(
      text { form.complete(activity, isTarget: false, to: &$0) }
        == #"{"statecode":1,"statuscode":2}"#)
    #expect(
      text { form.complete(activity, isTarget: true, to: &$0) }
        == #"{"@odata.type":"Microsoft.Dynamics.CRM.x_click","#
        + #""activityid":"7b0c9a52-8f6d-5c1e-9a77-3f1f6a0b2c11","statecode":1,"statuscode":2}"#)
  }

  @Test("A column of days gets the day; one that is a time of every activity is written once")
  func times() {
    let day = ActivityForm(table(at: .dateTime(.dateOnly)), owner: nil)
    #expect(
      text { day.create(activity, isTarget: false, to: &$0) }.contains(#""x_at":"2026-02-03","#))
    var shared = table()
    shared.columns["at"]?.name = "sortdate"
    let form = ActivityForm(shared, owner: nil)
    let members = text { form.create(activity, isTarget: false, to: &$0) }
    #expect(members.ranges(of: "\"sortdate\"").count == 1)
  }
}
