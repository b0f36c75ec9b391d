import Core
import TestSupport
import Testing

/// The activities in memory keep the promises of the port, so that jobs tested over them are tested.
@Suite struct MemoryActivitiesTests {
  @Test(arguments: ActivitySinkContract.allCases)
  func keepsThePromises(promise: ActivitySinkContract) async throws {
    let activities = MemoryActivities()
    let contacts = (0..<5).map { Clicks.contact($0) }
    activities.addContacts(contacts)
    let mapping = ActivityMapping(
      table: "adobe_campaignemailclick",
      columns: [
        "campaign": "adobe_campaignname", "delivery": "adobe_deliveryname",
        "at": "adobe_dateclicked", "url": "adobe_trackingurl",
      ], state: .completed, position: SourcePosition(file: "jobs/click.yaml", line: 1))
    try await promise.check(ActivitySinkContract.Scene(activities, mapping, contacts: contacts))
  }
}
