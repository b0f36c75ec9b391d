import Core
import Testing

@testable import JobFiles

struct EgressFileTests {
  private func egress(_ text: String) throws -> EgressSettings {
    guard case .egress(let settings) = try job(text, name: "egress-click") else {
      throw SyncError(.bug, "read", "kind")
    }
    return settings
  }

  @Test func everyKeyIsTaken() throws {
    let settings = try egress(try fixture("right/egress-click.yaml"))
    var files = EgressSettings.Files(
      pattern: "exports/tracking_*.csv",
      columns: [
        "id": "trackId", "contact": "externalId", "at": "logDate", "type": "urlType",
        "message": "messageType", "campaign": "campaignId", "delivery": "deliveryId", "url": "url",
        "mirror": "mirrorPage", "status": "status", "failure": "failureType",
      ])
    (files.separator, files.quote, files.timeZone) = (0x2C, .none, "Europe/Paris")
    files.stableFor = .seconds(60)
    var wanted = EgressSettings(
      name: "egress-click", event: .click, files: files, table: "adobe_campaignemailclick",
      columns: [
        "campaign": "adobe_campaignname", "delivery": "adobe_deliveryname",
        "at": "adobe_dateclicked", "url": "adobe_trackingurl", "mirror": "adobe_mirrorpageurl",
      ])
    wanted.state = .open
    wanted.unmatched = .keep
    wanted.when = ["urlType": ["1", "010"]]
    wanted.rejectLimit = 0.02
    #expect(settings == wanted)
  }

  @Test func theLeastFileGetsTheDefaults() throws {
    let settings = try egress(try fixture("right/egress-send.yaml"))
    #expect(settings.files.separator == 0x3B)
    #expect(settings.files.quote == .double)
    #expect(settings.files.timeZone == "UTC")
    #expect(settings.files.stableFor == .seconds(30))
    #expect(settings.columns.isEmpty)
    #expect(settings.state == .completed)
    #expect(settings.unmatched == .count)
    #expect(settings.when == nil)
    #expect(settings.rejectLimit == 0.01)
  }

  @Test(
    "An event needs the header of its own column",
    arguments: [("send", "status"), ("bounce", "failure"), ("open", "type"), ("click", "type")])
  func needs(event: String, role: String) {
    func text(_ more: String, _ when: String = "") -> String {
      """
      kind: egress
      event: \(event)
      from: { files: exports/a.csv, columns: { id: a, contact: b, at: c\(more) } }
      to: { table: adobe_a }
      \(when)
      """
    }
    #expect(problems(text("")).map(\.path) == ["from.columns.\(role)"])
    #expect(problems(text(", \(role): d")).isEmpty)
    #expect(problems(text("", "when: { d: [1] }")).isEmpty)
  }
}
