import Digests
import TestSupport
import Testing

@testable import Core

@Suite struct EventFormTests {
  private let contact = "6F1C0E0E-2b5d-ee11-8179-000d3a1b2c3d"

  private func form(
    _ event: EgressSettings.Event = .click, campaign: String = "https://mc.adobe.io/acme"
  ) -> EventForm {
    let settings = EgressSettings(
      name: "job", event: event, files: EgressSettings.Files(pattern: "a", columns: [:]),
      table: "t", columns: [:])
    return EventForm(
      settings, campaign: campaign, zone: .utc, table: MemoryActivities.clicks,
      uuid: { uuidV5($0, $1) })
  }

  private func row(_ changes: [String: String] = [:]) -> EventRow {
    let texts = [
      "id": "8003", "contact": contact, "at": "2026-02-03 08:40:12.000Z", "campaign": "Spring",
      "delivery": "DM190", "url": "https://www.example.org/a",
    ].merging(changes) { $1 }
    return EventRow { texts[$0] ?? "" }
  }

  @Test func anEventBecomesAnActivity() throws {
    guard case .activity(let activity) = form().decide(row()) else {
      Issue.record("no activity")
      return
    }
    #expect(activity.subject == "Campaign Name: Spring; Delivery Name: DM190")
    #expect(activity.contact == RowKey(contact))
    #expect(activity.at == Instant(seconds: 1_770_108_012))
    #expect(
      activity.texts == [
        "campaign": "Spring", "delivery": "DM190", "url": "https://www.example.org/a",
      ])
    #expect(
      activity.id.description == "fd965ed2-5579-59f2-8f28-28d455248030",
      "what is written once has this id for ever")
  }

  @Test func theIdFollowsFromWhatTheEventIsAndFromNothingElse() {
    let id = form().decide(row()).id
    #expect(id != nil)
    for same in [
      ["at": "soon"], ["url": "https://x"], ["campaign": "Autumn"], ["mirror": "m"],
      ["contact": contact.lowercased()],
    ] {
      #expect(form().decide(row(same)).id == id, "\(same)")
    }
    for other in [
      ["id": "8004"], ["delivery": "DM191"], ["contact": contact.replacing("6F", with: "7F")],
      ["id": "800", "delivery": "3DM190"],
    ] {
      #expect(form().decide(row(other)).id != id, "\(other)")
    }
    #expect(form(.open).decide(row()).id != id)
    #expect(form(campaign: "https://mc.adobe.io/other").decide(row()).id != id)
  }

  @Test(arguments: ["", "12345", "test@example.org", "6f1c0e0e-2b5d-ee11-8179-000d3a1b2c3"])
  func whatIsNoGuidIsAStranger(contact: String) {
    #expect(form().decide(row(["contact": contact, "id": "", "at": ""])) == .stranger)
  }

  static let wrong: [([String: String], String, String)] = [
    (["id": ""], "noId", "the column of `id` is empty"),
    (["at": ""], "notATime", "the text of `at` is no date and time"),
    (["at": "soon"], "notATime", "the text of `at` is no date and time"),
    (
      ["url": String(repeating: "ü", count: 201)], "tooLong",
      "the text of `url` has 201 characters, adobe_trackingurl holds 200"
    ),
    (
      ["delivery": String(repeating: "🙂", count: 90)], "tooLong",
      "the subject has 218 characters, subject holds 200"
    ),
  ]

  @Test(arguments: wrong)
  func whatCannotBeWrittenIsRejectedWithoutItsValue(
    changes: [String: String], rule: String, reason: String
  ) {
    guard case .rejected(_, let foundRule, let foundReason) = form().decide(row(changes)) else {
      Issue.record("not rejected")
      return
    }
    #expect(foundRule == rule && foundReason == reason)
  }

  @Test func textsAtTheirLimitPass() {
    let texts = ["url": String(repeating: "🙂", count: 100)]
    guard case .activity = form().decide(row(texts)) else {
      Issue.record("200 UTF-16 units fit")
      return
    }
  }
}
